import { codeObject, isRequest } from "../../domain/code/code-object.ts";
import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import {
  growthThresholds,
  isInEach,
  pileExcerpt,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { nothingRuns } from "../../domain/goroutines/process-stillness.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { isBlocked, lockHolders } from "../../domain/locks/lock-holders.ts";
import { isHeldByReaders, lockPile } from "../../domain/locks/lock-pile.ts";
import type { LockQueue } from "../../domain/locks/lock-queues.ts";
import { lockQueues, queuedGroups } from "../../domain/locks/lock-queues.ts";
import type { LockWait } from "../../domain/locks/lock-waits.ts";
import { holderReason, holderText } from "../../domain/locks/lock-words.ts";
import { counted } from "../../domain/units.ts";

export const goroutineRwmutexStarvation = defineAnalyzer({
  meta: {
    id: "goroutine/rwmutex-starvation",
    title: "A waiting writer of an RWMutex keeps all readers out",
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
          "goroutines behind the waiting writer; fewer count when they have waited for a minute or lock twice",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "A goroutine in RWMutex.Lock that waits for readers to leave while others queue up in RLock behind it. Names a reader that takes the read lock again inside the first (a deadlock), or else a long reader that is blocked.",
      why: "As soon as a writer waits, new readers must wait too. If one of them is inside the lock already, neither it nor the writer can ever go on.",
      next: "Never take the read lock twice in one call chain: split the function into an exported one that locks and an inner one that expects the lock.",
      falsePositives:
        "A writer that waits for a moment is normal. That the outer function still holds its read lock is inferred from its stack, and it must last (age, growth or every capture) to be more than `possible`.",
      references: ["https://pkg.go.dev/sync#RWMutex", "https://go.dev/src/sync/rwmutex.go"],
    },
  },
  analyze({ goroutines, target }, limits) {
    const quiet = nothingRuns(goroutines, target.own);
    const queues = lockQueues(goroutines.best);
    const readers = queues.flatMap(({ waits }) => waits).filter((wait) => wait.kind === "read lock");
    return queues.filter(isHeldByReaders).flatMap((queue) => {
      const pile = lockPile(queue, goroutines);
      // The last capture may have caught a wait of a moment: only what was there all along is stuck.
      const still = quiet && pile.counts.every((count) => count > 0);
      const trend = trendOf(pile, limits.waiters, limits);
      const twiceInside = nestedReaders(queue, readers, target.own);
      const inside = lockHolders(queue, goroutines.best).filter(
        (one) => one.score >= telling && !twiceInside.some(({ group }) => group === one.group),
      );
      const holder = inside.find(isBlocked);
      const nested = inside.length > 0 ? [] : twiceInside;
      const [twice] = nested;
      const waitsInEach = isInEach(pile, Math.min(pile.count, limits.waiters));
      const lasting =
        trend === "growing" ||
        trend === "old" ||
        pile.aged > 0 ||
        still ||
        (pile.counts.length > 1 && waitsInEach);
      const many = pile.count >= limits.waiters;
      if (twice === undefined && holder === undefined && !lasting && !many) return [];
      // With nobody else inside, only the waiting readers themselves can be the ones that the writer waits for.
      const likely =
        (twice !== undefined && (many || lasting)) ||
        (holder !== undefined && many && lasting) ||
        (inside.length === 0 && lasting && still);
      const groups =
        twice !== undefined ? nested.map(({ group }) => group) : holder !== undefined ? [holder.group] : [];
      const [subject = queue.waits[0]?.group] = groups;
      if (subject === undefined) return [];
      const behind = queuedGroups(queue).filter((group) => !groups.includes(group));
      return [
        {
          severity:
            likely && (pile.count >= limits.waiters || behind.some(isRequest))
              ? ("critical" as const)
              : ("warning" as const),
          confidence: likely ? ("likely" as const) : ("possible" as const),
          title: `${counted(pile.count, "goroutine")} stuck at an RWMutex of ${shortName(queue.object)}: a writer waits for readers`,
          summary: `${counted(countOf(queue, "write lock"), "writer")} wait${countOf(queue, "write lock") === 1 ? "s" : ""} for readers to leave and ${counted(countOf(queue, "read lock"), "reader")} wait behind; ${trendText(pile, trend)}. ${
            twice !== undefined
              ? `Inferred from the stack: ${shortName(twice.caller.function)} takes the read lock inside ${shortName(outerFrame(twice, queue, target.own)?.function ?? "")}, which probably holds it already: it waits for the writer, and the writer for it.`
              : holder !== undefined
                ? `A reader inside is probably ${holderText(holder, target.own)}. ${holderReason(holder, queue)}`
                : "No other reader is in sight, so one of those that wait probably holds the read lock already, or one has ended without RUnlock."
          }`,
          measured: { value: pile.count, limit: limits.waiters, unit: "goroutines" },
          where: blamedFrames(subject, target.own),
          waitReason: subject.wait,
          groups: groups.length > 0 ? groups : queuedGroups(queue),
          // The readers of the inner function may be a queue of their own, where the lock has no address.
          blocks: groups.length > 0 ? [...nested.map(({ group }) => group), ...behind] : [],
          evidence: [
            pileExcerpt(
              goroutines.best.artifact,
              queuedGroups(queue),
              (group) => blamedFrames(group, target.own)[0],
            ),
          ],
          next: [
            twice !== undefined
              ? `Let ${shortName(twice.caller.function)} have an inner form that expects the lock, and call that from under the lock.`
              : "Shorten the read section: copy what is needed, unlock, then do the slow part.",
            "An RWMutex pays off only for long read sections; a Mutex with a short section cannot starve like this.",
          ],
        },
      ];
    });
  },
});

/** A holder's score from which it is more than a background loop of the same type. */
const telling = 2;

/**
 * Readers that stand inside another function of the same type, or beyond a line of a function at which others ask for
 * this lock: the read lock is probably theirs already.
 */
function nestedReaders(queue: LockQueue, readers: readonly LockWait[], own: OwnCode): LockWait[] {
  return readers.filter((wait) => {
    const outer = outerFrame(wait, queue, own);
    return outer !== undefined && (queue.waits.includes(wait) || hasComePast(outer, queue));
  });
}

/** The next own frame further out that belongs to the type (or function) whose lock is asked for. */
function outerFrame(
  { group, callerIndex, object }: LockWait,
  queue: LockQueue,
  own: OwnCode,
): Frame | undefined {
  return group.stack
    .slice(callerIndex + 1)
    .find(
      (frame) => own.isOwn(frame) && (codeObject(frame.function) === object || hasComePast(frame, queue)),
    );
}

function hasComePast(frame: Frame, { waits }: LockQueue): boolean {
  return waits.some(({ caller }) => caller.function === frame.function && caller.line < frame.line);
}

function countOf(queue: LockQueue, kind: LockWait["kind"]): number {
  return queue.waits
    .filter((wait) => wait.kind === kind)
    .map(({ group }): GoroutineGroup => group)
    .reduce((sum, { count }) => sum + count, 0);
}
