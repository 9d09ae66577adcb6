import type { Frame } from "../code/frame.ts";
import { type OwnCode, ownFrames } from "../code/own-code.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { isKnownIdle } from "../goroutines/known-idle.ts";
import { type PileUp, pileUp } from "../goroutines/pile-up.ts";
import { memoisedOfTwo } from "../memoised.ts";
import { type Keeps, keptAfter, type PoolWait, poolWait } from "./pool-waits.ts";

/** Everybody who waits for one kind of pool. Pools of one type cannot be told apart. */
export interface PoolQueue {
  readonly pool: string;
  readonly library: PoolWait["library"];
  readonly pile: PileUp;
  /** The calls that want something from the pool, as far as own code makes them, over all snapshots, by function. */
  readonly acquisitions: ReadonlyMap<string, readonly Acquisition[]>;
}

/** An own line that takes something from the pool. */
export interface Acquisition {
  readonly frame: Frame;
  readonly keeps: Keeps;
}

/** The queues of all pools that somebody waits for in the most telling snapshot, longest first. */
export const poolQueues = memoisedOfTwo(findQueues);

function findQueues(evidence: GoroutineEvidence, own: OwnCode): readonly PoolQueue[] {
  const names = new Set<string>();
  for (const group of evidence.best.groups) {
    const wait = poolWait(group);
    if (wait !== undefined) names.add(wait.pool);
  }
  return [...names]
    .map((pool) => {
      const pile = pileUp(evidence, (group) => poolWait(group)?.pool === pool);
      const [first] = pile.groups;
      const library = (first === undefined ? undefined : poolWait(first)?.library) ?? "unknown";
      return { pool, library, pile, acquisitions: acquisitionsOf(pool, evidence, own) };
    })
    .sort((a, b) => b.pile.count - a.pile.count);
}

function acquisitionsOf(
  pool: string,
  { best, series }: GoroutineEvidence,
  own: OwnCode,
): ReadonlyMap<string, readonly Acquisition[]> {
  const found = new Map<string, Acquisition[]>();
  for (const snapshot of new Set([best, ...series])) {
    for (const group of snapshot.groups) {
      const wait = poolWait(group);
      if (wait?.pool !== pool) continue;
      const [frame] = ownFrames(group.stack.slice(wait.acquireIndex + 1), own, 1);
      if (frame === undefined) continue;
      const keeps = keptAfter(group.stack, wait, own);
      const others = found.get(frame.function);
      if (others === undefined) found.set(frame.function, [{ frame, keeps }]);
      else if (!others.some((other) => other.frame.line === frame.line && other.keeps === keeps))
        others.push({ frame, keeps });
    }
  }
  return found;
}

/**
 * Which of those who wait to show first. When nobody is at work with the pool (`atWork` is 0) what it lent was kept, and
 * suspects are calls that leave something to give back, before calls that give it back themselves; else the largest.
 */
export function leadingWaiter(
  { pile, library }: PoolQueue,
  atWork: number,
  own: OwnCode,
): GoroutineGroup | undefined {
  const suspects =
    atWork > 0 || library === "grpc"
      ? []
      : pile.groups.filter((group) => {
          const wait = poolWait(group);
          return wait !== undefined && keptAfter(group.stack, wait, own) !== "nothing";
        });
  return suspects[0] ?? pile.groups[0];
}

/** Goroutines that hold something from a pool, because they have come past a line that takes it. */
export interface Holder {
  readonly group: GoroutineGroup;
  /** The own frame that has it, where it stands now. */
  readonly frame: Frame;
  /** The same function at the line that took it. */
  readonly takenAt: Frame;
}

/**
 * Who holds something from the pool, inferred from source order: a function that is seen waiting for the pool at one
 * line, and elsewhere stands at a later line of the same call, has got what it waited for. Calls that give it back
 * before they return do not count, and a function that asks twice counts only when the first time was for a
 * transaction or a connection. Wrong when the function gives it back in between.
 */
export function holdersOf(queue: PoolQueue, snapshot: GoroutineSnapshot, own: OwnCode): Holder[] {
  return snapshot.groups.flatMap((group) => {
    const wait = poolWait(group);
    const waits = wait?.pool === queue.pool;
    if (!group.stack.some((frame) => queue.acquisitions.has(frame.function))) return [];
    const frames = ownFrames(group.stack.slice(waits ? wait.acquireIndex + 1 : 0), own, mostOwnFrames);
    for (const [index, frame] of frames.entries()) {
      const asksItself = waits && index === 0;
      const taken = queue.acquisitions
        .get(frame.function)
        ?.find(
          (acquisition) =>
            acquisition.frame.line < frame.line &&
            (asksItself ? acquisition.keeps === "a-scope" : acquisition.keeps !== "nothing"),
        );
      if (taken !== undefined) return [{ group, frame, takenAt: taken.frame }];
    }
    return [];
  });
}

const mostOwnFrames = 50;

/**
 * Goroutines that are not waiting for the pool, but in a function that takes things from it: some of them hold one
 * now. None at all while many wait means that what the pool lent is lost, or in the hands of those who wait.
 */
export function atWorkWith(queue: PoolQueue, snapshot: GoroutineSnapshot): GoroutineGroup[] {
  return snapshot.groups.filter(
    (group) =>
      poolWait(group)?.pool !== queue.pool &&
      !isKnownIdle(group) &&
      group.stack.some((frame) => queue.acquisitions.has(frame.function)),
  );
}
