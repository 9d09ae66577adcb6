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

/** Prometheus counts the steps of a range, both ends among them (prometheus/prometheus, web/api/v1, query_range). */
const mostSteps = 11_000;

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
    async queryRange(expression, { startMs, endMs, stepMs }, _limits, signal) {
      signal.throwIfAborted();
      if ((endMs - startMs) / stepMs > mostSteps) {
        throw new PortError(
          "bad-response",
          "prometheus.test",
          "exceeded maximum resolution of 11,000 points",
        );
      }
      return await answer(expression, endMs, signal);
    },
    async targets(_limits, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      return scrapeTargets;
    },
    close: () => Promise.resolve(),
  };
}
