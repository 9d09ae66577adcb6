import { UsageError } from "../domain/errors.ts";
import type { CaptureKind, OptionalKind } from "../domain/evidence/capture.ts";

/** What a person or a rule wants captured. */
export interface CaptureRequest {
  /** Name for people and for the bundle; the target's host when absent. */
  readonly service?: string;
  /** Length of the CPU profile in whole seconds; 0 takes none. */
  readonly cpuSeconds: number;
  /** Whole seconds for which the rate of the block profile is raised, where the target lends it; 0 raises none. */
  readonly blockSeconds: number;
  /** Least time between the two goroutine profiles. */
  readonly goroutineGapMs: number;
  /** One look at everything instead of two: nothing that shows only between two is told. */
  readonly once?: true;
  /** Allows a goroutine dump (debug=2), which stops the world, of more goroutines than usual. */
  readonly deep: boolean;
  /** Most goroutines for which a dump is taken; see `dumpLimit`. */
  readonly dumpLimit?: number;
  /**
   * - `allocs`: the heap profile again, showing allocation.
   * - `goroutineleak`: forces a leak-detecting garbage collection (Go 1.27, or 1.26 with GOEXPERIMENT).
   * - `expvar`, `cmdline`: contain the command line, which may hold secrets.
   * - `trace`: execution trace of `traceSeconds`.
   */
  readonly include: readonly OptionalKind[];
  /** Captures to leave out. */
  readonly exclude: readonly CaptureKind[];
  /** Captures to leave out because they were taken a moment ago, each with that in words. */
  readonly resting?: Readonly<Partial<Record<CaptureKind, string>>>;
  readonly traceSeconds: number;
  /** Most bytes of any one capture; the plan's own limits hold below it. */
  readonly maxBytes?: number;
  /** After this the capture ends with what it has. */
  readonly deadlineMs: number;
}

/**
 * - 10 s of CPU are 1,000 samples per busy core at Go's 100 Hz (Go source: runtime/pprof/pprof.go, StartCPUProfile).
 * - 15 s between goroutine profiles fit the CPU profile in between, and tell a stuck goroutine from a passing one.
 */
export const defaultRequest: CaptureRequest = {
  cpuSeconds: 10,
  blockSeconds: 0,
  goroutineGapMs: 15_000,
  deep: false,
  include: [],
  exclude: [],
  traceSeconds: 1,
  deadlineMs: 120_000,
};

/** For who asks for waits without saying how long: as long as the usual CPU profile. */
export const usualBlockSeconds = 10;

/** A lease of the rate lasts a minute at most (lab/profilerates), and ends after what is read under it. */
const longestBlockSeconds = 45;

const dumpLimitByDefault = 2_000;
const dumpLimitWhenDeep = 10_000;

/**
 * Most goroutines for which a dump may stop the world: 2,000, or with `deep` 10,000 or whatever number is named.
 * docs/decisions/0006-what-a-goroutine-dump-costs.md has the measurements behind both.
 */
export function dumpLimit({ deep, dumpLimit }: Pick<CaptureRequest, "deep" | "dumpLimit">): number {
  if (deep) return dumpLimit ?? dumpLimitWhenDeep;
  return Math.min(dumpLimit ?? dumpLimitByDefault, dumpLimitByDefault);
}

/** Throws UsageError for a request that cannot be carried out. */
export function checkRequest(request: CaptureRequest): void {
  mustBeWhole(request.cpuSeconds, 0, 300, "seconds of CPU profile");
  mustBeWhole(request.blockSeconds, 0, longestBlockSeconds, "seconds of recorded waits");
  mustBe(request.goroutineGapMs, 0, 600_000, "ms between the goroutine profiles");
  mustBeWhole(request.traceSeconds, 1, 30, "seconds of trace");
  mustBe(request.deadlineMs, 1_000, 3_600_000, "ms for the whole capture");
  if (request.maxBytes !== undefined) {
    mustBeWhole(request.maxBytes, 1, Number.MAX_SAFE_INTEGER, "bytes of a capture");
  }
  if (request.dumpLimit !== undefined) {
    mustBeWhole(request.dumpLimit, 0, 100_000_000, "goroutines in a dump");
  }
}

function mustBeWhole(value: number, least: number, most: number, what: string): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UsageError(`${what} must be a whole number from ${least} to ${most}, not ${value}`);
}

function mustBe(value: number, least: number, most: number, what: string): void {
  if (value >= least && value <= most) return;
  throw new UsageError(`${what} must be a number from ${least} to ${most}, not ${value}`);
}
