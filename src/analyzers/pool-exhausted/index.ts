import { ownFrames } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { growthExcerpt, pileExcerpt, sumOf, trendText } from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { remoteCall } from "../../domain/http/remote-calls.ts";
import { poolKnob } from "../../domain/pools/pool-knobs.ts";
import { poolPressure, poolThresholds } from "../../domain/pools/pool-pressure.ts";
import { atWorkWith, leadingWaiter, poolQueues } from "../../domain/pools/pool-queues.ts";
import { counted } from "../../domain/units.ts";

export const poolExhausted = defineAnalyzer({
  meta: {
    id: "pool/exhausted",
    title: "Goroutines wait for a connection pool that is used up",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: ["pool/nested-acquire"],
    thresholds: poolThresholds,
    docs: {
      what: "Goroutines that wait in the acquire function of a pool: go-redis, redigo, pgx, mongo, fasthttp, a gRPC channel without a ready connection, a weighted semaphore, or a type of the service's own that is named a pool.",
      why: "Each waits for somebody else to give something back. When the pool is too small for the load, or what it lent is lost, every request that needs it waits too.",
      next: "Find out who holds the connections and for how long. Only then raise the pool's limit of things in use; the limit of idle ones does not help.",
      falsePositives:
        "Waiting for a moment is what a pool is for: a queue that neither grows nor ages is reported only when it is several times longer than the users at work, or nobody is at work with the pool. Idle workers that take jobs from something called a pool are left out unless requests wait.",
      corrections: [
        {
          claim: "max_idle_conns = 0 makes goroutines block in Get().",
          fact: "Idle limits never block: in go-redis 0 means no limit, redigo dials anew each time, database/sql keeps none. What blocks is the limit of connections in use: PoolSize, MaxActive with Wait, SetMaxOpenConns.",
          source: "https://github.com/redis/go-redis/blob/master/options.go",
        },
      ],
      references: [
        "https://github.com/redis/go-redis/blob/master/internal/pool/pool.go",
        "https://github.com/gomodule/redigo/issues/236",
        "https://github.com/jackc/puddle",
        "https://pkg.go.dev/google.golang.org/grpc#WaitForReady",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    return poolQueues(goroutines, target.own).flatMap((queue) => {
      if (queue.library === "database/sql") return []; // sql/pool-exhausted speaks about it
      const pressure = poolPressure(queue, goroutines, target.own, limits);
      if (pressure === undefined) return [];
      const { pile } = queue;
      const { trend, confidence, atWork, holders, nested, serving } = pressure;
      const leading = leadingWaiter(queue, atWork + holders.length, target.own);
      const where = leading === undefined ? [] : blamedFrames(leading, target.own);
      const knob = poolKnob(queue.library);
      const isChannel = queue.library === "grpc";
      const users = atWorkWith(queue, goroutines.best);
      const busyIn = users[0] === undefined ? undefined : ownFrames(users[0].stack, target.own, 1)[0];
      const held = holders.map(({ group }) => group);
      const holderSite = held[0] === undefined ? undefined : blamedFrames(held[0], target.own)[0];
      return [
        {
          severity: serving > 0 && confidence === "likely" ? "critical" : "warning",
          confidence,
          title: isChannel
            ? `${counted(pile.count, "gRPC call")} ${pile.count === 1 ? "waits" : "wait"} for a connection that is ready`
            : `${counted(pile.count, "goroutine")} ${pile.count === 1 ? "waits" : "wait"} for ${knob.lends === undefined ? `their turn in ${shortName(queue.pool)}` : `a ${knob.lends}`}`,
          summary: [
            `${counted(pile.count, "goroutine")} ${pile.count === 1 ? "waits" : "wait"} in ${queue.pool} for ${isChannel ? "the channel to become ready" : "somebody to give something back"}; ${trendText(pile, trend)}.`,
            isChannel
              ? "No sub-connection is ready: the server cannot be reached, or it refuses (the channel's state and its last connection error tell)."
              : nested > 0
                ? `${counted(nested, "of them holds", "of them hold")} one already (inferred from source order), and ${nested === 1 ? "keeps" : "keep"} it until another is free.`
                : atWork === 0
                  ? "No goroutine is seen at work with the pool, so what it lent is lost (not given back on some path), or its size is 0."
                  : `${counted(atWork, "goroutine")} ${atWork === 1 ? "is" : "are"} at work with it${busyIn === undefined ? "" : `, most in ${busyIn.function}`} (inferred from the functions that ask for it).`,
            holderSite === undefined
              ? ""
              : `${counted(sumOf(held), "goroutine")} ${sumOf(held) === 1 ? "holds" : "hold"} one while waiting in ${holderSite.function} (inferred from source order).`,
          ]
            .filter((sentence) => sentence !== "")
            .join(" "),
          measured: { value: pile.count, limit: limits.waiting, unit: "goroutines" },
          where,
          waitReason: leading?.state ?? "select",
          groups: [...pile.groups, ...users],
          waitsFor: users.filter((group) => remoteCall(group) !== undefined),
          evidence: [
            pileExcerpt(goroutines.best.artifact, pile.groups, (group) => blamedFrames(group, target.own)[0]),
            ...(users.length > 0
              ? [pileExcerpt(goroutines.best.artifact, users, (group) => blamedFrames(group, target.own)[0])]
              : []),
            ...growthExcerpt(goroutines.series, pile, "waiting goroutines"),
          ],
          next: [
            isChannel
              ? `Check that the server which ${where[0]?.function ?? "the caller"} calls can be reached; a call without a deadline and with WaitForReady waits for ever.`
              : atWork === 0
                ? `Check that everything taken from ${queue.pool} is given back on every path, and what size the pool is made with.`
                : "Find out what those at work with it wait for: a slow server or long commands empty a pool of any size.",
            knob.note,
            "Give the callers a context deadline, so that they do not wait for ever.",
          ],
        },
      ];
    });
  },
});
