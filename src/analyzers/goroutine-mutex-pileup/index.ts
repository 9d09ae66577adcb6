import { isRequest } from "../../domain/code/code-object.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import { isProvenLeak } from "../../domain/findings/leak-report.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import type { PileUp, PileUpTrend } from "../../domain/goroutines/pile-up.ts";
import { growthThresholds, pileExcerpt, trendOf, trendText } from "../../domain/goroutines/pile-up.ts";
import { nothingRuns } from "../../domain/goroutines/process-stillness.ts";
import { stackIndex } from "../../domain/goroutines/stack-index.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import type { LockHolder } from "../../domain/locks/lock-holders.ts";
import { bystanders, isBlocked, lockHolders, waitsOutside } from "../../domain/locks/lock-holders.ts";
import { isHeldByReaders, lockPile } from "../../domain/locks/lock-pile.ts";
import type { LockQueue } from "../../domain/locks/lock-queues.ts";
import { lockQueues, queuedGroups } from "../../domain/locks/lock-queues.ts";
import { lockText } from "../../domain/locks/lock-words.ts";
import { tellingSelfLock } from "../../domain/locks/self-locks.ts";
import { counted } from "../../domain/units.ts";
import { alikeText, besideText, heldText, nobodyText, oneEachText, selfText } from "./words.ts";

const ours = "docs/decisions/0003-default-thresholds.md";

