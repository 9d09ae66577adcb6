import type { NonEmpty } from "../evidence/evidence.ts";
import type { Unknown } from "./counters.ts";
import { type Histogram, histogram, type MetricsScrape } from "./metrics.ts";

/** Observations of a histogram that were made between the first and the last scrape that shows it. */
export interface HistogramMove {
  readonly histogram: Histogram;
  readonly first: MetricsScrape;
  readonly last: MetricsScrape;
}

/** `name` as in /metrics, without `_bucket`. Unknown says why nothing can be said of now. */
export function histogramMove(metrics: NonEmpty<MetricsScrape>, name: string): HistogramMove | Unknown {
  const seen = metrics.flatMap((scrape) => {
    const found = histogram(scrape, name);
    return found === undefined ? [] : [{ scrape, buckets: found.buckets }];
  });
  const first = seen[0];
  const last = seen.at(-1);
  if (first === undefined || last === undefined) return { unknown: `/metrics has no ${name}_bucket` };
  if (seen.length === 1) {
    return {
      unknown: `only one /metrics scrape has ${name}, and its buckets since the start do not tell about now`,
    };
  }
  if (first.buckets.length !== last.buckets.length || ![first, last].every(isOneHistogram)) {
    return { unknown: `/metrics has several ${name}: they belong to more than one process` };
  }
  const buckets = last.buckets.map(({ le, count }, index) => ({
    le,
    count: count - (first.buckets[index]?.count ?? 0),
  }));
  if (buckets.some(({ count }) => count < 0)) {
    return { unknown: `${name} fell between the scrapes: the process restarted` };
  }
  return { histogram: { buckets }, first: first.scrape, last: last.scrape };
}

function isOneHistogram({ buckets }: Histogram): boolean {
  return buckets.every(({ le }, index) => index === 0 || le > (buckets[index - 1]?.le ?? le));
}

/** How many observations a histogram holds. */
export function observations({ buckets }: Histogram): number {
  return buckets.at(-1)?.count ?? 0;
}

/** Share of observations above the smallest bucket bound that is not below `atLeast`; undefined without one. */
export function shareAbove(
  { buckets }: Histogram,
  atLeast: number,
): { readonly bound: number; readonly share: number } | undefined {
  const total = buckets.at(-1)?.count ?? 0;
  const bucket = buckets.find(({ le }) => le >= atLeast * (1 - 1e-9));
  if (bucket === undefined || !Number.isFinite(bucket.le) || total <= 0) return undefined;
  return { bound: bucket.le, share: (total - bucket.count) / total };
}

/**
 * The bucket that a quantile lies in, as `above < quantile <= upTo`. A histogram does not tell more, whatever
 * interpolation pretends; client_golang's runtime histograms have bounds a factor of ten apart.
 */
export function quantileRange(
  { buckets }: Histogram,
  quantile: number,
): { readonly above: number; readonly upTo: number } | undefined {
  const total = buckets.at(-1)?.count ?? 0;
  if (total <= 0) return undefined;
  const rank = Math.ceil(quantile * total);
  const index = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[index];
  return bucket === undefined ? undefined : { above: buckets[index - 1]?.le ?? 0, upTo: bucket.le };
}
