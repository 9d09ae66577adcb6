import { isUnknown } from "../metrics/counters.ts";
import {
  type ContextEvent,
  type FigureName,
  type FigureRange,
  type FigureTime,
  type FigureUnit,
  figure,
  type ServiceContext,
  whyMissing,
} from "./service-context.ts";
import { standing, standingInBuckets, usualOf } from "./usual-figures.ts";

/** A figure of the process, what was usual, and where it goes. */
export interface Trend {
  readonly name: FigureName;
  readonly unit: FigureUnit;
  readonly value: number;
  readonly lastWeek?: number;
  readonly yesterday?: number;
  /** The buckets that these lie in, when a histogram is all there is. */
  readonly ranges?: Partial<Readonly<Record<"now" | "lastWeek" | "yesterday", FigureRange>>>;
  readonly rise?: { readonly perSecond: number; readonly windowMs: number };
}

/** What a card says of a service's context. Small: it lives in the incident. */
export interface ContextSummary {
  /** Address of the metrics server without credentials. */
  readonly server: string;
  /** The moment that it is of, milliseconds since the epoch. */
  readonly atMs: number;
  /** Goroutines first, then what is unusual; at most four. */
  readonly trends: readonly Trend[];
  /** The latest first. */
  readonly events: readonly Omit<ContextEvent, "query">[];
  /** Share of the container's CPU periods in which it was throttled, when that is worth a word. */
  readonly throttledRatio?: number;
  /** Why nothing is known of other days; absent where it is. */
  readonly noBaseline?: string;
}

/** Told on every card, because they are what an unknown service is known by. */
const always: ReadonlySet<FigureName> = new Set(["goroutines"]);
/** In the order of what an on-call engineer looks at. */
const trended: readonly FigureName[] = [
  "goroutines",
  "cpu",
  "resident-memory",
  "open-fds",
  "threads",
  "heap-in-use",
  "gc-rate",
  "gc-cpu",
  "gc-pause-p99",
  "slow-scheduling",
];
const mostTrends = 4;
/** Twice of what was usual is worth a word, and no finding (docs/decisions/0017-context.md). */
const noteworthyRatio = 2;
/** Twice as much as next to nothing is nothing: the limits of their rules, a fifth of that for GC's share. */
const leastNoteworthy: Partial<Readonly<Record<FigureName, number>>> = {
  "gc-cpu": 0.05,
  "gc-pause-p99": 5,
  "slow-scheduling": 0.01,
};
/** A tenth of what is there, within the window that it was measured over. */
const noteworthyRise = 0.1;
/** Below this nobody's requests wait for it (docs/decisions/0017-context.md). */
const noteworthyThrottling = 0.1;

type Asked = Omit<ServiceContext, "artifact">;

export function contextSummary(context: Asked): ContextSummary {
  const usual = usualOf(context, "goroutines");
  const throttled = figure(context, "throttled")?.value;
  return {
    server: context.server,
    atMs: context.atMs,
    trends: trendsOf(context)
      .filter((trend) => always.has(trend.name) || isNoteworthy(context, trend))
      .slice(0, mostTrends),
    events: context.events.map(({ query: _query, ...event }) => event),
    ...(throttled === undefined || throttled < noteworthyThrottling ? {} : { throttledRatio: throttled }),
    ...(isUnknown(usual) ? { noBaseline: whyMissing(context, "goroutines", "last-week") } : {}),
  };
}

/** Every figure that has a value now. */
export function trendsOf(context: Asked): readonly Trend[] {
  return trended.flatMap((name) => {
    const now = figure(context, name);
    if (now === undefined) return [];
    const lastWeek = figure(context, name, "last-week")?.value;
    const yesterday = figure(context, name, "yesterday")?.value;
    const ranges = now.range === undefined ? undefined : rangesOf(context, name);
    const rise = figure(context, name, "rise-15m") ?? figure(context, name, "rise-1h");
    return [
      {
        name,
        unit: now.unit,
        value: now.value,
        ...(lastWeek === undefined ? {} : { lastWeek }),
        ...(yesterday === undefined ? {} : { yesterday }),
        ...(ranges === undefined ? {} : { ranges }),
        ...(rise?.windowMs === undefined || !isRise(rise.value, rise.windowMs, now.value)
          ? {}
          : { rise: { perSecond: rise.value, windowMs: rise.windowMs } }),
      },
    ];
  });
}

function isRise(perSecond: number, windowMs: number, value: number): boolean {
  return perSecond > 0 && (perSecond * windowMs) / 1000 >= value * noteworthyRise;
}

function rangesOf(context: Asked, name: FigureName): NonNullable<Trend["ranges"]> {
  const of = (key: keyof NonNullable<Trend["ranges"]>, when: FigureTime) => {
    const range = figure(context, name, when)?.range;
    return range === undefined ? {} : { [key]: range };
  };
  return { ...of("now", "now"), ...of("lastWeek", "last-week"), ...of("yesterday", "yesterday") };
}

function isNoteworthy(context: Asked, { name, value, ranges }: Trend): boolean {
  if (value < (leastNoteworthy[name] ?? 0)) return false;
  const usual = usualOf(context, name);
  if (isUnknown(usual)) return false;
  return ranges?.now === undefined
    ? standing(value, usual, noteworthyRatio, 0) === "unusual"
    : standingInBuckets(ranges.now, usual) === "unusual";
}
