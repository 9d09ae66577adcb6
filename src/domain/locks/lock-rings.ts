import type { GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { passedMutexes } from "./lock-order.ts";
import { type MutexWaiter, mutexReachBytes, mutexWaiters } from "./mutex-references.ts";
import { touchedMutexes } from "./mutex-touches.ts";

/** So many take part in one circle at most: longer ones have not been seen, and nobody would read them. */
const mostMembers = 16;

/**
 * Circles of three and more of those who wait, in the order in which each waits for the next; each stands in one circle at
 * most. Everybody waits for one lock and every lock has one probable holder, so following these from anywhere either ends
 * or comes round.
 */
function ringsOf<Waiter>(
  waiters: readonly Waiter[],
  probableHolder: (waiter: Waiter) => Waiter | undefined,
): Waiter[][] {
  const rings: Waiter[][] = [];
  const followed = new Set<Waiter>();
  for (const start of waiters) {
    const path: Waiter[] = [];
    let waiter: Waiter | undefined = start;
    while (waiter !== undefined && !followed.has(waiter)) {
      followed.add(waiter);
      path.push(waiter);
      waiter = probableHolder(waiter);
    }
    const from = waiter === undefined ? -1 : path.indexOf(waiter);
    const ring = from === -1 ? [] : path.slice(from);
    if (ring.length >= 3 && ring.length <= mostMembers) rings.push(ring);
  }
  return rings;
}

/** Each mutex is taken to be held by whoever of the other waiters has its object nearest among the arguments. */
export function addressRings(snapshot: GoroutineSnapshot): MutexWaiter[][] {
  const waiters = mutexWaiters(snapshot);
  const touching = touchedMutexes(snapshot);
  const waiterOf = new Map(waiters.map((waiter) => [waiter.goroutine, waiter]));
  const lastLine = lastLines(waiters);
  const holders = new Map<number, MutexWaiter>();
  for (const [mutex, nearest] of touching) {
    const others = [...nearest].flatMap(([goroutine, bytes]) => {
      const waiter = waiterOf.get(goroutine);
      if (waiter === undefined || waiter.waitsFor === mutex) return [];
      const { function: symbol, line } = waiter.caller;
      // At the earlier of two lines of one function it queues for what those at the later one have taken.
      return [{ waiter, farness: bytes + (line < (lastLine.get(symbol) ?? line) ? queueing : 0) }];
    });
    const [first, second] = others.sort((a, b) => a.farness - b.farness);
    // Of several that are equally near nothing tells which it is.
    if (first !== undefined && first.farness !== second?.farness) holders.set(mutex, first.waiter);
  }
  return ringsOf(waiters, ({ waitsFor }) => holders.get(waitsFor));
}

/** More than any `farnessByGoroutine`. */
const queueing = 4 * mutexReachBytes;

/** For each function the last of the lines at which somebody waits in it. */
function lastLines(waiters: readonly MutexWaiter[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const { caller } of waiters)
    last.set(caller.function, Math.max(caller.line, last.get(caller.function) ?? 0));
  return last;
}

/** Each mutex is taken to be held by whoever of the waiters has come past a line at which others wait for it. */
export function lineRings(snapshot: GoroutineSnapshot): MutexWaiter[][] {
  const waiters = mutexWaiters(snapshot);
  const passed = passedMutexes(waiters);
  const holders = new Map<number, MutexWaiter | "several">();
  for (const [waiter, mutexes] of passed)
    for (const mutex of mutexes) holders.set(mutex, holders.has(mutex) ? "several" : waiter);
  return ringsOf(waiters, ({ waitsFor }) => {
    const holder = holders.get(waitsFor);
    return holder === "several" ? undefined : holder;
  });
}

/** Somebody who waits for a lock of one type, and types whose locks they may hold. */
export interface TypedStep {
  readonly object: string;
  readonly through: ReadonlySet<string>;
}

/**
 * The shortest circles of three and more types, one for each set of them: through a method of the first somebody waits for
 * a lock of the second, and so on round.
 */
export function typedRings<Step extends TypedStep>(steps: readonly Step[]): Step[][] {
  const from = new Map<string, Map<string, Step>>();
  for (const step of steps) {
    for (const held of step.through) {
      const next = from.get(held) ?? new Map<string, Step>();
      if (!next.has(step.object)) from.set(held, next.set(step.object, step));
    }
  }
  const rings: Step[][] = [];
  const told = new Set<string>();
  for (const start of from.keys()) {
    if (told.has(start)) continue;
    const ring = shortestBack(start, from);
    if (ring === undefined || ring.length < 3) continue;
    for (const { object } of ring) told.add(object);
    rings.push(ring);
  }
  return rings;
}

/** The steps of the shortest way from a type back to itself, breadth first. */
function shortestBack<Step extends TypedStep>(
  start: string,
  from: ReadonlyMap<string, ReadonlyMap<string, Step>>,
): Step[] | undefined {
  let ways: { readonly at: string; readonly steps: readonly Step[] }[] = [{ at: start, steps: [] }];
  const seen = new Set<string>();
  for (let length = 1; length <= mostMembers && ways.length > 0; length++) {
    const further: typeof ways = [];
    for (const { at, steps } of ways) {
      for (const [next, step] of from.get(at) ?? []) {
        if (next === start) return [...steps, step];
        if (seen.has(next)) continue;
        seen.add(next);
        further.push({ at: next, steps: [...steps, step] });
      }
    }
    ways = further;
  }
  return undefined;
}
