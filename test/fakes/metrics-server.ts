import { PortError } from "../../src/domain/errors.ts";
import type { MetricSeries } from "../../src/domain/metrics/metric-series.ts";
import type { MetricsServer, QueryAnswer, ScrapeTarget } from "../../src/ports/metrics-server.ts";

/** What a metrics server answers in a test: by expression, with the end of the span for a range. */
export type QueryScript = (
  expression: string,
  atMs: number,
) => readonly MetricSeries[] | PortError | Promise<readonly MetricSeries[]>;

export interface ScriptedMetricsServer extends MetricsServer {
  /** Expressions in the order asked. */
  readonly asked: readonly string[];
}

/** A metrics server that answers from a script. */
export function fakeMetricsServer(
  script: QueryScript,
  scrapeTargets: readonly ScrapeTarget[] = [],
): ScriptedMetricsServer {
  const asked: string[] = [];

  async function answer(expression: string, atMs: number, signal: AbortSignal): Promise<QueryAnswer> {
    signal.throwIfAborted();
    asked.push(expression);
    const found = await script(expression, atMs);
    signal.throwIfAborted();
    if (found instanceof PortError) throw found;
    return { series: found, warnings: [] };
  }

  return {
    url: "http://prometheus.test:9090",
    asked,
    query: (expression, atMs, _limits, signal) => answer(expression, atMs, signal),
    queryRange: (expression, { endMs }, _limits, signal) => answer(expression, endMs, signal),
    targets(_limits, signal) {
      signal.throwIfAborted();
      return Promise.resolve(scrapeTargets);
    },
    close: () => Promise.resolve(),
  };
}
