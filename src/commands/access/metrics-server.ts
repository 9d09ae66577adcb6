import type { GofireConfig, PrometheusConfig } from "../../config/gofire-config.ts";
import type { Host } from "../../ports/host.ts";
import type { MetricsCatalog, MetricsServer, MetricsServers } from "../../ports/metrics-server.ts";
import type { Ports } from "../context.ts";
import { readWebAccess } from "./web-access.ts";

/** The Prometheus of gofire.yaml with its secrets read; the caller closes it. Throws UsageError when one is missing. */
export async function openMetricsServer(
  config: PrometheusConfig,
  servers: MetricsServers,
  host: Host,
): Promise<MetricsServer> {
  return servers.open(config.url, await readWebAccess(config, config.at, host));
}

/** The Prometheus of gofire.yaml as each service is known there; undefined where the file names none. */
export function metricsCatalog(
  config: GofireConfig | undefined,
  ports: Pick<Ports, "metricsServers">,
  host: Host,
): MetricsCatalog | undefined {
  const prometheus = config?.prometheus;
  if (prometheus === undefined) return undefined;
  return {
    async open(service) {
      const labels = service === undefined ? undefined : config?.services[service]?.seriesLabels;
      const server = await openMetricsServer(prometheus, await ports.metricsServers(), host);
      return { server, ...(labels === undefined ? {} : { labels }) };
    },
  };
}
