import type { Frame } from "../../domain/code/frame.ts";
import { type OwnCode, ownFrames } from "../../domain/code/own-code.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { type NestedWait, nestedWaits } from "../../domain/goroutines/nested-waits.ts";
import { growthExcerpt, pileExcerpt, sumOf } from "../../domain/goroutines/pile-up.ts";
import { poolKnob } from "../../domain/pools/pool-knobs.ts";
import { atWorkWith, type PoolQueue, poolQueues } from "../../domain/pools/pool-queues.ts";
import { poolWait } from "../../domain/pools/pool-waits.ts";
import { sqlConnections } from "../../domain/pools/sql-connections.ts";
import { counted, countText } from "../../domain/units.ts";

export const poolNestedAcquire = defineAnalyzer({
  meta: {
    id: "pool/nested-acquire",
    title: "Holders of pooled connections wait for another one",
    severity: "critical",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["dump"],
    symptomOf: [],
    thresholds: {
      nested: {
        default: 2,
        unit: "goroutines",
        meaning:
          "goroutines that wait for a pool while they hold something from it, with nobody at work who could give back",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "Goroutines that have taken a connection from a pool (database/sql, redigo, pgx, a semaphore, or a pool of the service's own) and wait for a second one before they give the first back, while nobody else is at work with the pool.",
      why: "As soon as as many of them run at a time as the pool has connections, each waits for the others and nobody can go on: a deadlock that only ends with a restart, or with the deadlines of the callers. Everybody else who needs the pool waits too.",
      next: "Hand the connection or transaction that is already held down to the callee, or finish with it (read the rows to the end and close them) before asking for another. A larger pool only makes it rarer.",
      falsePositives:
        "Who holds what is not in any capture: it is inferred from source order (the same function has come past the line that takes one) or from who started a transaction. A function that gives the first one back in between would be taken for a holder, so nobody may be at work with the pool.",
      references: [
        "https://github.com/golang/go/issues/16873",
        "https://github.com/RichardKnop/machinery/issues/546",
        "https://github.com/go-gorm/gorm/issues/7465",
        "https://go.dev/src/database/sql/sql.go (DB.conn)",
      ],
    },
  },
  analyze({ goroutines, dump, target }, limits) {
    return poolQueues(goroutines, target.own).flatMap((queue) => {
      const nested = nestedWaits(queue, goroutines.best, target.own, dump);
      const groups = nested.map(({ group }) => group);
      const count = sumOf(groups);
      const [largest] = nested;
      if (largest === undefined || count < limits.nested) return [];
      // A pool that moves has somebody at work with it.
      const atWork = sumOf(atWorkWith(queue, goroutines.best));
      if (atWork * 4 >= count) return [];

      const others = queue.pile.groups.filter((group) => !groups.includes(group));
      const where = callers(largest.group, target.own);
      const knob = poolKnob(queue.library);
      return [
        {
          confidence: confidenceOf(largest, queue, count, dump ?? goroutines.best),
          title: `${counted(count, "goroutine")} ${count === 1 ? "holds" : "hold"} a ${thing(queue)} and wait for another`,
          summary: [
            `${counted(count, "goroutine")} ${count === 1 ? "waits" : "wait"} for ${queue.pool} in ${where[0]?.function} while ${holdsText(largest)}.`,
            `${atWork === 0 ? "Nobody is" : `Only ${countText(atWork)} are`} at work with the pool, so nothing comes back${others.length > 0 ? `, and ${counted(sumOf(others), "other goroutine")} ${sumOf(others) === 1 ? "waits" : "wait"} behind them` : ""}: the pool is deadlocked with itself.`,
            knob.name === "" ? "" : `If ${knob.name} is ${countText(count)}, these are all there are.`,
          ]
            .filter((sentence) => sentence !== "")
            .join(" "),
          measured: { value: count, limit: limits.nested, unit: "goroutines" },
          where,
          waitReason: largest.group.state,
          groups,
          blocks: others,
          evidence: [
            pileExcerpt(goroutines.best.artifact, groups, (group) => callers(group, target.own)[0]),
            { artifact: goroutines.best.artifact, excerpt: holderExcerpt(largest) },
            ...waitingExcerpt(others, goroutines.best, target.own),
            ...growthExcerpt(goroutines.series, queue.pile, `waiting for ${queue.pool}`),
          ],
          next: [
            `Pass what ${largest.frame?.function ?? "the caller"} holds (connection, transaction) down to ${where[0]?.function}, or let it go before the call.`,
            "When the second query runs inside a rows loop: read the rows into a slice, close them, then query.",
            `A restart clears it; a larger pool only makes it rarer. ${knob.note}`,
          ],
        },
      ];
    });
  },
});

/**
 * Only a holder that its own stack shows is more than a hint. When database/sql watches transactions or rows, each
 * holder has one that is watched: many more or fewer of them mean that others hold them.
 */
function confidenceOf(
  { how }: NestedWait,
  queue: PoolQueue,
  count: number,
  snapshot: GoroutineSnapshot,
): Confidence {
  if (how !== "source-order" && how !== "callback") return "possible";
  if (queue.library !== "database/sql") return "likely";
  const { transactionsOpen, rowsOpen } = sqlConnections(snapshot);
  const watched = sumOf(transactionsOpen) + sumOf(rowsOpen);
  return watched > 0 && (watched > count * 2 || watched < count / 2) ? "possible" : "likely";
}

/** Own frames from the pool's caller outwards. */
function callers(group: GoroutineGroup, own: OwnCode): Frame[] {
  const wait = poolWait(group);
  const frames = ownFrames(group.stack.slice((wait?.acquireIndex ?? -1) + 1), own);
  return frames.length > 0 ? frames : ownFrames(group.stack, own);
}

function thing({ library }: PoolQueue): string {
  return library === "semaphore" ? "slot" : library === "unknown" ? "pooled connection" : "connection";
}

function holdsText({ how, frame, takenAt }: NestedWait): string {
  switch (how) {
    case "source-order":
      return `${frame?.function} further out has come past line ${takenAt?.line}, where it takes one (inferred from source order)`;
    case "callback":
      return `${frame?.function} further out runs them inside a transaction (inferred from its name)`;
    case "watched-transaction":
      return "they started transactions that are still open (their watchers name them as parents)";
    default:
      return "exactly as many transactions or rows are open as goroutines wait (inferred from the count)";
  }
}

function holderExcerpt({ how, frame, takenAt, group }: NestedWait): string {
  if (frame !== undefined && takenAt !== undefined) {
    return `took one at ${shortFile(takenAt.file)}:${takenAt.line}, stands at ${shortFile(frame.file)}:${frame.line} in ${frame.function}`;
  }
  if (frame !== undefined) return `runs inside ${frame.function} ${shortFile(frame.file)}:${frame.line}`;
  return `${counted(group.count, "goroutine")}, by ${how.replaceAll("-", " ")}`;
}

function waitingExcerpt(groups: readonly GoroutineGroup[], snapshot: GoroutineSnapshot, own: OwnCode) {
  if (groups.length === 0) return [];
  return [
    pileExcerpt(snapshot.artifact, groups, (group) => group.stack.find((frame) => own.isOwn(frame)), 2),
  ];
}
