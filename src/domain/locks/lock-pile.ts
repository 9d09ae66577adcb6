import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { type PileUp, pileUp } from "../goroutines/pile-up.ts";
import { append } from "../grouped.ts";
import { memoised } from "../memoised.ts";
import type { LockQueue } from "./lock-queues.ts";
import { lockWait } from "./lock-waits.ts";

/**
 * A lock's queue over all captures. Only the type that the lock belongs to is comparable between captures, so `counts`
 * may take in other locks of that type; `count` is the queue's own.
 */
export function lockPile(queue: LockQueue, evidence: GoroutineEvidence): PileUp {
  const [first, ...later] = evidence.series;
  const alike: GoroutineEvidence = {
    ...evidence,
    best: { ...evidence.best, groups: queue.waits.map((wait) => wait.group) },
    series: [onlyAlike(first, queue), ...later.map((snapshot) => onlyAlike(snapshot, queue))],
  };
  const pile = pileUp(alike, () => true);
  return { ...pile, count: queue.count, counts: pile.counts.length === 1 ? [queue.count] : pile.counts };
}

/** The snapshot with the goroutines only that wait for locks of the queue's type. */
function onlyAlike(snapshot: GoroutineSnapshot, { lock, object }: LockQueue): GoroutineSnapshot {
  return { ...snapshot, groups: waitingByObject(snapshot).get(`${lock} ${object}`) ?? [] };
}

const waitingByObject = memoised(({ groups }: GoroutineSnapshot) => {
  const waiting = new Map<string, GoroutineGroup[]>();
  for (const group of groups) {
    const wait = lockWait(group);
    if (wait === undefined) continue;
    const key = `${wait.kind === "mutex" ? "mutex" : "rwmutex"} ${wait.object}`;
    append(waiting, key, group);
  }
  return waiting;
});

/**
 * True when readers hold the RWMutex: a writer that has come past the inner mutex waits for nothing but readers to
 * leave (Go source: sync/rwmutex.go, RWMutex.Lock), and its presence keeps new readers out.
 */
export function isHeldByReaders(queue: LockQueue): boolean {
  return queue.lock === "rwmutex" && queue.waits.some(({ group }) => group.wait === "sync.RWMutex.Lock");
}
