import { codeObject } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import type { GoroutineGroup } from "../goroutines/goroutine.ts";
import { isRuntimeFrame, isSyncFrame } from "../goroutines/goroutine-sites.ts";
import { memoised } from "../memoised.ts";

export type LockKind = "mutex" | "read lock" | "write lock";

/** Where a group asks for a lock. */
export interface LockWait {
  readonly group: GoroutineGroup;
  readonly kind: LockKind;
  /** Index in the group's stack of the function that calls Lock or RLock. */
  readonly callerIndex: number;
  readonly caller: Frame;
  /** Type or function that the caller belongs to: mutexes are usually fields of it. */
  readonly object: string;
}

/** The lock that a group waits for; undefined when it waits for something else. */
export function lockWait(group: GoroutineGroup): LockWait | undefined {
  return group.wait.startsWith("sync.") ? syncWait(group) : undefined;
}

const syncWait = memoised(findWait);

function findWait(group: GoroutineGroup): LockWait | undefined {
  const kind = kindOf(group);
  if (kind === undefined) return undefined;
  const callerIndex = group.stack.findIndex((frame) => !isRuntimeFrame(frame) && !isLocking(frame));
  const caller = group.stack[callerIndex];
  if (caller === undefined) return undefined;
  return { group, kind, callerIndex, caller, object: codeObject(caller.function) };
}

/**
 * A second writer of an RWMutex waits for the mutex inside it, so the wait reason alone does not tell
 * (Go source: sync/rwmutex.go, RWMutex.Lock).
 */
function kindOf({ wait, stack }: GoroutineGroup): LockKind | undefined {
  if (wait === "sync.RWMutex.RLock") return "read lock";
  if (wait === "sync.RWMutex.Lock") return "write lock";
  if (wait !== "sync.Mutex.Lock") return undefined;
  for (const frame of stack) {
    if (frame.function === "sync.(*RWMutex).Lock") return "write lock";
    if (frame.function === "sync.(*Once).doSlow") return undefined;
    if (!isRuntimeFrame(frame) && !isSyncFrame(frame)) break;
  }
  return "mutex";
}

/** Methods that only lock, such as logrus's mutexWrap.Lock: who wants the lock stands above them. */
function isLocking(frame: Frame): boolean {
  return isSyncFrame(frame) || /\)\.R?Lock$/.test(frame.function);
}
