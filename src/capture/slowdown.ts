import { durationText } from "../domain/units.ts";

/** A probe this many times slower than the first one ... */
const slowFactor = 5;
/** ... and slower by at least this much counts as slow: below it, GC and scheduling on a busy machine look the same. */
const slowFloorMs = 250;

/**
 * The rule by which a capture stops because the target suffers: the index page, which costs the process next to
 * nothing, takes more than five times as long as at first and at least 250 ms longer, twice within a second.
 * The numbers are ours: the page takes one or two milliseconds on a healthy process (docs/decisions/0002).
 */
export function slowLimitMs(baselineMs: number): number {
  return Math.max(baselineMs * slowFactor, baselineMs + slowFloorMs);
}

/** `latencyMs` is undefined when the probe went unanswered. */
export function isSlow(latencyMs: number | undefined, baselineMs: number): boolean {
  return latencyMs === undefined || latencyMs > slowLimitMs(baselineMs);
}

/** `silence` says why the probe went unanswered. */
export function slowReason(
  latencyMs: number | undefined,
  baselineMs: number,
  silence: string | undefined,
): string {
  if (latencyMs === undefined) return `the target no longer answers: ${silence ?? "no answer"}`;
  return `the target slowed down: its index page takes ${durationText(latencyMs)} and took ${durationText(baselineMs)} at first`;
}
