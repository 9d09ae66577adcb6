import { isRequest } from "../../domain/code/code-object.ts";
import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { isAlsoIn } from "../../domain/goroutines/goroutine-sites.ts";
import type { PileUp, PileUpTrend } from "../../domain/goroutines/pile-up.ts";
import { growthThresholds, pileExcerpt, trendOf, trendText } from "../../domain/goroutines/pile-up.ts";
import { nothingRuns } from "../../domain/goroutines/process-stillness.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { lockCycles } from "../../domain/locks/lock-cycles.ts";
import type { LockHolder } from "../../domain/locks/lock-holders.ts";
import {
  bystanders,
  isBlocked,
  isHolder,
  lockHolders,
  waitsOutside,
} from "../../domain/locks/lock-holders.ts";
import { isHeldByReaders, lockPile } from "../../domain/locks/lock-pile.ts";
import type { LockQueue } from "../../domain/locks/lock-queues.ts";
import { lockQueues, queuedGroups } from "../../domain/locks/lock-queues.ts";
import { lockWait } from "../../domain/locks/lock-waits.ts";
import { holderExcerpt, holderReason, holderText, lockText } from "../../domain/locks/lock-words.ts";
import { isLogger } from "../../domain/locks/log-locks.ts";
import { isTelling, type SelfLock, selfLocks } from "../../domain/locks/self-locks.ts";
import { counted } from "../../domain/units.ts";

const ours = "docs/decisions/0003-default-thresholds.md";

