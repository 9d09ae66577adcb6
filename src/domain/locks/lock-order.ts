import type { Frame } from "../code/frame.ts";
import type { GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { append } from "../grouped.ts";
import { type LockWait, lockWait } from "./lock-waits.ts";
import type { MutexWaiter } from "./mutex-references.ts";

/**
 * Pairs each of which probably holds what the other one waits for, told by lines alone: where others stand and ask for
 * one mutex, this one has come past, and waits further on in the same function for another. That needs no argument of
 * the service's own functions, which the compiler may not keep alive. A line at which several other mutexes are asked
 * for tells nothing.
 */
export function pairsByLine(waiters: readonly MutexWaiter[]): [MutexWaiter, MutexWaiter][] {
  const holding = [...passedMutexes(waiters)];
  const pairs: [MutexWaiter, MutexWaiter][] = [];
  for (const [index, [a, heldByA]] of holding.entries()) {
    for (const [b, heldByB] of holding.slice(index + 1))
      if (heldByA.has(b.waitsFor) && heldByB.has(a.waitsFor)) pairs.push([a, b]);
  }
  return pairs;
}

/** The mutexes that each has come past, of those who have come past any. */
export function passedMutexes(
  waiters: readonly MutexWaiter[],
): ReadonlyMap<MutexWaiter, ReadonlySet<number>> {
  const asked = new Map<string, Map<number, Set<number>>>();
  for (const { caller, waitsFor } of waiters) {
    const lines = asked.get(caller.function) ?? new Map<number, Set<number>>();
    asked.set(caller.function, lines.set(caller.line, (lines.get(caller.line) ?? new Set()).add(waitsFor)));
  }
  const passed = new Map<MutexWaiter, ReadonlySet<number>>();
  for (const waiter of waiters) {
    const mutexes = passedBy(waiter, asked);
    if (mutexes.size > 0) passed.set(waiter, mutexes);
  }
  return passed;
}

function passedBy(
  { group, waitsFor, caller }: MutexWaiter,
  asked: ReadonlyMap<string, ReadonlyMap<number, ReadonlySet<number>>>,
): ReadonlySet<number> {
  const passed = new Set<number>();
  for (const frame of group.stack.slice(Math.max(0, group.stack.indexOf(caller)))) {
    for (const [line, mutexes] of asked.get(frame.function) ?? []) {
      if (line >= frame.line) continue;
      const others = [...mutexes].filter((mutex) => mutex !== waitsFor);
      const [only] = others;
      if (others.length === 1 && only !== undefined) passed.add(only);
    }
  }
  return passed;
}

/**
 * The two goroutines that wait for a mutex inside a function which they have come past its own lock, where others queue;
 * undefined unless they are exactly two, in different functions. Without addresses that is all a capture tells: each
 * probably holds a lock, and waits for one that nobody else is seen with.
 */
export function lastTwoHolders(snapshot: GoroutineSnapshot): readonly [LockWait, LockWait] | undefined {
  const waits = snapshot.groups.flatMap((group) => {
    const wait = lockWait(group);
    return wait?.kind === "mutex" ? [wait] : [];
  });
  const asked = new Map<string, Frame[]>();
  for (const { caller } of waits) append(asked, caller.function, caller);
  const inside = waits.flatMap((wait) => {
    const outer = wait.group.stack
      .slice(wait.callerIndex + 1)
      .find((frame) => asked.get(frame.function)?.some((line) => line.line < frame.line));
    return outer === undefined ? [] : [{ wait, outer }];
  });
  const [first, second] = inside;
  if (first === undefined || second === undefined || inside.length > 2) return undefined;
  if (inside.some(({ wait }) => wait.group.count > 1)) return undefined;
  return first.outer.function === second.outer.function ? undefined : [first.wait, second.wait];
}
