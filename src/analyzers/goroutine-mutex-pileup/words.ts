import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { isBlocked, type LockHolder } from "../../domain/locks/lock-holders.ts";
import type { LockQueue } from "../../domain/locks/lock-queues.ts";
import { holderText } from "../../domain/locks/lock-words.ts";
import type { SelfLock } from "../../domain/locks/self-locks.ts";
import { counted } from "../../domain/units.ts";

export const nobodyText =
  "No goroutine in the capture is seen inside code that could hold the lock: a path that returns without Unlock, or a goroutine that locks it twice, would look like this.";

export const oneEachText =
  "Each of them waits for another mutex, and nobody else in the capture is seen inside code that could hold one: probably they hold each other's, as when two of these locks are taken in different orders; if not, Unlock was forgotten for each.";

export function heldText(holder: LockHolder, own: OwnCode): string {
  const text = `Probably held by ${holderText(holder, own)}, which is`;
  return isBlocked(holder)
    ? `${text} itself waiting.`
    : `${text} ${holder.group.state === "unknown" ? "waiting for a channel or running (debug=1 hides which)" : "running"}: a queue that moves is possible.`;
}

export function selfText({ wait, outer }: SelfLock): string {
  return `Probably held by one of them: it asks for it again in ${shortName(wait.caller.function)}, called by ${shortName(outer.function)}, which has it.`;
}

/** Who waits for those, named by the function that called into the one that locks: it may hold this one. */
export function alikeText(others: readonly LockQueue[], own: OwnCode): string {
  if (others.length === 0) return "";
  const callers = others.flatMap(({ waits: [largest] }) => {
    if (largest === undefined) return [];
    const [asks, calls] = blamedFrames(largest.group, own);
    const frame = calls ?? asks;
    return frame === undefined ? [] : [shortName(frame.function)];
  });
  const names = [...new Set(callers)].slice(0, mostNamed).join(", ");
  return ` Nor is anybody for ${counted(others.length, "other lock")}, which ${names} ask for: they may hold each other's, or one that was never released stopped them all; nothing here tells which.`;
}

/** Functions that are listed in one sentence. */
const mostNamed = 3;

/** Whoever else of the same package is blocked, when it is but one place: it may have taken the lock further out. */
export function besideText(beside: readonly GoroutineGroup[], own: OwnCode): string {
  const [group] = beside;
  const frame = group && blamedFrames(group, own)[0];
  if (group === undefined || frame === undefined || beside.length > 1) return "";
  return ` Of the same package, ${counted(group.count, "goroutine")} ${group.count === 1 ? "is" : "are"} blocked in ${group.state} in ${shortName(frame.function)}: if a caller took the lock before, that is why it is not free.`;
}
