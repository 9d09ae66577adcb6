/** One line of a scrape. NaN and infinities are legal values. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestampMs?: number;
}

/** One scrape of `/metrics`: sample name (with `_bucket`, `_sum`, ... suffix) -> its samples in order. */
export interface MetricsScrape {
  readonly artifact: string;
  readonly takenAtMs?: number;
  readonly samples: ReadonlyMap<string, readonly MetricSample[]>;
}

/** The value of `name` whose labels include `labels`; undefined when absent or ambiguous. */
export function metricValue(
  scrape: MetricsScrape,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  const matches = (scrape.samples.get(name) ?? []).filter((sample) =>
    wanted.every(([label, value]) => sample.labels[label] === value),
  );
  return matches.length === 1 ? matches[0]?.value : undefined;
}

/** Cumulative histogram: counts of observations at or below each upper bound, ascending, last bound +Inf. */
export interface Histogram {
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
}

/** Reads `name_bucket`; label values of `le` are compared as numbers because their text varies by version. */
export function histogram(scrape: MetricsScrape, name: string): Histogram | undefined {
  const buckets = (scrape.samples.get(`${name}_bucket`) ?? [])
    .map((sample) => ({ le: bound(sample.labels["le"] ?? ""), count: sample.value }))
    .filter((bucket) => !Number.isNaN(bucket.le))
    .sort((a, b) => a.le - b.le);
  return buckets.length === 0 ? undefined : { buckets };
}

function bound(text: string): number {
  return text === "+Inf" ? Number.POSITIVE_INFINITY : Number.parseFloat(text);
}
