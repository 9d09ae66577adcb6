import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineSnapshot } from "./goroutine.ts";
import { isKnownIdle } from "./known-idle.ts";

/**
 * True when there are at least two captures and in none of them a goroutine with the service's own code runs or is
 * ready to run. A lock that moves has a holder at work, or a waiter that has just been woken and is about to run; an
 * idle or a stuck process has neither. Captures that hide channel waits (debug=1) show running and waiting goroutines
 * alike and never count.
 */
export function nothingRuns(evidence: GoroutineEvidence, own: OwnCode): boolean {
  return evidence.series.length > 1 && evidence.series.every((snapshot) => nothingRunsIn(snapshot, own));
}

/** The same of one capture: what has waited for a minute in it did not move either. */
export function nothingRunsIn(snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  return (
    snapshot.form !== "counts" &&
    snapshot.incomplete === undefined &&
    snapshot.groups.every(
      (group) =>
        (group.wait !== "active" && group.wait !== "GC") ||
        isKnownIdle(group) ||
        !group.stack.some((frame) => own.isOwn(frame)),
    )
  );
}
