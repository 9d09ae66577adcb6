/**
 * Questions that may be open at the same time: Prometheus works on 20 at most for everybody together
 * (prometheus --help: --query.max-concurrency, default 20), and people look at dashboards during an incident.
 */
export const connections = 4;
