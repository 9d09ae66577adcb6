import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { growthExcerpt, pileExcerpt, sumOf, trendText } from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { remoteCall } from "../../domain/http/remote-calls.ts";
import { poolKnob } from "../../domain/pools/pool-knobs.ts";
import { poolPressure, poolThresholds } from "../../domain/pools/pool-pressure.ts";
import { type Holder, leadingWaiter, poolQueues } from "../../domain/pools/pool-queues.ts";
import { type SqlConnections, sqlConnections } from "../../domain/pools/sql-connections.ts";
import { counted, countText } from "../../domain/units.ts";

export const sqlPoolExhausted = defineAnalyzer({
  meta: {
    id: "sql/pool-exhausted",
    title: "All database/sql connections are in use",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["dump"],
    symptomOf: ["pool/nested-acquire"],
    thresholds: poolThresholds,
    docs: {
      what: "Goroutines that wait in database/sql.(*DB).conn: as many connections are open as SetMaxOpenConns allows, and all of them are in use.",
      why: "Every query waits for somebody else's rows, statement or transaction to end. Rows that are not closed and transactions that are neither committed nor rolled back never end: then the service stands still until it is restarted.",
      next: "Find the holders: close rows on every path (defer rows.Close()), end every transaction (defer tx.Rollback()), keep calls to other services out of transactions. Then size SetMaxOpenConns.",
      falsePositives:
        "A short queue in front of a busy pool is normal; it is reported when it grows, ages, or is several times longer than the queries that run.",
      corrections: [
        {
          claim: "A pool whose max idle connections are 0 makes goroutines block.",
          fact: "SetMaxIdleConns(0) only means that no connection is kept for later; what makes callers wait is SetMaxOpenConns.",
          source: "https://go.dev/src/database/sql/sql.go (DB.conn, DB.SetMaxIdleConns)",
        },
      ],
      references: [
        "https://go.dev/src/database/sql/sql.go",
        "https://go.dev/doc/database/manage-connections",
        "https://github.com/golang/go/issues/23453",
        "https://github.com/golang/go/issues/16873",
      ],
    },
  },
  analyze({ goroutines, dump, target }, limits) {
    const queue = poolQueues(goroutines, target.own).find(({ library }) => library === "database/sql");
    const pressure = queue === undefined ? undefined : poolPressure(queue, goroutines, target.own, limits);
    if (queue === undefined || pressure === undefined) return [];
    const { pile } = queue;
    const { trend, confidence, serving, holders, nested } = pressure;
    const connections = sqlConnections(goroutines.best);
    const owners = ownersOf(connections, dump ?? goroutines.best);
    const inUse = pressure.atWork + sumOf(connections.uses) + holders.length + owners.length;
    const leading = leadingWaiter(queue, inUse, target.own);
    const where = leading === undefined ? [] : blamedFrames(leading, target.own);
    const most = pile.groups[0] === undefined ? undefined : blamedFrames(pile.groups[0], target.own)[0];
    const knob = poolKnob("database/sql");
    return [
      {
        severity: serving > 0 && confidence === "likely" ? ("critical" as const) : ("warning" as const),
        confidence,
        title: `${counted(pile.count, "goroutine")} ${pile.count === 1 ? "waits" : "wait"} for a database connection`,
        summary: [
          `${counted(pile.count, "goroutine")} ${pile.count === 1 ? "waits" : "wait"} in database/sql for a connection, most of them in ${most?.function ?? "unknown code"}; ${trendText(pile, trend)}.`,
          nested > 0 ? nestedText(nested) : usersText(connections, holders, owners, target.own),
          `The limit is SetMaxOpenConns, not SetMaxIdleConns.`,
        ].join(" "),
        measured: { value: pile.count, limit: limits.waiting, unit: "goroutines" },
        where,
        waitReason: "select",
        groups: pile.groups,
        waitsFor: connections.uses.filter((group) => remoteCall(group) !== undefined),
        evidence: [
          pileExcerpt(goroutines.best.artifact, pile.groups, (group) => blamedFrames(group, target.own)[0]),
          {
            artifact: goroutines.best.artifact,
            excerpt: [
              `${counted(sumOf(connections.uses), "goroutine")} with a query or transaction on the stack`,
              `${counted(sumOf(connections.transactionsOpen), "open transaction")} (Tx.awaitDone), ${countText(sumOf(connections.rowsOpen))} open rows (Rows.awaitDone)`,
            ].join("\n"),
          },
          ...(holders.length > 0
            ? [
                pileExcerpt(
                  goroutines.best.artifact,
                  holders.map(({ group }) => group),
                  (group) => blamedFrames(group, target.own)[0],
                ),
              ]
            : []),
          ...growthExcerpt(goroutines.series, pile, "waiting goroutines"),
        ],
        next: [
          ...nextSteps(connections, holders, owners, where),
          knob.note,
          "Use QueryContext and BeginTx with a deadline, so that a wait for a connection ends.",
        ],
      },
    ];
  },
});

