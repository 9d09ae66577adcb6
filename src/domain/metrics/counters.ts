import type { NonEmpty } from "../evidence/evidence.ts";
import { type MetricsScrape, metricValue } from "./metrics.ts";

/** Why a figure cannot be had, in words that say what to fetch. */
export interface Unknown {
  readonly unknown: string;
}

export function isUnknown(value: object): value is Unknown {
  return "unknown" in value;
}

/** How a counter moved between the first and the last scrape that shows it. */
export interface CounterMove {
  readonly increase: number;
  /** Between these two scrapes, when both times are known. */
  readonly windowMs?: number;
  /** `increase` by time, when the window is known. */
  readonly perSecond?: number;
  readonly first: MetricsScrape;
  readonly last: MetricsScrape;
}

type Labels = Readonly<Record<string, string>>;

/** A counter since the start of its process tells nothing about now: this looks only at what came in between. */
export function counterMove(
  metrics: NonEmpty<MetricsScrape>,
  name: string,
  labels: Labels = {},
): CounterMove | Unknown {
  const seen = metrics.flatMap((scrape) => {
    const value = metricValue(scrape, name, labels);
    return value === undefined || Number.isNaN(value) ? [] : [{ scrape, value }];
  });
  const first = seen[0];
  const last = seen.at(-1);
  if (first === undefined || last === undefined) return { unknown: absence(metrics, name) };
  if (seen.length === 1) {
    return {
      unknown: `only one /metrics scrape has ${name}, and its value since the start does not tell about now`,
    };
  }
  if (
    restarted(first.scrape, last.scrape) ||
    seen.some(({ value }, i) => value < (seen[i - 1]?.value ?? value))
  ) {
    return { unknown: `the process restarted between the scrapes: ${name} began anew` };
  }
  const windowMs = timeBetween(first.scrape, last.scrape);
  const increase = last.value - first.value;
  return {
    increase,
    ...(windowMs === undefined ? {} : { windowMs, perSecond: increase / (windowMs / 1000) }),
    first: first.scrape,
    last: last.scrape,
  };
}

function restarted(first: MetricsScrape, last: MetricsScrape): boolean {
  const before = metricValue(first, "process_start_time_seconds");
  const after = metricValue(last, "process_start_time_seconds");
  return before !== undefined && after !== undefined && Math.abs(after - before) > 1;
}

/** Milliseconds from one scrape to the other; undefined when a time is unknown or they are not apart. */
function timeBetween(first: MetricsScrape, last: MetricsScrape): number | undefined {
  if (first.takenAtMs === undefined || last.takenAtMs === undefined) return undefined;
  return last.takenAtMs > first.takenAtMs ? last.takenAtMs - first.takenAtMs : undefined;
}

function absence(metrics: NonEmpty<MetricsScrape>, name: string): string {
  const several = metrics.some((scrape) => (scrape.samples.get(name)?.length ?? 0) > 1);
  return several
    ? `/metrics has several ${name} and none that is clearly this process`
    : `/metrics has no ${name}`;
}

/** The latest value of a gauge. */
export function gauge(
  metrics: NonEmpty<MetricsScrape>,
  name: string,
  labels: Labels = {},
): number | undefined {
  return metrics
    .map((scrape) => metricValue(scrape, name, labels))
    .findLast((value) => value !== undefined && !Number.isNaN(value));
}