export const goroutineMutexPileup = defineAnalyzer({
  meta: {
    id: "goroutine/mutex-pileup",
    title: "Many goroutines wait for one lock",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["goroutineLeak"],
    symptomOf: [],
    thresholds: {
      waiters: {
        default: 10,
        unit: "goroutines",
        meaning: "goroutines that wait for one lock",
        source: ours,
      },
      agedWaiters: {
        default: 5,
        unit: "goroutines",
        meaning: "goroutines that have waited for one lock for a minute or more",
        source: ours,
      },
      crowd: {
        default: 100,
        unit: "goroutines",
        meaning: "waiters that make a pile-up critical, and believable from a single capture",
        source: ours,
      },
      ...growthThresholds,
    },
    docs: {
      what: "Goroutines in sync.Mutex.Lock, RLock or a second RWMutex.Lock, gathered by the mutex's address where a dump shows it and else by the type whose code asks for the lock. Says who probably holds the lock when a stack shows it, and otherwise who else of the package is blocked.",
      why: "Everything that needs the lock stops behind one goroutine. Requests pile up, memory grows with them, and a restart only starts the queue afresh.",
      next: "Find the holder first (goroutine/lock-holder, goroutine/lock-cycle). Keep I/O, channel operations and other locks out of the critical section; copy under the lock and work outside.",
      falsePositives:
        "A busy lock that moves has a queue too. Without age, growth or a blocked holder a queue is only `possible`; so is one whose probable holder is running, or, seen once, waits for the network or a timer, and one in a library's own goroutines, each at another mutex.",
      corrections: [
        {
          claim: "A block profile exposes a mutex that everybody waits for.",
          fact: "Block and mutex profiles record a wait when it ends. A wait that never ends is in neither; the goroutine profile shows it.",
          source:
            "https://go.dev/src/runtime/sema.go (blockevent is called after the goroutine has been woken)",
        },
        {
          claim: "semacquire in a dump means a deadlock.",
          fact: "Since Go 1.20 a mutex wait reads sync.Mutex.Lock; semacquire is also WaitGroup.Wait (until Go 1.24) and, without a sync frame, a goroutine waiting for the GC.",
          source: "https://go.dev/src/runtime/runtime2.go",
        },
      ],
      references: ["https://go.dev/src/internal/sync/mutex.go", "https://go.dev/src/sync/rwmutex.go"],
    },
  },
  analyze({ goroutines, goroutineLeak, target }, limits) {
    const quiet = nothingRuns(goroutines, target.own);
    const queues = lockQueues(goroutines.best);
    return queues
      .filter(
        (queue) => !isHeldByReaders(queue) && !isLastLink(queue, queues, goroutines.best, limits.waiters),
      )
      .flatMap((queue) => {
        const pile = lockPile(queue, goroutines);
        // The last capture may have caught a wait of a moment: only what was there all along is stuck.
        const still =
          quiet && pile.counts.every((count) => count > 0) && !isSleptUnder(queue, goroutines.best);
        const leaked = isProvenLeak({ groups: queuedGroups(queue) }, goroutineLeak);
        if (pile.count < limits.waiters && pile.aged === 0 && !still && !leaked) return [];
        const trend = trendOf(pile, limits.waiters, limits);
        const holders = lockHolders(queue, goroutines.best);
        const [holder] = holders;
        const passing =
          trend === "seen-once" && holders.some((one) => isBlocked(one) && waitsOutside(one, target.own));
        const confidence = leaked
          ? "proven"
          : confidenceOf(
              { queue, pile, trend, holders, passing, still, foreign: isForeign(queue, target.own) },
              limits,
            );
        const self = tellingSelfLock(queue, target.own);
        const beside =
          holder === undefined && self === undefined ? bystanders(queue, goroutines.best, target.own) : [];
        const [largest] = queue.waits;
        if (confidence === undefined || largest === undefined) return [];
        const aged = pile.count < limits.waiters;
        const critical =
          confidence !== "possible" &&
          (pile.count >= limits.crowd ||
            (pile.count >= limits.waiters && queuedGroups(queue).some(isRequest)));
        return [
          {
            severity: critical ? "critical" : "warning",
            confidence,
            title: `${counted(pile.count, "goroutine")} wait${pile.count === 1 ? "s" : ""} for ${lockText(queue)}`,
            summary: summaryOf(
              queue,
              pile,
              trend,
              still,
              self !== undefined
                ? selfText(self)
                : holder !== undefined
                  ? heldText(holder, target.own)
                  : `${unheldText(queue, queues, goroutines.best, target.own)}${besideText(beside, target.own)}`,
            ),
            measured: {
              value: pile.count,
              limit: aged ? Math.min(limits.agedWaiters, pile.count) : limits.waiters,
              unit: "goroutines",
            },
            where: blamedFrames(largest.group, target.own),
            waitReason: largest.group.wait,
            groups: queuedGroups(queue),
            ...(mayAllHold(beside, largest.group) ? { waitsFor: beside } : {}),
            goroutines: pile.count,
            evidence: [
              pileExcerpt(
                goroutines.best.artifact,
                queuedGroups(queue),
                (group) => blamedFrames(group, target.own)[0],
              ),
            ],
            next: nextSteps(holder !== undefined && self === undefined, goroutines.best.form === "dump"),
          },
        ];
      });
  },
});

/** Somebody who takes such locks sleeps, with one perhaps, and will go on: two captures may both see that. */
function isSleptUnder({ object }: LockQueue, snapshot: GoroutineSnapshot): boolean {
  return stackIndex(snapshot)
    .places(object)
    .some(({ group }) => group.wait === "sleep");
}

/** One bystander's group whose goroutines can all be holders: a Mutex has one at a time, an RWMutex many readers. */
function mayAllHold(beside: readonly GoroutineGroup[], { wait }: GoroutineGroup): boolean {
  const [only, another] = beside;
  return only !== undefined && another === undefined && (only.count === 1 || wait !== "sync.Mutex.Lock");
}

/** Few waiters, who probably hold a lock that far more wait for: goroutine/lock-holder speaks of them. */
function isLastLink(
  queue: LockQueue,
  queues: readonly LockQueue[],
  snapshot: GoroutineSnapshot,
  waiters: number,
): boolean {
  if (queue.count >= waiters) return false;
  const larger = queues.filter((other) => other !== queue && other.count >= waiters);
  const holding = new Set(
    larger.flatMap((other) => {
      const [holder] = lockHolders(other, snapshot);
      return holder === undefined ? [] : [holder.group];
    }),
  );
  return queuedGroups(queue).every((group) => holding.has(group));
}

