import { codeObject, declaredFunction, isMethod } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { Goroutine, GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { isRuntimeFrame } from "../goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../goroutines/known-idle.ts";
import { memoisedOfTwo } from "../memoised.ts";
import { isHolder } from "./lock-holders.ts";
import { lastTwoHolders, pairsByLine } from "./lock-order.ts";
import { singleMutexQueues } from "./lock-queues.ts";
import { lockWait } from "./lock-waits.ts";
import {
  type MutexReference,
  type MutexWaiter,
  mutexReachBytes,
  mutexReferences,
  mutexWaiters,
  waitedAddress,
} from "./mutex-references.ts";

/** Goroutines each of which waits for a lock that the next one probably holds; the last one's is held by the first. */
export interface LockCycle {
  readonly members: readonly LockCycleMember[];
  /**
   * - `lines`: each has come past the line at which others wait for the mutex that the other one asks for.
   * - `addresses`: each waited address stands among the live arguments of the goroutine before it in the circle.
   * - `code`: each runs the code that the other one's lock is taken in, and nobody else does.
   * - `types`: only the code says so: each waits for a lock of a type that the other one's stack runs through.
   * - `elimination`: they are the only two that probably hold a lock and wait for another. Means something only where
   *   nothing else runs.
   */
  readonly reason: "addresses" | "lines" | "code" | "types" | "elimination";
  /** Another goroutine, not part of the circle, touches one of the locks: it may be the holder instead. */
  readonly contested: boolean;
}

export interface LockCycleMember {
  readonly group: GoroutineGroup;
  readonly goroutine?: Goroutine;
  /** Address of the mutex waited for, when known. */
  readonly waitsFor?: number;
  /** Where it asks for the lock. */
  readonly caller: Frame;
}

/** This bounds the comparison of all with all. */
const mostTypedWaits = 256;
const mostCycles = 32;

/** Circles of two, told by addresses where a dump has them and by types otherwise; one for each pair of groups. */
export const lockCycles = memoisedOfTwo(findCycles);

function findCycles(snapshot: GoroutineSnapshot, own: OwnCode): readonly LockCycle[] {
  const cycles: LockCycle[] = [];
  const told = new Set<GoroutineGroup>();
  for (const found of [
    addressCycles(snapshot),
    lineCycles(snapshot),
    codeCycles(snapshot),
    typeCycles(snapshot, own),
    eliminationCycles(snapshot),
  ]) {
    const news = found.filter(({ members }) => !members.some(({ group }) => told.has(group)));
    for (const { members } of news) for (const { group } of members) told.add(group);
    cycles.push(...news);
  }
  return cycles;
}

/** Where the compiler keeps no argument alive, the lines at which the others stand tell; one circle for each pair of locks. */
function lineCycles(snapshot: GoroutineSnapshot): LockCycle[] {
  const taken = new Set<number>();
  const cycles: LockCycle[] = [];
  for (const [a, b] of pairsByLine(mutexWaiters(snapshot))) {
    if (taken.has(a.waitsFor) || taken.has(b.waitsFor)) continue;
    taken.add(a.waitsFor).add(b.waitsFor);
    cycles.push({ members: [a, b], reason: "lines", contested: false });
  }
  return cycles.slice(0, mostCycles);
}

function addressCycles(snapshot: GoroutineSnapshot): LockCycle[] {
  const waiters = mutexWaiters(snapshot);
  const references = mutexReferences(snapshot);
  const touching = new Map(
    [...askers(waiters)].map(([mutex, asking]) => [
      mutex,
      farnessByGoroutine(references.get(mutex) ?? [], asking),
    ]),
  );
  const near = new Set([...touching.values()].flatMap((nearest) => [...nearest.keys()]));
  const holding = waiters.filter(({ goroutine }) => near.has(goroutine));
  const pairs: Pair[] = [];
  for (const [index, a] of holding.entries()) {
    for (const b of holding.slice(index + 1)) {
      if (a.waitsFor === b.waitsFor || isQueueing(a, b)) continue;
      const farFromB = touching.get(b.waitsFor)?.get(a.goroutine);
      const farFromA = touching.get(a.waitsFor)?.get(b.goroutine);
      if (farFromA !== undefined && farFromB !== undefined)
        pairs.push({ members: [a, b], farness: farFromA + farFromB });
    }
  }
  // A mutex has one holder, so it closes one circle only; the pair in different functions is the telling one.
  const taken = new Set<number>();
  const seen = new Set<string>();
  const cycles: LockCycle[] = [];
  const telling = pairs.toSorted(
    (one, other) => one.farness - other.farness || sameFunction(one.members) - sameFunction(other.members),
  );
  for (const {
    members: [a, b],
  } of telling) {
    const key = `${a.place} ${b.place}`;
    if (seen.has(key) || taken.has(a.waitsFor) || taken.has(b.waitsFor) || cycles.length === mostCycles)
      continue;
    seen.add(key);
    taken.add(a.waitsFor).add(b.waitsFor);
    cycles.push({ members: [a, b], reason: "addresses", contested: isContested(a, b, references) });
  }
  return cycles;
}

interface Pair {
  readonly members: readonly [MutexWaiter, MutexWaiter];
  /** Sum of both `farnessByGoroutine`. */
  readonly farness: number;
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

/** At two lines of one function the earlier one queues for what the later one has taken; it holds nothing of it. */
function isQueueing(a: MutexWaiter, b: MutexWaiter): boolean {
  return a.caller.function === b.caller.function && a.caller.line !== b.caller.line;
}

function sameFunction([a, b]: readonly [MutexWaiter, MutexWaiter]): number {
  return a.caller.function === b.caller.function ? 1 : 0;
}

/**
 * A goroutine that waits for neither of the two has one of them among its arguments. Idle goroutines of libraries may
 * have an object close by in memory, but hold no lock of the service's.
 */
function isContested(
  a: MutexWaiter,
  b: MutexWaiter,
  references: ReturnType<typeof mutexReferences>,
): boolean {
  return [a.waitsFor, b.waitsFor].some((mutex) =>
    references.get(mutex)?.some(({ group, goroutine }) => {
      const waitsFor = waitedAddress(group, goroutine);
      return waitsFor !== a.waitsFor && waitsFor !== b.waitsFor && !isKnownIdle(group);
    }),
  );
}

/**
 * Closures of one function, or methods of one type, that wait for different mutexes: each is the only one in sight that
 * could hold what the other one waits for.
 */
function codeCycles(snapshot: GoroutineSnapshot): LockCycle[] {
  const queues = new Map(singleMutexQueues(snapshot).map((queue) => [queue.address, queue]));
  const queued = mutexWaiters(snapshot).flatMap((waiter) => {
    const queue = queues.get(waiter.waitsFor);
    return queue === undefined ? [] : [{ waiter, queue }];
  });
  const cycles: LockCycle[] = [];
  const taken = new Set<number>();
  for (const [index, { waiter: a, queue: queueOfA }] of queued.entries()) {
    if (taken.has(a.waitsFor)) continue;
    for (const { waiter: b, queue: queueOfB } of queued.slice(index + 1)) {
      if (queueOfA === queueOfB || taken.has(b.waitsFor)) continue;
      // In one function they may stand before the lock of one object each.
      if (a.caller.function === b.caller.function) continue;
      if (!isHolder(b.group, queueOfA, snapshot) || !isHolder(a.group, queueOfB, snapshot)) continue;
      taken.add(a.waitsFor).add(b.waitsFor);
      const contested = snapshot.groups.some(
        (group) =>
          group !== a.group &&
          group !== b.group &&
          (isHolder(group, queueOfA, snapshot) || isHolder(group, queueOfB, snapshot)),
      );
      cycles.push({ members: [a, b], reason: "code", contested });
      break;
    }
  }
  return cycles.slice(0, mostCycles);
}

function eliminationCycles(snapshot: GoroutineSnapshot): LockCycle[] {
  if (snapshot.groups.some(({ waitedMutexes }) => waitedMutexes.size > 0)) return [];
  const two = lastTwoHolders(snapshot);
  return two === undefined
    ? []
    : [
        {
          members: two.map(({ group, caller }) => ({ group, caller })),
          reason: "elimination",
          contested: false,
        },
      ];
}

interface TypedWait extends LockCycleMember {
  readonly object: string;
  /** Types further out in the stack, whose locks it may hold. */
  readonly through: ReadonlySet<string>;
}

/**
 * Own types only, and not functions: two functions of package main that call each other would look the same.
 * Several types between the two are fine, so a request's handler that both run through is not taken for a lock's owner.
 */
function typeCycles(snapshot: GoroutineSnapshot, own: OwnCode): LockCycle[] {
  const waits: TypedWait[] = [];
  for (const group of snapshot.groups) {
    const wait = lockWait(group);
    if (wait === undefined || waits.length === mostTypedWaits) continue;
    const through = new Set<string>();
    for (const frame of group.stack.slice(wait.callerIndex + 1)) {
      if (isRuntimeFrame(frame) || !own.isOwn(frame) || !isMethod(frame.function)) continue;
      const object = codeObject(frame.function);
      if (object !== wait.object) through.add(object);
    }
    if (isMethod(wait.caller.function))
      waits.push({ group, caller: wait.caller, object: wait.object, through });
  }
  const cycles: LockCycle[] = [];
  const seen = new Set<string>();
  for (const [index, a] of waits.entries()) {
    for (const b of waits.slice(index + 1)) {
      if (a.object === b.object || !a.through.has(b.object) || !b.through.has(a.object)) continue;
      const key = [a.object, b.object].toSorted().join();
      if (seen.has(key)) continue;
      seen.add(key);
      cycles.push({ members: [a, b], reason: "types", contested: false });
    }
  }
  return cycles;
}
