import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf } from "../../domain/errors.ts";
import { counted } from "../../domain/units.ts";
import { openMetricsServer } from "../access/metrics-server.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

const limits = { deadlineMs: 5_000, maxBytes: 4 << 20 };
const name = "prometheus";

/** Whether the Prometheus of gofire.yaml answers queries and has Go processes in it; nothing when there is none. */
export async function prometheusChecks(
  config: GofireConfig | undefined,
  context: CommandContext,
  ports: Pick<Ports, "clock" | "host" | "metricsServers">,
): Promise<readonly DoctorCheck[]> {
  if (config?.prometheus === undefined) return [];
  const { at, url } = config.prometheus;
  const { signal } = context;
  context.progress(`Asking Prometheus at ${url}…`);
  try {
    const [servers, host, clock] = await Promise.all([ports.metricsServers(), ports.host(), ports.clock()]);
    const server = await openMetricsServer(config.prometheus, servers, host);
    try {
      const { series } = await server.query("count(go_goroutines)", clock.nowMs(), limits, signal);
      const processes = series[0]?.points[0]?.value;
      if (processes === undefined) {
        const detail = `${server.url} answers, and has go_goroutines of no process`;
        return [{ name, state: "warning", detail, next: "Let it scrape /metrics of your Go services." }];
      }
      const detail = `${server.url} answers, and knows ${counted(processes, "Go process", "Go processes")}`;
      return [{ name, state: "ok", detail }];
    } finally {
      await server.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    const detail = reasonOf(error);
    const next = `Verdicts will have no baseline until it answers. (${at})`;
    return [{ name, state: "failed", detail, next }];
  }
}
