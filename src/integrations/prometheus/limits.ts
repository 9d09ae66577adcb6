/**
 * Questions that may be open at the same time: Prometheus works on 20 at most for everybody together
 * (prometheus --help: --query.max-concurrency, default 20), and people look at dashboards during an incident.
 */
export const connections = 4;

/** What the targets of a whole Prometheus take at most: some 3 kB each, with the labels they were found with. */
export const targetLimits = { deadlineMs: 10_000, maxBytes: 32 << 20 };

/**
 * An instant query is answered with the time it was asked about (Prometheus docs: HTTP API, instant queries; samples up to
 * five minutes older are found for it, docs: query.lookback-delta). Caches round it by their step.
 */
export const otherMomentMs = 300_000;
