import type { Frame } from "../code/frame.ts";
import { hasStandardName } from "../code/own-code.ts";
import type { Goroutine, GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { append } from "../grouped.ts";
import { memoised } from "../memoised.ts";
import { singleMutexQueues } from "./lock-queues.ts";
import { lockWait } from "./lock-waits.ts";

/** A goroutine that waits for a mutex whose address a dump shows. */
export interface MutexWaiter {
  readonly group: GoroutineGroup;
  readonly goroutine: Goroutine;
  /** Address of the mutex. */
  readonly waitsFor: number;
  /** Where it asks for the mutex. */
  readonly caller: Frame;
  /** Index of its group, which stands for the group in keys. */
  readonly place: number;
}

/** A live argument that points at a mutex or at the object around it. */
export interface MutexReference {
  readonly group: GoroutineGroup;
  readonly goroutine: Goroutine;
  /** Index in the group's stack of the call that has the argument. */
  readonly frame: number;
  /** How far the mutex stands behind what the argument points at, in bytes: 0 for a struct that begins with it. */
  readonly behindBytes: number;
}

/**
 * How far behind the start of a struct its mutex is looked for, in bytes. With 256 the match found holders and no
 * false AB-BA in 26 dumps of published deadlock kernels; a larger reach begins to hit neighbours of small objects.
 */
export const mutexReachBytes = 256;

/** A pair per deadlock is enough to name it; this bounds the comparison of all with all. */
const mostWaiters = 256;

/** The examples that wait for a mutex, in the order of their groups; not all where there are very many. */
export const mutexWaiters = memoised(findWaiters);

function findWaiters({ groups }: GoroutineSnapshot): readonly MutexWaiter[] {
  const waiters: MutexWaiter[] = [];
  for (const [place, group] of groups.entries()) {
    const wait = lockWait(group);
    // A second writer of an RWMutex waits for the mutex that it begins with, so that is its address (sync/rwmutex.go).
    if (wait === undefined || wait.kind === "read lock") continue;
    for (const goroutine of group.exemplars) {
      const waitsFor = waitedAddress(group, goroutine);
      if (waitsFor !== undefined) waiters.push({ group, goroutine, waitsFor, caller: wait.caller, place });
      if (waiters.length === mostWaiters) return waiters;
    }
  }
  return waiters;
}

/** The mutex that one example goroutine waits for: the live argument of lockSlow. */
export function waitedAddress(group: GoroutineGroup, { pointers }: Goroutine): number | undefined {
  const lockCall = lockCallOf(group);
  if (lockCall === -1) return undefined;
  for (const { frame, value } of pointers) if (frame === lockCall) return value;
  return undefined;
}

const lockCallOf = memoised(({ stack }: GoroutineGroup) =>
  stack.findIndex(({ function: symbol }) => symbol.endsWith("sync.(*Mutex).lockSlow")),
);

/**
 * The arguments of all examples that point at a mutex somebody waits for: those of `mutexWaiters` and `singleMutexQueues`,
 * by the mutex's address. Found in one pass over all arguments. Those of the standard library do not count: its own
 * objects and variables may stand next to a small mutex, and what it is handed its caller has too.
 */
export const mutexReferences = memoised((snapshot: GoroutineSnapshot) => {
  const mutexes = new Set(mutexWaiters(snapshot).map(({ waitsFor }) => waitsFor));
  for (const { address } of singleMutexQueues(snapshot)) if (address !== undefined) mutexes.add(address);
  return findReferences(snapshot, mutexes);
});

/** So many pages are told apart without a look-up, by the lowest bits of their number; a power of two. */
const markedPages = 4096;

function findReferences(
  { groups }: GoroutineSnapshot,
  mutexes: ReadonlySet<number>,
): ReadonlyMap<number, readonly MutexReference[]> {
  const found = new Map<number, MutexReference[]>();
  if (mutexes.size === 0) return found;
  const byPage = new Map<number, number[]>();
  // Nearly all arguments point elsewhere; looking each of them up takes longer than everything else here.
  const marked = new Uint8Array(markedPages);
  for (const mutex of mutexes) {
    found.set(mutex, []);
    const page = Math.floor(mutex / mutexReachBytes);
    for (const near of [page - 1, page]) {
      append(byPage, near, mutex);
      marked[near & (markedPages - 1)] = 1;
    }
  }
  for (const group of groups) {
    for (const goroutine of group.exemplars) {
      for (const { frame, value } of goroutine.pointers) {
        if (marked[(value / mutexReachBytes) & (markedPages - 1)] === 0) continue;
        const near = byPage.get(Math.floor(value / mutexReachBytes));
        if (near === undefined) continue;
        if (hasStandardName(group.stack[frame]?.function ?? "sync.")) continue;
        for (const mutex of near)
          if (value <= mutex && mutex - value < mutexReachBytes)
            found.get(mutex)?.push({ group, goroutine, frame, behindBytes: mutex - value });
      }
    }
  }
  return found;
}
