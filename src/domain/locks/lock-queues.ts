import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { grouped } from "../grouped.ts";
import { memoised } from "../memoised.ts";
import { type LockWait, lockWait } from "./lock-waits.ts";

/** Goroutines that wait for one lock, or for the locks of one type where the capture does not tell the locks apart. */
export interface LockQueue {
  readonly lock: "mutex" | "rwmutex";
  /** Type or function whose code asks for the lock. */
  readonly object: string;
  /** Address of the one mutex that all of them wait for; only dumps know it. */
  readonly address?: number;
  /** How many different mutexes these are, where a dump tells; absent when unknown. */
  readonly mutexes?: number;
  /** Largest group first. */
  readonly waits: readonly LockWait[];
  /** Goroutines in this queue; a group may stand in several queues. */
  readonly count: number;
}

/** Queues of one mutex that are looked at by themselves; the others are gathered by type. */
const smallestSingleQueue = 2;
const mostSingleQueues = 64;
/** A type with more contended mutexes than this has one queue for all of them, and one for each with a crowd behind it. */
const fewMutexes = 8;
const crowd = 10;
/** From so many mutexes of one type on that one goroutine each waits for, these are one queue. */
const fewestLonely = 3;
/** The longest queues are looked into; what waits in shorter ones is in the analysis's groups. */
const mostQueues = 16;

/** Who waits for which lock, longest queue first. Locks inside sync.Once are not locks of the service and left out. */
export const lockQueues = memoised(findQueues);

function findQueues(snapshot: GoroutineSnapshot): readonly LockQueue[] {
  const waits = snapshot.groups.map(lockWait).filter((wait) => wait !== undefined);
  const mutexWaits = waits.filter((wait) => wait.kind === "mutex");
  const single = standingAlone(singleMutexQueues(snapshot), mutexWaits);
  const queues = [
    ...single,
    ...restByObject(mutexWaits, single),
    ...byObject(waits.filter((wait) => wait.kind !== "mutex")).map(([object, members]) =>
      queueOf("rwmutex", object, members, sumOf(members)),
    ),
  ];
  return queues.sort((a, b) => b.count - a.count).slice(0, mostQueues);
}

/**
 * The queues that are told apart from others of their type: a deadlock in each of a hundred objects is one story, and so are
 * those who wait for a mutex of their own each.
 */
function standingAlone(single: readonly LockQueue[], waits: readonly LockWait[]): LockQueue[] {
  const lonely = new Map<string, number>();
  for (const { object, count } of single) if (count === 1) lonely.set(object, (lonely.get(object) ?? 0) + 1);
  const mutexes = new Map<string, Set<number>>();
  for (const { object, group } of waits) {
    const addresses = mutexes.get(object) ?? new Set();
    for (const address of group.waitedMutexes.keys()) addresses.add(address);
    mutexes.set(object, addresses);
  }
  return single.filter(({ object, count }) => {
    if (count === 1 && (lonely.get(object) ?? 0) >= fewestLonely) return false;
    return count >= crowd || (mutexes.get(object)?.size ?? 0) <= fewMutexes;
  });
}

/** Queues at one known address each, the longest first; not all where there are very many. */
export const singleMutexQueues = memoised(findSingleQueues);

function findSingleQueues({ groups }: GoroutineSnapshot): readonly LockQueue[] {
  const byAddress = new Map<number, { waits: LockWait[]; count: number }>();
  for (const group of groups) {
    const wait = lockWait(group);
    if (wait?.kind !== "mutex") continue;
    for (const [address, count] of wait.group.waitedMutexes) {
      const queue = byAddress.get(address);
      if (queue === undefined) byAddress.set(address, { waits: [wait], count });
      else {
        queue.waits.push(wait);
        queue.count += count;
      }
    }
  }
  const many = byAddress.size > mostSingleQueues;
  return [...byAddress]
    .filter(([, { count }]) => !many || count >= smallestSingleQueue)
    .sort(([, a], [, b]) => b.count - a.count)
    .slice(0, mostSingleQueues)
    .map(([address, { waits: members, count }]) => {
      const [first] = members;
      return { ...queueOf("mutex", first?.object ?? "", members, count), address, mutexes: 1 };
    });
}

/** What no single queue accounts for, by the type whose code asks for the lock. */
function restByObject(waits: readonly LockWait[], single: readonly LockQueue[]): LockQueue[] {
  const taken = new Set(single.map((queue) => queue.address));
  const queues: LockQueue[] = [];
  for (const [object, members] of byObject(waits)) {
    const rest: LockWait[] = [];
    const addresses = new Set<number>();
    let count = 0;
    for (const wait of members) {
      let left = wait.group.count;
      for (const [address, waiters] of wait.group.waitedMutexes) {
        if (taken.has(address)) left -= waiters;
        else addresses.add(address);
      }
      if (left > 0) rest.push(wait);
      count += Math.max(0, left);
    }
    if (count === 0) continue;
    queues.push({
      ...queueOf("mutex", object, rest, count),
      ...(addresses.size === 0 ? {} : { mutexes: addresses.size }),
    });
  }
  return queues;
}

function queueOf(
  lock: LockQueue["lock"],
  object: string,
  waits: readonly LockWait[],
  count: number,
): LockQueue {
  return { lock, object, waits: waits.toSorted((a, b) => b.group.count - a.group.count), count };
}

function byObject(waits: readonly LockWait[]): [string, LockWait[]][] {
  return [...grouped(waits, ({ object }) => object)];
}

function sumOf(waits: readonly LockWait[]): number {
  return waits.reduce((sum, { group }) => sum + group.count, 0);
}

/** The groups that stand in a queue. */
export function queuedGroups(queue: LockQueue): GoroutineGroup[] {
  return queue.waits.map(({ group }) => group);
}
