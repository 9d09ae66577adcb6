import type { Figure, FigureName, FigureTime, MissingFigure } from "../../domain/context/service-context.ts";
import { isUnknown } from "../../domain/metrics/counters.ts";
import { observations, quantileRange, shareAbove } from "../../domain/metrics/histograms.ts";
import type { MetricSeries } from "../../domain/metrics/metric-series.ts";
import type { Histogram } from "../../domain/metrics/metrics.ts";
import type { Asker } from "./asker.ts";

/** The bound at which client_golang's histogram tells slow waits from others: 10.49 ms, see sched/latency. */
const slowSeconds = 0.01;
/** Below this a share is chance. */
const leastObservations = 50;

/** The buckets' growth of the process within five minutes, and of the whole service within the same hour of other days. */
const moments = [
  { when: "now", span: "[5m]", windowMs: 300_000, of: "process" },
  { when: "last-week", span: "[1h] offset 7d", windowMs: 3_600_000, of: "service" },
  { when: "yesterday", span: "[1h] offset 1d", windowMs: 3_600_000, of: "service" },
] as const satisfies readonly { when: FigureTime; span: string; windowMs: number; of: Figure["of"] }[];
type Moment = (typeof moments)[number];

const latencies = "go_sched_latencies_seconds_bucket";
/** Under its name since Go 1.22, and before. */
const pauses = ["go_sched_pauses_total_gc_seconds_bucket", "go_gc_pauses_seconds_bucket"] as const;

/** Histograms of the runtime, where client_golang exports them: shares, and in which bucket p99 lies. */
export async function distributions(
  service: string,
  process: string,
  asker: Asker,
  atMs: number,
): Promise<readonly (Figure | MissingFigure)[]> {
  const found = await Promise.all(
    moments.map(async (moment) => {
      const series = moment.of === "process" ? process : service;
      const grown = (metric: string) => `sum by (le) (increase(${metric}${series}${moment.span}))`;
      const [latency, pause] = await Promise.all([
        histogramOf(grown(latencies), latencies, asker),
        histogramOf(pauses.map(grown).join(" or "), pauses[0], asker),
      ]);
      return [
        slow(latency, moment, atMs),
        // Only its share of slow waits is compared with other days.
        ...(moment.when === "now" ? [p99(latency, "scheduling-p99", moment, atMs)] : []),
        p99(pause, "gc-pause-p99", moment, atMs),
      ];
    }),
  );
  return found.flat();
}

interface Answered {
  readonly query: string;
  readonly histogram?: Histogram;
  readonly missing: string;
}

async function histogramOf(query: string, metric: string, asker: Asker): Promise<Answered> {
  const answer = await asker.ask(query);
  if (isUnknown(answer)) return { query, missing: answer.unknown };
  const buckets = bucketsOf(answer);
  const missing = `no series ${metric}`;
  if (buckets.length === 0) return { query, missing };
  const histogram = { buckets };
  const seen = observations(histogram);
  return seen < leastObservations
    ? { query, missing: `only ${Math.round(seen)} observations of ${metric}` }
    : { query, histogram, missing };
}

/** Bounds are compared as numbers: their text differs by version (`0.010485759999999998`). */
function bucketsOf(answer: readonly MetricSeries[]): { le: number; count: number }[] {
  return answer
    .flatMap(({ labels, points }) => {
      const text = labels["le"] ?? "";
      const le = text === "+Inf" ? Number.POSITIVE_INFINITY : Number.parseFloat(text);
      const count = points[0]?.value;
      if (Number.isNaN(le) || count === undefined || !Number.isFinite(count)) return [];
      // increase() extrapolates to fractions; a rank among them needs whole observations.
      return [{ le, count: Math.round(count) }];
    })
    .sort((a, b) => a.le - b.le);
}

function slow(
  { query, histogram, missing }: Answered,
  { when, windowMs, of }: Moment,
  atMs: number,
): Figure | MissingFigure {
  const name = "slow-scheduling";
  const share = histogram === undefined ? undefined : shareAbove(histogram, slowSeconds);
  if (share === undefined) return { name, when, missing, query };
  return { name, when, value: share.share, unit: "ratio", atMs, windowMs, of, query };
}

function p99(
  { query, histogram, missing }: Answered,
  name: FigureName,
  { when, windowMs, of }: Moment,
  atMs: number,
): Figure | MissingFigure {
  const range = histogram === undefined ? undefined : quantileRange(histogram, 0.99);
  if (range === undefined) return { name, when, missing, query };
  const above = range.above * 1000;
  const upTo = range.upTo * 1000;
  return {
    name,
    when,
    value: Number.isFinite(upTo) ? upTo : above,
    unit: "ms",
    atMs,
    windowMs,
    of,
    range: { above, ...(Number.isFinite(upTo) ? { upTo } : {}) },
    query,
  };
}
