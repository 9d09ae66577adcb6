/** One measurement. NaN and infinities are legal values. */
export interface MetricPoint {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly value: number;
}

/** What a query found under one set of labels; oldest point first, one point when a moment was asked about. */
export interface MetricSeries {
  /** With `__name__` where the query kept it; without a prototype, so that any name can be looked up. */
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly MetricPoint[];
}
