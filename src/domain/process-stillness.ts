import type { GoroutineEvidence } from "./evidence.ts";
import type { GoroutineSnapshot } from "./goroutine.ts";
import { isMainGoroutine } from "./code-object.ts";
import { isKnownIdle } from "./known-idle.ts";
import type { OwnCode } from "./own-code.ts";

/** Waits that only another goroutine can end. */
const needsSomebody: ReadonlySet<string> = new Set([
  "chan send",
  "chan receive",
  "chan send (nil chan)",
  "chan receive (nil chan)",
  "select",
  "select (no cases)",
  "sync.Mutex.Lock",
  "sync.RWMutex.RLock",
  "sync.RWMutex.Lock",
  "sync.WaitGroup.Wait",
  "sync.Cond.Wait",
  "semacquire",
]);

/**
 * True when in every capture each goroutine that runs the service's own code waits for another goroutine: nothing of
 * the service runs, sleeps, reads or writes. Contention that moves cannot look like this in two captures; an idle
 * process can. `main` itself may sleep. Captures that hide channel waits (debug=1) never count as still.
 */
export function isStill(evidence: GoroutineEvidence, own: OwnCode): boolean {
  return evidence.series.every((snapshot) => isSnapshotStill(snapshot, own));
}

function isSnapshotStill(snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  return (
    snapshot.form !== "counts" &&
    snapshot.incomplete === undefined &&
    snapshot.groups.every(
      (group) =>
        needsSomebody.has(group.wait) ||
        isKnownIdle(group) ||
        isMainGoroutine(group) ||
        !group.stack.some((frame) => own.isOwn(frame)),
    )
  );
}
