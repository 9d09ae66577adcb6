import type { GoroutineEvidence } from "./evidence.ts";
import type { GoroutineGroup } from "./goroutine.ts";
import type { LockQueue } from "./lock-queues.ts";
import { lockWait } from "./lock-waits.ts";
import type { PileUp } from "./pile-up.ts";
import { pileUp } from "./pile-up.ts";

/**
 * A lock's queue over all captures. Only the type that the lock belongs to is comparable between captures, so `counts`
 * may take in other locks of that type; `count` is the queue's own.
 */
export function lockPile(queue: LockQueue, evidence: GoroutineEvidence): PileUp {
  const pile = pileUp(evidence, (group) => isInQueue(group, queue));
  const groups = queue.waits.map((wait) => wait.group);
  const counts = pile.counts.length === 1 ? [queue.count] : pile.counts;
  return { ...pile, groups, count: queue.count, counts };
}

function isInQueue(group: GoroutineGroup, queue: LockQueue): boolean {
  const wait = lockWait(group);
  if (wait === undefined || wait.object !== queue.object) return false;
  return (wait.kind === "mutex") === (queue.lock === "mutex");
}

/**
 * True when readers hold the RWMutex: a writer that has come past the inner mutex waits for nothing but readers to
 * leave (Go source: sync/rwmutex.go, RWMutex.Lock), and its presence keeps new readers out.
 */
export function isHeldByReaders(queue: LockQueue): boolean {
  return queue.lock === "rwmutex" && queue.waits.some(({ group }) => group.wait === "sync.RWMutex.Lock");
}
