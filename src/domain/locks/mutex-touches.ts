import { declaredFunction } from "../code/code-object.ts";
import type { Goroutine, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { isKnownIdle } from "../goroutines/known-idle.ts";
import { memoised } from "../memoised.ts";
import { lockWait } from "./lock-waits.ts";
import {
  type MutexReference,
  type MutexWaiter,
  mutexReachBytes,
  mutexReferences,
  mutexWaiters,
  waitedAddress,
} from "./mutex-references.ts";

/** For each mutex that somebody waits for, how far others who wait are from telling that they hold it: `farnessByGoroutine`. */
export const touchedMutexes = memoised(findTouched);

function findTouched(snapshot: GoroutineSnapshot): ReadonlyMap<number, ReadonlyMap<Goroutine, number>> {
  const waiters = mutexWaiters(snapshot);
  const waiting = new Set(waiters.map(({ goroutine }) => goroutine));
  const references = mutexReferences(snapshot);
  return new Map(
    [...askers(waiters)].map(([mutex, asking]) => {
      const ofWaiters = references.get(mutex)?.filter(({ goroutine }) => waiting.has(goroutine)) ?? [];
      return [mutex, farnessByGoroutine(ofWaiters, asking)];
    }),
  );
}

/** The functions that are seen asking for each mutex. */
function askers(waiters: readonly MutexWaiter[]): ReadonlyMap<number, ReadonlySet<string>> {
  const asking = new Map<number, Set<string>>();
  for (const { waitsFor, caller } of waiters) {
    const functions = asking.get(waitsFor) ?? new Set();
    asking.set(waitsFor, functions.add(declaredFunction(caller.function)));
  }
  return asking;
}

/**
 * How far each goroutine's nearest argument is from telling that it holds the mutex: by the bytes in between, since small
 * objects stand side by side, and farther than all bytes where the function that has the argument never asks for the
 * mutex, like a request's handler that merely knows the object.
 */
function farnessByGoroutine(
  references: readonly MutexReference[],
  asking: ReadonlySet<string>,
): ReadonlyMap<Goroutine, number> {
  const nearest = new Map<Goroutine, number>();
  for (const { group, goroutine, frame, behindBytes } of references) {
    const asks = asking.has(declaredFunction(group.stack[frame]?.function ?? ""));
    const farness = behindBytes + (asks ? 0 : mutexReachBytes);
    nearest.set(goroutine, Math.min(farness, nearest.get(goroutine) ?? farness));
  }
  return nearest;
}

/**
 * A goroutine that waits for none of the circle's mutexes has one of them among its arguments. Idle goroutines of
 * libraries may have an object close by in memory, but hold no lock of the service's.
 */
export function isContested(members: readonly MutexWaiter[], snapshot: GoroutineSnapshot): boolean {
  const references = mutexReferences(snapshot);
  const mutexes = new Set(members.map(({ waitsFor }) => waitsFor));
  return [...mutexes].some((mutex) =>
    references.get(mutex)?.some(({ group, goroutine, frame }) => {
      const waitsFor = waitedAddress(group, goroutine);
      if (waitsFor !== undefined) return !mutexes.has(waitsFor);
      // No address shows which RWMutex a reader waits for: it is that of the object whose method asks.
      return lockWait(group)?.callerIndex !== frame && !isKnownIdle(group);
    }),
  );
}
