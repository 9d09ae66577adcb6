import type { FigureName, FigureTime, FigureUnit } from "../../domain/context/service-context.ts";
import { duration } from "./promql.ts";

/** One number to ask for. */
export interface FigureQuestion {
  readonly name: FigureName;
  readonly when: FigureTime;
  readonly unit: FigureUnit;
  /** Whose series the expression is about. */
  readonly scope: "service" | "process";
  readonly expression: string;
  readonly windowMs?: number;
  /** What is not there when nothing is found. */
  readonly looksFor: string;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A metric of a Go process; `usual` asks for other days, `rises` for its course until now. */
interface Family {
  readonly name: FigureName;
  readonly unit: FigureUnit;
  readonly metric: string;
  /** Counters are asked as rates over five minutes. */
  readonly counter?: true;
  /** What is asked of the series instead of the metric itself. */
  readonly rateOf?: (series: string) => string;
  readonly usual?: true;
  readonly rises?: readonly ("rise-15m" | "rise-1h")[];
}

/** The most telling first: what comes last is left out when the server is slow. */
const families: readonly Family[] = [
  {
    name: "goroutines",
    unit: "goroutines",
    metric: "go_goroutines",
    usual: true,
    rises: ["rise-15m", "rise-1h"],
  },
  { name: "cpu", unit: "cores", metric: "process_cpu_seconds_total", counter: true, usual: true },
  {
    name: "resident-memory",
    unit: "bytes",
    metric: "process_resident_memory_bytes",
    usual: true,
    rises: ["rise-1h"],
  },
  { name: "open-fds", unit: "descriptors", metric: "process_open_fds", usual: true, rises: ["rise-15m"] },
  {
    name: "heap-in-use",
    unit: "bytes",
    metric: "go_memstats_heap_inuse_bytes",
    usual: true,
    rises: ["rise-1h"],
  },
  { name: "threads", unit: "threads", metric: "go_threads", usual: true },
  { name: "gc-rate", unit: "per-second", metric: "go_gc_duration_seconds_count", counter: true, usual: true },
  {
    name: "gc-cpu",
    unit: "ratio",
    metric: "go_cpu_classes_gc_total_cpu_seconds_total",
    rateOf: gcShareOfCpu,
    usual: true,
  },
  { name: "max-fds", unit: "descriptors", metric: "process_max_fds" },
  { name: "gomaxprocs", unit: "threads", metric: "go_sched_gomaxprocs_threads" },
  { name: "memory-limit-go", unit: "bytes", metric: "go_gc_gomemlimit_bytes" },
];

/**
 * Marking and stopping the world as part of the CPU time that was used. What idle processors mark for want of work is in
 * neither; /cpu/classes may be compared with each other only (https://pkg.go.dev/runtime/metrics).
 */
function gcShareOfCpu(series: string): string {
  const rate = (name: string) =>
    `rate(go_cpu_classes_${name}_cpu_seconds_total${series}[${duration(rateMs)}])`;
  return `(${rate("gc_total")} - ${rate("gc_mark_idle")}) / (${rate("total")} - ${rate("idle")} - ${rate("gc_mark_idle")})`;
}

/** Rates span this much, as dashboards have it: four scrapes of a minute and one more. */
const rateMs = 5 * minute;
/** Prometheus' own rule of thumb: a regression over fewer points says nothing. */
const leastRiseMs = 5 * minute;
/** A process that has just begun fills its pools and caches. */
const warmUpMs = minute;

const daysBefore = { yesterday: day, "last-week": 7 * day } as const;
const riseMs = { "rise-15m": 15 * minute, "rise-1h": hour } as const;

/** Values at the moment, and what was usual at the same hour of other days. */
export function levelQuestions(service: string): readonly FigureQuestion[] {
  const now = families.map((family): FigureQuestion => {
    const rate = rateOf(family, service);
    const series = `${family.metric}${service}`;
    return {
      name: family.name,
      when: "now",
      unit: family.unit,
      scope: "service",
      expression: rate ?? series,
      ...(rate === undefined ? {} : { windowMs: rateMs }),
      looksFor: series,
    };
  });
  const usual = families
    .filter((family) => family.usual === true)
    .flatMap((family) =>
      (["last-week", "yesterday"] as const).map((when): FigureQuestion => {
        const rate = rateOf(family, service);
        const series = `${family.metric}${service}`;
        const over = rate === undefined ? `${series}[1h]` : `${rate}[1h:1m]`;
        const before = duration(daysBefore[when]);
        return {
          name: family.name,
          when,
          unit: family.unit,
          scope: "service",
          expression: `quantile_over_time(0.99, ${over} offset ${before})`,
          windowMs: hour,
          looksFor: `${series} ${before} before`,
        };
      }),
    );
  return [...now, ...usual];
}

/** The rate that is asked for; undefined for what is a level by itself. */
function rateOf({ metric, counter, rateOf: own }: Family, service: string): string | undefined {
  if (own !== undefined) return `(${own(service)})`;
  return counter === true ? `rate(${metric}${service}[${duration(rateMs)}])` : undefined;
}

/** By how much figures of the process rise. A process that began within the window is looked at from then on. */
export function riseQuestions(
  process: string,
  ageMs: number | undefined,
): readonly (FigureQuestion | TooYoung)[] {
  return families.flatMap(({ name, unit, metric, rises = [] }) =>
    rises.map((when) => {
      const windowMs = Math.min(riseMs[when], (ageMs ?? Number.POSITIVE_INFINITY) - warmUpMs);
      if (windowMs < leastRiseMs) return { name, when, tooYoung: true as const };
      const whole = Math.floor(windowMs / 1000) * 1000;
      const series = `${metric}${process}`;
      return {
        name,
        when,
        unit,
        scope: "process" as const,
        expression: `deriv(${series}[${duration(whole)}])`,
        windowMs: whole,
        looksFor: series,
      };
    }),
  );
}

/** The process began too short a while ago for this rise. */
export interface TooYoung {
  readonly name: FigureName;
  readonly when: FigureTime;
  readonly tooYoung: true;
}
