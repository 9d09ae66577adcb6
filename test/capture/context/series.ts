import { PortError } from "../../../src/domain/errors.ts";
import type { MetricSeries } from "../../../src/domain/metrics/metric-series.ts";

export type Labels = Readonly<Record<string, string>>;

/** One series with one value. */
export function series(labels: Labels, value: number): MetricSeries {
  return { labels, points: [{ atMs: 0, value }] };
}

export const timeout = new PortError("timeout", "http://prometheus.test:9090", "no answer within 3 s");
