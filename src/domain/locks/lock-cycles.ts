import { codeObject, isMethod } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { Goroutine, GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { isRuntimeFrame } from "../goroutines/goroutine-sites.ts";
import { memoisedOfTwo } from "../memoised.ts";
import { isHolder } from "./lock-holders.ts";
import { lastTwoHolders, pairsByLine } from "./lock-order.ts";
import { singleMutexQueues } from "./lock-queues.ts";
import { addressRings, lineRings, typedRings } from "./lock-rings.ts";
import { lockWait } from "./lock-waits.ts";
import { type MutexWaiter, mutexWaiters } from "./mutex-references.ts";
import { isContested, touchedMutexes } from "./mutex-touches.ts";

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

/**
 * Circles of two and more, told by addresses or lines where a dump has them and by types otherwise; one for each pair of
 * groups.
 */
export const lockCycles = memoisedOfTwo(findCycles);

function findCycles(snapshot: GoroutineSnapshot, own: OwnCode): readonly LockCycle[] {
  const cycles: LockCycle[] = [];
  const told = new Set<GoroutineGroup>();
  const byAddress = addressCycles(snapshot);
  const waits = typedWaits(snapshot, own);
  for (const found of [
    byAddress.filter(({ contested }) => !contested),
    lineCycles(snapshot),
    // Two neighbours in a ring may look like a pair that somebody else, the next one, contests.
    addressRings(snapshot).map((members) => ringOf(members, "addresses", isContested(members, snapshot))),
    lineRings(snapshot).map((members) => ringOf(members, "lines")),
    byAddress.filter(({ contested }) => contested),
    codeCycles(snapshot),
    typeCycles(waits),
    typedRings(waits).map((members) => ringOf(members, "types")),
    eliminationCycles(snapshot),
  ]) {
    const news = found.filter(({ members }) => !members.some(({ group }) => told.has(group)));
    for (const { members } of news) for (const { group } of members) told.add(group);
    cycles.push(...news);
  }
  return cycles;
}

function ringOf(
  members: readonly LockCycleMember[],
  reason: LockCycle["reason"],
  contested = false,
): LockCycle {
  return { members, reason, contested };
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
  const touching = touchedMutexes(snapshot);
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
    cycles.push({ members: [a, b], reason: "addresses", contested: isContested([a, b], snapshot) });
  }
  return cycles;
}

interface Pair {
  readonly members: readonly [MutexWaiter, MutexWaiter];
  /** Sum of both `farnessByGoroutine`. */
  readonly farness: number;
}

/** At two lines of one function the earlier one queues for what the later one has taken; it holds nothing of it. */
function isQueueing(a: MutexWaiter, b: MutexWaiter): boolean {
  return a.caller.function === b.caller.function && a.caller.line !== b.caller.line;
}

function sameFunction([a, b]: readonly [MutexWaiter, MutexWaiter]): number {
  return a.caller.function === b.caller.function ? 1 : 0;
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
function typedWaits(snapshot: GoroutineSnapshot, own: OwnCode): TypedWait[] {
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
  return waits;
}

function typeCycles(waits: readonly TypedWait[]): LockCycle[] {
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