export const goroutineLockHolder = defineAnalyzer({
  meta: {
    id: "goroutine/lock-holder",
    title: "A lock is held by a goroutine that is itself blocked",
    severity: "critical",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      waiters: {
        default: 10,
        unit: "goroutines",
        meaning:
          "waiters behind the blocked holder; fewer are only worth a look unless they have waited for a minute",
        source: ours,
      },
      ...growthThresholds,
    },
    docs: {
      what: "Behind goroutines that wait for a lock, the goroutine that probably holds it and is blocked on I/O, a channel, a timer, or another lock. Read from lock addresses in a dump, and from stacks: it stands in the same function beyond the Lock call, or in another function of the same type. A goroutine that waits for a mutex inside a function that takes the same one is named as its own holder: it locks twice.",
      why: "The lock is free again only when that wait ends. The fix belongs there, not where the crowd stands.",
      next: "Do not wait under the lock: copy what is needed, unlock, then do I/O or channel work; give that work a deadline.",
      falsePositives:
        "Which goroutine holds a sync.Mutex is recorded nowhere, so the holder is inferred and worded so. Background loops of the type, crowds that cannot all hold one mutex, and running goroutines are not named. Few waiters behind one that waits for the network or a timer are `possible` and no more than a hint: a lock that moves from one slow call to the next looks the same.",
      references: [
        "https://go.dev/src/internal/sync/mutex.go",
        "https://go.dev/src/runtime/traceback.go",
        "https://github.com/cockroachdb/cockroach/issues/14602",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    const still = nothingRuns(goroutines, target.own);
    const inCircle = new Set(
      lockCycles(goroutines.best, target.own).flatMap(({ members }) => members.map(({ group }) => group)),
    );
    return lockQueues(goroutines.best)
      .filter(
        (queue) => !isHeldByReaders(queue) && !queue.waits.every(({ caller }) => isLogger(caller.function)),
      )
      .flatMap((queue) => {
        const other = blockedHolder(queue, goroutines);
        const self = selfHolder(queue, goroutines.best, target.own, other);
        const holder = self?.holder ?? other;
        const [largest] = queue.waits;
        if (holder === undefined || largest === undefined || inCircle.has(holder.group)) return [];
        const pile = lockPile(queue, goroutines);
        const trend = trendOf(pile, limits.waiters, limits);
        const outside = self === undefined && waitsOutside(holder, target.own);
        const lasts = still && !outside;
        const likely = isLikely({ holder, pile, trend, still: lasts, goroutines }, limits.waiters);
        const text = holderText(holder, target.own);
        const waiting = counted(pile.count, "goroutine");
        return [
          {
            severity:
              likely && (pile.count >= limits.waiters || queuedGroups(queue).some(isRequest))
                ? "critical"
                : !likely && outside && pile.count < limits.waiters
                  ? "info"
                  : "warning",
            confidence: likely ? "likely" : "possible",
            title:
              self === undefined
                ? `Lock with ${counted(pile.count, "waiter")} is probably held by a goroutine in ${holder.group.state}`
                : `${shortName(self.lock.wait.caller.function)} probably locks a mutex again that ${shortName(self.lock.outer.function)} holds`,
            summary:
              `${waiting} ${pile.count === 1 ? "waits" : "wait"} for ${lockText(queue)}; ${trendText(pile, trend)}. It is probably held by ${text}. ` +
              (self === undefined
                ? `${holderReason(holder, queue)} ${refutation(holder)}`
                : selfReason(self.lock)),
            measured: { value: pile.count, limit: limits.waiters, unit: "goroutines" },
            where: blamedFrames(holder.group, target.own),
            waitReason: holder.group.wait,
            groups: [holder.group],
            // One that waits for its own lock has no cause beyond itself.
            waitsFor: self === undefined ? [holder.group] : [],
            blocks: queuedGroups(queue).filter((group) => self !== undefined || group !== holder.group),
            evidence: [
              holderExcerpt(holder, goroutines.best.artifact, target.own),
              pileExcerpt(
                goroutines.best.artifact,
                queuedGroups(queue),
                (group) => blamedFrames(group, target.own)[0],
              ),
            ],
            next:
              self !== undefined
                ? innerFunction(self.lock)
                : [
                    "Move the wait out of the critical section: copy under the lock, unlock, then do the I/O or channel operation.",
                    "Give the wait a deadline, so that the lock comes free when the other side does not answer.",
                    ...(holder.reason === "address"
                      ? []
                      : [
                          "Confirm the holder with a dump (lock addresses): curl -s 'http://HOST/debug/pprof/goroutine?debug=2' > goroutines.txt",
                        ]),
                  ],
          },
        ];
      });
  },
});

/**
 * The goroutine that waits for its own lock, where one is seen: told by another's line in the same function and the
 * object's address, or else when nobody else is in sight who could hold it.
 */
function selfHolder(
  queue: LockQueue,
  best: GoroutineSnapshot,
  own: OwnCode,
  other: LockHolder | undefined,
): { readonly lock: SelfLock; readonly holder: LockHolder } | undefined {
  const [lock] = selfLocks(queue, own);
  if (lock === undefined) return undefined;
  // A reader may read again; a method of the type may have read before it writes.
  if (queue.lock === "rwmutex" && (lock.reason !== "function" || lock.wait.kind !== "write lock"))
    return undefined;
  // That an outer method of the type took the lock is a guess, not to be made where somebody else may have it.
  if (lock.reason === "object" && bystanders(queue, best, own).length > 0) return undefined;
  if (!isTelling(lock) && (other !== undefined || best.groups.some((group) => isHolder(group, queue, best))))
    return undefined;
  const { group } = lock.wait;
  const [goroutine] = group.exemplars;
  return {
    lock,
    holder: {
      group,
      ...(goroutine === undefined ? {} : { goroutine }),
      passes: lock.outer,
      reason: "function",
      score: leastScore,
    },
  };
}

function selfReason({ wait, outer, reason, sameObject }: SelfLock): string {
  const inner = shortName(wait.caller.function);
  const outside = shortName(outer.function);
  const why =
    reason === "function"
      ? `${outside} takes this lock as well, at a line that it has come past`
      : `${outside} is of the same type and may have taken the lock`;
  const object = sameObject ? ", and its arguments point at the very mutex" : "";
  return (
    `Inferred from its stack: it waits in ${inner}, called by ${outside}; ${why}${object}. A ${wait.kind === "mutex" ? "sync.Mutex" : "sync.RWMutex"} cannot be locked ` +
    "twice, so it waits for itself for ever. If the lock is another object's, its holder is somebody else, or has ended without Unlock."
  );
}

function innerFunction({ wait, outer }: SelfLock): string[] {
  const inner = shortName(wait.caller.function);
  return [
    `Let ${inner} have an inner form that expects the lock, and call that from ${shortName(outer.function)}.`,
    "Check every path between Lock and Unlock for a return or a panic without Unlock: the same stack, another cause.",
  ];
}

/** Telling enough to be named: same function beyond the lock, or the lock's object among its arguments. */
const leastScore = 2;

/** The most telling holder that is blocked; nothing when a running goroutine is at least as telling. */
function blockedHolder(queue: LockQueue, { best }: GoroutineEvidence): LockHolder | undefined {
  const holders = lockHolders(queue, best).filter(
    (holder) => holder.score >= leastScore && !isWaiterOnly(holder, queue),
  );
  const [first] = holders;
  const blocked = holders.find(isBlocked);
  if (first === undefined || blocked === undefined) return undefined;
  return !isBlocked(first) && first.score > blocked.score ? undefined : blocked;
}

/**
 * A goroutine that waits for a lock of the same type may be behind another instance's lock, not hold this one; unless it
 * waits for a lock of the other kind, further on in the function that takes this one.
 */
function isWaiterOnly(holder: LockHolder, queue: LockQueue): boolean {
  const wait = lockWait(holder.group);
  if (wait === undefined || wait.object !== queue.object || holder.reason === "address") return false;
  return (wait.kind === "mutex") === (queue.lock === "mutex") || !isBeyond(holder.passes, queue);
}

function isBeyond(frame: Frame, { waits }: LockQueue): boolean {
  return waits.some(({ caller }) => caller.function === frame.function && caller.line < frame.line);
}

interface Reading {
  readonly holder: LockHolder;
  readonly pile: PileUp;
  readonly trend: PileUpTrend;
  readonly still: boolean;
  readonly goroutines: GoroutineEvidence;
}

/** The wait has lasted (age, growth, or in every capture), and the holder was there all the time. */
function isLikely({ holder, pile, trend, still, goroutines }: Reading, waiters: number): boolean {
  const heldOn = goroutines.series.every((snapshot) => isAlsoIn(snapshot, holder.group));
  if (pile.aged > 0 && (holder.group.waitMinutes?.max ?? 0) > 0) return true;
  if (!heldOn) return false;
  if (still) return true;
  if (pile.count < waiters) return false;
  return trend === "growing" || trend === "old" || trend === "steady" || pile.count >= waiters * 5;
}

function refutation(holder: LockHolder): string {
  return holder.reason === "address"
    ? "Reading its code between Lock and Unlock settles it."
    : "If that function has unlocked before it waits, the holder is somebody else.";
}
