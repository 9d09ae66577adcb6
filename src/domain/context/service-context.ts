/**
 * What a metrics server (Prometheus) says about a service around the time of an incident, and what it could not say.
 */

/**
 * A deploy, or a change of configuration, that came this shortly before the moment may be why; what came before that is told and
 * not suspected (docs/decisions/0017-context.md).
 */
export const suspectWithinMs = 3_600_000;

/**
 * What a figure measures. Of the process unless it says otherwise:
 *
 * - `goroutines`, `threads`, `open-fds`, `heap-in-use`, `resident-memory`, `cpu`, `gc-rate`: go_goroutines, go_threads,
 *   process_open_fds, go_memstats_heap_inuse_bytes, process_resident_memory_bytes, and the rates of
 *   process_cpu_seconds_total and go_gc_duration_seconds_count.
 * - `max-fds`, `gomaxprocs`, `memory-limit-go`: process_max_fds, go_sched_gomaxprocs_threads, go_gc_gomemlimit_bytes.
 * - `gc-cpu`: share of garbage collection in the CPU time that it used, from its /cpu/classes over five minutes.
 * - `cpu-limit`, `memory-limit`, `working-set`, `throttled`, `cfs-periods`: of its container (cAdvisor, kube-state-metrics).
 * - `restarts`: how often it, or its container, began anew within an hour.
 * - `slow-scheduling`, `scheduling-p99`, `gc-pause-p99`: of its histograms over five minutes.
 */
export const figureNames = [
  "goroutines",
  "threads",
  "open-fds",
  "max-fds",
  "heap-in-use",
  "resident-memory",
  "cpu",
  "gc-rate",
  "gc-cpu",
  "gomaxprocs",
  "memory-limit-go",
  "cpu-limit",
  "memory-limit",
  "working-set",
  "throttled",
  "cfs-periods",
  "restarts",
  "slow-scheduling",
  "scheduling-p99",
  "gc-pause-p99",
] as const;
export type FigureName = (typeof figureNames)[number];

/**
 * - `now`: at the moment that the context is of.
 * - `yesterday`, `last-week`: what 99 % of the hour that ended one or seven days before stayed below.
 * - `rise-15m`, `rise-1h`: by how much it rose in a second, by linear regression over so long or since the process began.
 */
export const figureTimes = ["now", "yesterday", "last-week", "rise-15m", "rise-1h"] as const;
export type FigureTime = (typeof figureTimes)[number];

export const figureUnits = [
  "goroutines",
  "threads",
  "descriptors",
  "bytes",
  "cores",
  "per-second",
  "ratio",
  "ms",
  "count",
] as const;
export type FigureUnit = (typeof figureUnits)[number];

/** The bucket of a histogram that a quantile lies in: `above < quantile <= upTo`; the last one has no end. */
export interface FigureRange {
  readonly above: number;
  readonly upTo?: number;
}

/** One number, and where it comes from. */
export interface Figure {
  readonly name: FigureName;
  readonly when: FigureTime;
  /** Finite. A rise is per second. */
  readonly value: number;
  readonly unit: FigureUnit;
  /** Milliseconds since the epoch: the moment, or the end of the window. */
  readonly atMs: number;
  /** Length of the window; absent for a moment. */
  readonly windowMs?: number;
  /**
   * - `process`: of the captured process.
   * - `service`: the highest of all processes of the service, because the captured one was not there or is not known.
   */
  readonly of: "process" | "service";
  /** Bounds of the bucket that a quantile lies in, when that is all there is; `value` is the upper one, if it is finite. */
  readonly range?: FigureRange;
  /** PromQL that can be asked again at `context.atMs`. */
  readonly query: string;
}

/** A number that is not there. */
export interface MissingFigure {
  readonly name: FigureName;
  readonly when: FigureTime;
  /** In words: what was looked for, or why nobody answered. */
  readonly missing: string;
  readonly query?: string;
}

/**
 * - `restart`: the process or its container began anew.
 * - `oom-kill`: the kernel killed it for its memory.
 * - `exit`: how the container ended last time, when that was no OOM kill.
 * - `deploy`: another version of the service began to run.
 */
export const eventKinds = ["restart", "oom-kill", "exit", "deploy"] as const;
export type EventKind = (typeof eventKinds)[number];

export interface ContextEvent {
  readonly kind: EventKind;
  /** Milliseconds since the epoch; absent when only a window is known. */
  readonly atMs?: number;
  /** How often within `windowMs`. */
  readonly count: number;
  /** How far back was looked. */
  readonly windowMs: number;
  /** What is known of it in a few words, e.g. `replica set order-7c9f8d`, `version 1.4.2 → 1.5.0`; may be empty. */
  readonly detail: string;
  /** It is concluded from something else, e.g. a deploy from processes that all began together. */
  readonly inferred: boolean;
  readonly query: string;
}

export interface ServiceContext {
  /** File that it was kept in. */
  readonly artifact: string;
  /** Address of the server without credentials. */
  readonly server: string;
  /** The moment that is asked about, milliseconds since the epoch. */
  readonly atMs: number;
  /** Selector of the service's series, e.g. `{job="order"}`; absent when none were found. */
  readonly service?: string;
  /** Selector of the captured process's own series; absent when it could not be told from others. */
  readonly process?: string;
  /** When that process began, milliseconds since the epoch. */
  readonly startedAtMs?: number;
  /** How many processes of the service there were. */
  readonly processes?: number;
  readonly figures: readonly Figure[];
  readonly missing: readonly MissingFigure[];
  readonly events: readonly ContextEvent[];
  /** What could not be asked as a whole, or not be told apart; one sentence each. */
  readonly notes: readonly string[];
}

/** Why a figure is not there when nobody has looked for it. */
const notAsked = "it was not asked for";

export function figure(
  { figures }: Pick<ServiceContext, "figures">,
  name: FigureName,
  when: FigureTime = "now",
): Figure | undefined {
  return figures.find((candidate) => candidate.name === name && candidate.when === when);
}

/** Why a rule that looked elsewhere first has no such figure of Prometheus either; empty when nobody asked one. */
export function alsoMissing(context: ServiceContext | undefined, name: FigureName): string {
  return context === undefined ? "" : `; Prometheus: ${whyMissing(context, name, "now")}`;
}

/** Why there is no such figure, in words. */
export function whyMissing(
  { missing }: Pick<ServiceContext, "missing">,
  name: FigureName,
  when: FigureTime,
): string {
  return missing.find((candidate) => candidate.name === name && candidate.when === when)?.missing ?? notAsked;
}
