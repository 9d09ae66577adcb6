import { isJsonObject } from "../../domain/json-object.ts";
import type { MetricPoint, MetricSeries } from "../../domain/metrics/metric-series.ts";
import { sampleNumber } from "../metrics/sample-number.ts";

/** More than any question of ours needs; the rest of an answer is refused, not cut: a part of it would mislead. */
export const mostSeries = 10_000;
/** Prometheus itself answers no more for one series (prometheus/prometheus: web/api/v1/api.go, queryRange). */
export const mostPoints = 11_000;

/**
 * Series of the `data` of an answer to `/api/v1/query` or `/api/v1/query_range`, or one plain sentence about what is
 * wrong with it. Formats: prometheus.io/docs/prometheus/latest/querying/api, "Expression query result formats"; native
 * histograms, which we never ask for, are left out.
 */
export function seriesOf(result: unknown): readonly MetricSeries[] | string {
  if (!isJsonObject(result)) return "The answer holds no result.";
  const { resultType, result: list } = result;
  if (resultType === "scalar") {
    const point = pointOf(list);
    return point === undefined
      ? "The scalar is no pair of time and value."
      : [{ labels: {}, points: [point] }];
  }
  if (resultType !== "vector" && resultType !== "matrix") return "The result is neither vector nor matrix.";
  if (!Array.isArray(list)) return "The result is no list.";
  const entries: readonly unknown[] = list;
  if (entries.length > mostSeries) return `The result has more than ${mostSeries} series.`;
  const series: MetricSeries[] = [];
  for (const [index, entry] of entries.entries()) {
    const read = oneSeries(entry, resultType);
    if (read === undefined) return `Series ${index} of the result cannot be read.`;
    series.push(read);
  }
  return series;
}

function oneSeries(entry: unknown, resultType: "vector" | "matrix"): MetricSeries | undefined {
  if (!isJsonObject(entry)) return undefined;
  const labels = labelsOf(entry["metric"]);
  if (labels === undefined) return undefined;
  if (resultType === "vector") {
    if (entry["value"] === undefined && entry["histogram"] !== undefined) return { labels, points: [] };
    const point = pointOf(entry["value"]);
    return point === undefined ? undefined : { labels, points: [point] };
  }
  const values = entry["values"] ?? (entry["histograms"] === undefined ? undefined : []);
  if (!Array.isArray(values) || values.length > mostPoints) return undefined;
  const points: MetricPoint[] = [];
  for (const value of values) {
    const point = pointOf(value);
    if (point === undefined) return undefined;
    points.push(point);
  }
  return { labels, points };
}

/** Label names and values; undefined when it is no such object. */
export function labelsOf(metric: unknown): Record<string, string> | undefined {
  if (!isJsonObject(metric)) return undefined;
  const labels: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(metric)) {
    if (typeof value !== "string") return undefined;
    labels[name] = value;
  }
  return labels;
}

/** `[1435781451.781, "1"]`: seconds, and the value as text because JSON has no NaN. */
function pointOf(pair: unknown): MetricPoint | undefined {
  if (!Array.isArray(pair) || pair.length !== 2) return undefined;
  const [seconds, text]: readonly unknown[] = pair;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || typeof text !== "string") return undefined;
  const value = sampleNumber(text);
  return value === undefined ? undefined : { atMs: Math.round(seconds * 1000), value };
}
