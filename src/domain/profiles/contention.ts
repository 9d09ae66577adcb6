import type { Frame } from "../code/frame.ts";

/** Where time was lost to waiting. */
export interface ContentionSite {
  /** Innermost frame first. A mutex site is where the lock was released, a block site where somebody waited. */
  readonly stack: readonly Frame[];
  /** Waits that ended since the process started, as printed. */
  readonly contentions: number;
  /** Time waited since the process started, summed over goroutines, as printed. */
  readonly delayMs: number;
}

/**
 * A mutex or block profile in text form (debug=1), since the start of the process: growth needs two of them.
 * Only waits that have ended are in it; a goroutine that waits for ever never is.
 *
 * Since Go 1.20 the runtime scales the figures up by the sampling itself. Up to Go 1.19 those of a mutex profile are
 * the sampled ones, to be multiplied by `samplingPeriod`. `go tool pprof` multiplies in both cases, so it shows a
 * mutex profile's text of Go 1.20 and later `samplingPeriod` times too large; the protobuf form is right everywhere.
 * (Go source: runtime/mprof.go saveBlockEventStack, before 1.20 runtime/pprof/pprof.go scaleMutexProfile;
 * github.com/google/pprof profile/legacy_profile.go parseContentionSample.)
 */
export interface ContentionProfile {
  readonly artifact: string;
  readonly takenAtMs?: number;
  readonly of: "mutex" | "block";
  /**
   * One in so many mutex contentions is recorded; 0 means that mutex profiling is off, and that nothing can be said.
   * A block profile's text does not tell its rate.
   */
  readonly samplingPeriod?: number;
  /** Most time lost first. */
  readonly sites: readonly ContentionSite[];
}