interface Reading {
  readonly queue: LockQueue;
  readonly pile: PileUp;
  readonly trend: PileUpTrend;
  readonly holders: readonly LockHolder[];
  /** Somebody who may hold it waits for the network or a timer, and there is one capture only. */
  readonly passing: boolean;
  readonly still: boolean;
  readonly foreign: boolean;
}

/** undefined: too little to speak of; goroutine/blocked-site may still list it. */
function confidenceOf(
  { queue, pile, trend, holders, passing, still, foreign }: Reading,
  limits: { readonly agedWaiters: number; readonly waiters: number; readonly crowd: number },
): Confidence | undefined {
  const known = queue.address === undefined ? "likely" : "proven";
  if (foreign && holders.length === 0) return "possible";
  if (pile.aged >= Math.min(limits.agedWaiters, 4) && pile.count >= limits.agedWaiters) return known;
  if (pile.count < limits.waiters) {
    const stuck = holders.length === 0 && (pile.aged > 0 || still);
    return stuck ? "likely" : undefined;
  }
  const busy = holders.some((holder) => !isBlocked(holder));
  if (trend === "growing") return busy ? "likely" : known;
  if (still || (holders.length > 0 && !busy && !passing)) return "likely";
  return pile.count >= limits.crowd && !busy ? "likely" : "possible";
}

function summaryOf(
  queue: LockQueue,
  pile: PileUp,
  trend: PileUpTrend,
  still: boolean,
  heldBy: string,
): string {
  const one = queue.address !== undefined ? " It is one and the same mutex by its address." : "";
  const why =
    still && trend !== "growing" && trend !== "old"
      ? "nothing of the service's own code runs in any capture"
      : trendText(pile, trend);
  return `${counted(pile.count, "goroutine")} stand${pile.count === 1 ? "s" : ""} in Lock; ${why}.${one} ${heldBy}`;
}

/** Nobody in sight can hold it. */
function unheldText(
  queue: LockQueue,
  queues: readonly LockQueue[],
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): string {
  if (isOneEach(queue, own)) return oneEachText;
  return `${nobodyText}${alikeText(unheldBeside(queue, queues, snapshot), own)}`;
}

/** Each of at least two waits for another mutex of the service's. */
function isOneEach(queue: LockQueue, own: OwnCode): boolean {
  return isSpread(queue) && queue.waits.every(({ caller }) => own.isOwn(caller));
}

/**
 * Each waits for another mutex of a library's, in code of a library's: a goroutine of its own that is always there, and
 * never counts as a holder, may have it while it opens a connection.
 */
function isForeign(queue: LockQueue, own: OwnCode): boolean {
  return isSpread(queue) && queue.waits.every(({ group }) => !group.stack.some((frame) => own.isOwn(frame)));
}

function isSpread({ count, mutexes }: LockQueue): boolean {
  return count > 1 && mutexes === count;
}

/** Where nobody is seen to hold several mutexes: the others, beside the first of them; a thing is said once. */
function unheldBeside(
  queue: LockQueue,
  queues: readonly LockQueue[],
  snapshot: GoroutineSnapshot,
): readonly LockQueue[] {
  const [first, ...others] = queues.filter(
    (other) => other.lock === "mutex" && lockHolders(other, snapshot).length === 0,
  );
  return first === queue ? others : [];
}

function nextSteps(hasHolder: boolean, isDump: boolean): string[] {
  return [
    hasHolder
      ? "Look at what the probable holder waits for, and move that out of the critical section."
      : "Check every path between Lock and Unlock for an early return, a panic, or a call that takes the same lock again.",
    ...(isDump
      ? []
      : [
          "Take a dump for ages and lock addresses: curl -s 'http://HOST/debug/pprof/goroutine?debug=2' > goroutines.txt",
        ]),
    "For contention that does move, where runtime.SetMutexProfileFraction is set: go tool pprof -top 'http://HOST/debug/pprof/mutex'",
  ];
}