/** Groups of goroutines that a dump names as those who began open transactions or rows. */
function ownersOf(connections: SqlConnections, dump: GoroutineSnapshot): GoroutineGroup[] {
  const watchers = sqlConnections(dump);
  const parents = new Set(
    [...watchers.transactionsOpen, ...watchers.rowsOpen].flatMap(({ exemplars }) =>
      exemplars.map(({ parentId }) => parentId),
    ),
  );
  return dump.groups.filter(
    (group) => !connections.wants.includes(group) && group.exemplars.some(({ id }) => parents.has(id)),
  );
}

function nestedText(count: number): string {
  return `${counted(count, "of them holds", "of them hold")} a connection already (inferred from source order), and ${count === 1 ? "keeps" : "keep"} it until another is free.`;
}

function usersText(
  { uses, transactionsOpen, rowsOpen }: SqlConnections,
  holders: readonly Holder[],
  owners: readonly GoroutineGroup[],
  own: OwnCode,
): string {
  const running = sumOf(uses);
  const watched = sumOf(transactionsOpen) + sumOf(rowsOpen);
  const [holder] = holders;
  if (holder !== undefined) {
    const count = sumOf(holders.map(({ group }) => group));
    return `${counted(count, "goroutine")} ${count === 1 ? "holds" : "hold"} one in ${holder.frame.function}, which has come past line ${holder.takenAt.line} where it takes one, and ${count === 1 ? "waits" : "wait"} in ${blamedFrames(holder.group, own)[0]?.function} (inferred from source order).`;
  }
  const owner = owners.find(({ stack }) => stack.some((frame) => own.isOwn(frame)));
  if (owner !== undefined) {
    return `Transactions or rows are open that ${blamedFrames(owner, own)[0]?.function} began, which waits elsewhere.`;
  }
  if (running > 0) {
    const busiest = uses[0] === undefined ? undefined : blamedFrames(uses[0], own)[0];
    return `${counted(running, "goroutine")} ${running === 1 ? "uses" : "use"} a connection, most in ${busiest?.function}: slow queries keep them all.`;
  }
  return watched > 0
    ? `${counted(watched, "transaction or set of rows is", "transactions or sets of rows are")} open, and no goroutine works with them: they are probably never closed or rolled back.`
    : "No goroutine is seen using a connection, so those that are out are probably held by rows that nobody closes.";
}

function nextSteps(
  { uses, transactionsOpen, rowsOpen }: SqlConnections,
  holders: readonly Holder[],
  owners: readonly GoroutineGroup[],
  where: readonly Frame[],
): string[] {
  const [holder] = holders;
  if (holder !== undefined || owners.length > 0) {
    return [
      `Do not wait for anything else with a connection in hand: end the transaction${holder === undefined ? "" : ` in ${holder.frame.function}`} before, or call the other service outside it.`,
    ];
  }
  if (sumOf(uses) > 0)
    return ["Look at the slow queries: SHOW PROCESSLIST, pg_stat_activity, or the slow query log."];
  const what =
    sumOf(transactionsOpen) > 0
      ? "every transaction ends on every path: defer tx.Rollback() behind Begin"
      : sumOf(rowsOpen) > 0
        ? "rows are closed on every path: defer rows.Close() behind the query"
        : "rows are closed (defer rows.Close()) and transactions end (defer tx.Rollback()) on every path";
  return [
    `Check that ${what}, first in ${where[0]?.function ?? "the code that waits"} and what else uses this DB.`,
  ];
}
