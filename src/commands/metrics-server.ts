import type { PrometheusConfig } from "../config/gofire-config.ts";
import type { Host } from "../ports/host.ts";
import type { MetricsServer, MetricsServers } from "../ports/metrics-server.ts";
import { readWebAccess } from "./web-access.ts";

/** The Prometheus of gofire.yaml with its secrets read; the caller closes it. Throws UsageError when one is missing. */
export async function openMetricsServer(
  config: PrometheusConfig,
  servers: MetricsServers,
  host: Host,
): Promise<MetricsServer> {
  return servers.open(config.url, await readWebAccess(config, config.at, host));
}
