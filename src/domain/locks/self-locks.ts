import { codeObject, isMethod } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import { memoisedOfTwo } from "../memoised.ts";
import type { LockQueue } from "./lock-queues.ts";
import type { LockWait } from "./lock-waits.ts";
import { mutexReachBytes, waitedAddress } from "./mutex-references.ts";

/** A goroutine that waits for a lock which it probably has already: sync.Mutex cannot be locked twice. */
export interface SelfLock {
  readonly wait: LockWait;
  /** The function further out that probably took the lock. */
  readonly outer: Frame;
  /**
   * - `function`: the outer function asks for this lock, at a line that this goroutine has come past.
   * - `object`: it belongs to the same type, and may or may not take the lock.
   */
  readonly reason: "function" | "object";
  /** The outer function's arguments point at the very mutex: it is not the lock of another object of the type. */
  readonly sameObject: boolean;
}

/** The waits of `queue` that may be for a lock of their own, the most telling first. */
export const selfLocks = memoisedOfTwo(findSelfLocks);

function findSelfLocks({ waits }: LockQueue, own: OwnCode): readonly SelfLock[] {
  const askedFrom = new Map<string, number>();
  for (const { caller } of waits)
    askedFrom.set(caller.function, Math.min(caller.line, askedFrom.get(caller.function) ?? caller.line));
  const found = waits.flatMap((wait): SelfLock[] => {
    const further = wait.group.stack.slice(wait.callerIndex + 1).filter((frame) => own.isOwn(frame));
    const passed = further.find((frame) => hasComePast(frame, askedFrom));
    const outer =
      passed ??
      further.find(({ function: symbol }) => isMethod(symbol) && codeObject(symbol) === wait.object);
    if (outer === undefined) return [];
    const reason = passed === undefined ? "object" : "function";
    return [{ wait, outer, reason, sameObject: pointsAtItsMutex(wait, outer) }];
  });
  return found.sort((a, b) => rank(a) - rank(b));
}

/**
 * The wait for a lock of its own that the stack tells by itself: another's line in the same function, and the object's
 * address.
 */
export function tellingSelfLock(queue: LockQueue, own: OwnCode): SelfLock | undefined {
  const [lock] = selfLocks(queue, own);
  return lock !== undefined && isTelling(lock) ? lock : undefined;
}

export function isTelling({ reason, sameObject }: SelfLock): boolean {
  return reason === "function" && sameObject;
}

function rank({ reason, sameObject }: SelfLock): number {
  return (reason === "object" ? 2 : 0) + (sameObject ? 0 : 1);
}

function pointsAtItsMutex({ group }: LockWait, outer: Frame): boolean {
  const at = group.stack.indexOf(outer);
  return group.exemplars.some((goroutine) => {
    const mutex = waitedAddress(group, goroutine);
    if (mutex === undefined) return false;
    return goroutine.pointers.some(
      ({ frame, value }) => frame === at && value <= mutex && mutex - value < mutexReachBytes,
    );
  });
}

/** Beyond a line of the same function that others are seen to stand at while they ask for the lock: the first such line. */
function hasComePast({ function: symbol, line }: Frame, askedFrom: ReadonlyMap<string, number>): boolean {
  const first = askedFrom.get(symbol);
  return first !== undefined && first < line;
}
