import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import type { GoroutineGroup } from "../../../src/domain/goroutines/goroutine.ts";
import { nestedWaits } from "../../../src/domain/goroutines/nested-waits.ts";
import { poolPressure, poolThresholds } from "../../../src/domain/pools/pool-pressure.ts";
import { holdersOf, poolQueues } from "../../../src/domain/pools/pool-queues.ts";
import { keptAfter, poolWait } from "../../../src/domain/pools/pool-waits.ts";
import { group, seen, snapshot } from "../goroutines/goroutines.ts";

/** As `frame` writes them; libraries of the tests live in the module cache. */
function dependency(one: GoroutineGroup): GoroutineGroup {
  const stack = one.stack.map((frame) =>
    /^(?:github\.com|golang\.org|google\.golang\.org|go\.mongodb\.org|gorm\.io)\//.test(frame.function)
      ? { ...frame, file: `/go/pkg/mod/x@v1.2.3/${frame.file}` }
      : frame,
  );
  return { ...one, stack };
}

const sqlConn = ["runtime.gopark", "runtime.selectgo", "database/sql.(*DB).conn"];
const query = [...sqlConn, "database/sql.(*DB).query", "database/sql.(*DB).QueryContext"];
const begin = [...sqlConn, "database/sql.(*DB).begin", "database/sql.(*DB).BeginTx"];
const queryRow = [...query, "database/sql.(*DB).QueryRowContext"];
const served = "net/http.HandlerFunc.ServeHTTP";

describe("poolWait", () => {
  it.each([
    ["database/sql", "database/sql.DB", group("select", [...query, "shop/store.(*Orders).Latest"])],
    [
      "go-redis",
      "github.com/redis/go-redis/v9/internal.FastSemaphore",
      group("select", [
        "github.com/redis/go-redis/v9/internal.(*FastSemaphore).Acquire",
        "github.com/redis/go-redis/v9/internal/pool.(*ConnPool).waitTurn",
        "github.com/redis/go-redis/v9.(*baseClient).withConn",
        "shop/cache.Get",
      ]),
    ],
    [
      "go-redis",
      "github.com/go-redis/redis/v8/internal/pool.ConnPool",
      group("select", ["github.com/go-redis/redis/v8/internal/pool.(*ConnPool).waitTurn", "shop/cache.Get"]),
    ],
    [
      "redigo",
      "github.com/gomodule/redigo/redis.Pool",
      group("sync.Cond.Wait", [
        "sync.(*Cond).Wait",
        "github.com/gomodule/redigo/redis.(*Pool).get",
        "shop/cache.Get",
      ]),
    ],
    [
      "pgx",
      "github.com/jackc/puddle/v2.Pool",
      group("select", [
        "golang.org/x/sync/semaphore.(*Weighted).Acquire",
        "github.com/jackc/puddle/v2.(*Pool[...]).acquire",
        "github.com/jackc/pgx/v5/pgxpool.(*Pool).Acquire",
        "shop/store.Load",
      ]),
    ],
    [
      "grpc",
      "google.golang.org/grpc.pickerWrapper",
      group("select", [
        "google.golang.org/grpc.(*pickerWrapper).pick",
        "google.golang.org/grpc.invoke",
        "shop/a.Call",
      ]),
    ],
    [
      "semaphore",
      "golang.org/x/sync/semaphore.Weighted",
      group("select", ["golang.org/x/sync/semaphore.(*Weighted).Acquire", "shop/a.Do"]),
    ],
    [
      "unknown",
      "shop/redis.Pool",
      group("select", [
        "runtime.selectgo",
        "shop/redis.(*Pool).Get",
        "shop/redis.(*Pool).GetString",
        "shop/carts.Load",
      ]),
    ],
    [
      "unknown",
      "shop/ftp.ConnPool",
      group("sync.Cond.Wait", ["sync.(*Cond).Wait", "shop/ftp.(*ConnPool).Acquire", "shop/a.Put"]),
    ],
    [
      "unknown",
      "shop/db.connPool",
      group("chan send", ["shop/db.(*connPool[...]).checkout.func1", "shop/a.Put"]),
    ],
    ["unknown", "shop/browserpool", group("chan receive", ["shop/browserpool.Take", "shop/a.Render"])],
  ])("knows %s", (library, pool, one) => {
    const wait = poolWait(dependency(one));
    expect(wait?.library).toBe(library);
    expect(wait?.pool).toBe(pool);
  });

  it.each([
    ["a worker of a pool waits for jobs", group("chan receive", ["shop/workers.(*Pool).run"])],
    [
      "waiting for the pool's end",
      group("sync.WaitGroup.Wait", ["sync.(*WaitGroup).Wait", "shop/workers.(*Pool).Wait"]),
    ],
    [
      "a connection that the pool has room for is being opened",
      group("select", [
        "github.com/jackc/puddle/v2.(*Pool[...]).initResourceValue",
        "github.com/jackc/puddle/v2.(*Pool[...]).acquire",
        "github.com/jackc/pgx/v5/pgxpool.(*Pool).QueryRow",
        "shop/store.Load",
      ]),
    ],
    ["a mutex inside a pool", group("sync.Mutex.Lock", ["sync.(*Mutex).Lock", "shop/redis.(*Pool).Get"])],
    ["a pool that dials", group("IO wait", ["net.(*netFD).connect", "shop/redis.(*Pool).Get"])],
    [
      "a driver that connects",
      group("select", ["shop/driver.(*Connector).Connect", "database/sql.(*DB).conn"]),
    ],
    ["HTTP/2 connections", group("chan receive", ["net/http.(*http2clientConnPool).getClientConn"])],
    ["the opener of connections", group("select", ["database/sql.(*DB).connectionOpener"])],
  ])("is not: %s", (_, one) => {
    expect(poolWait(one)).toBeUndefined();
  });

  it("tells who wants something from the frames outside the pool", () => {
    const one = group("select", [
      "shop/redis.(*Pool).Get",
      "shop/redis.(*Pool).GetString",
      "shop/carts.Load:12",
    ]);
    expect(one.stack[(poolWait(one)?.acquireIndex ?? 0) + 1]?.function).toBe("shop/carts.Load");
  });
});

const kept = (one: GoroutineGroup) => {
  const all = dependency(one);
  const wait = poolWait(all);
  return wait === undefined ? undefined : keptAfter(all.stack, wait, ownCode(all.stack));
};

describe("keptAfter", () => {
  it.each([
    ["a-scope", group("select", [...begin, "shop/a.F"])],
    ["a-thing", group("select", [...query, "shop/a.F"])],
    ["nothing", group("select", [...queryRow, "shop/a.F"])],
    ["nothing", group("select", [...query, "gorm.io/gorm.(*DB).Find", "shop/a.F"])], // closes the rows itself
    ["a-thing", group("select", ["shop/redis.(*Pool).Get", "shop/a.F"])],
    ["nothing", group("select", ["shop/redis.(*Pool).Get", "shop/redis.(*Pool).GetString", "shop/a.F"])],
    [
      "nothing",
      group("select", ["github.com/redis/go-redis/v9/internal/pool.(*ConnPool).waitTurn", "shop/a.F"]),
    ],
  ])("%s", (keeps, one) => {
    expect(kept(one)).toBe(keeps);
  });
});

const find = (groups: readonly GoroutineGroup[]) => {
  const evidence = seen(snapshot(groups));
  const own = ownCode(groups.flatMap(({ stack }) => stack));
  const [queue] = poolQueues(evidence, own);
  return queue === undefined ? [] : nestedWaits(queue, evidence.best, own, undefined);
};

describe("nested waits", () => {
  const outer = group("select", [...query, "shop/store.(*Invoices).Total:21", served], { count: 90 });
  const inner = group(
    "select",
    [...query, "shop/store.(*Invoices).lines:44", "shop/store.(*Invoices).Total:31", served],
    {
      count: 10,
    },
  );

  it("finds who has come past the line that takes one", () => {
    const nested = find([outer, inner]);
    expect(nested.map((one) => [one.group.count, one.how, one.frame?.line, one.takenAt?.line])).toEqual([
      [10, "source-order", 31, 21],
    ]);
  });

  it("does not take one call after the other for nested", () => {
    const after = group("select", [...queryRow, "shop/store.name:50", "shop/store.(*Invoices).Total:31"], {
      count: 10,
    });
    const before = group("select", [...queryRow, "shop/store.(*Invoices).Total:21"], { count: 10 });
    expect(find([before, after])).toEqual([]);
  });

  it("finds a query on the pool beside an open transaction of the same function", () => {
    const wrong = group("select", [...queryRow, "shop/store.Pay:12"], { count: 5 });
    const first = group("select", [...begin, "shop/store.Pay:9"], { count: 40 });
    expect(find([first, wrong]).map(({ group: { count }, how }) => [count, how])).toEqual([
      [5, "source-order"],
    ]);
  });

  it("knows functions that run a callback in a transaction", () => {
    const one = group("select", [
      ...query,
      "shop/store.Pay.func1:12",
      "shop/db.(*DB).WithTx:40",
      "shop/store.Pay:10",
    ]);
    expect(find([one]).map(({ how, frame }) => [how, frame?.function])).toEqual([
      ["callback", "shop/db.(*DB).WithTx"],
    ]);
  });

  it("does not take a function that is only named like it for one that runs callbacks", () => {
    const direct = group("select", [
      ...query,
      "shop/pay.name:12",
      "shop/pay.(*Service).Transaction:40",
      served,
    ]);
    expect(find([direct])).toEqual([]);
  });

  it("counts open transactions when nothing else is known", () => {
    const wants = group("select", [...queryRow, "shop/store.reserve:50", "shop/store.Pay:31"], { count: 30 });
    const open = group("chan receive", ["database/sql.(*Tx).awaitDone"], { count: 30 });
    expect(find([wants, open]).map(({ how }) => how)).toEqual(["count"]);
    expect(find([wants, { ...open, count: 10 }])).toEqual([]);
  });

  it("sees holders that wait for something else", () => {
    const first = group("select", [...begin, "shop/store.(*Orders).Place:30"], { count: 50 });
    const holder = group(
      "select",
      ["net/http.(*persistConn).roundTrip", "shop/pay.Authorize", "shop/store.(*Orders).Place:38"],
      {
        count: 10,
      },
    );
    const evidence = seen(snapshot([first, holder]));
    const own = ownCode(holder.stack);
    const [queue] = poolQueues(evidence, own);
    expect(
      queue === undefined ? [] : holdersOf(queue, evidence.best, own).map(({ takenAt }) => takenAt.line),
    ).toEqual([30]);
  });
});

const waiting = (count: number, root = served) =>
  group("select", ["shop/redis.(*Pool).Get", "shop/carts.Load:3", root], { count });

const working = (count: number) =>
  group("IO wait", ["net.(*conn).Read", "shop/redis.(*Conn).Do", "shop/carts.Load:4", served], { count });

describe("poolPressure", () => {
  const limits = {
    waiting: poolThresholds.waiting.default,
    waitingPerUser: poolThresholds.waitingPerUser.default,
    longQueue: poolThresholds.longQueue.default,
    growthRatio: 0.2,
    growthInMinute: 50,
    growthInSeconds: 20,
  };
  const judge = (...captures: (readonly GoroutineGroup[])[]) => {
    const [first, ...later] = captures.map((groups) => snapshot(groups));
    const evidence = seen(first ?? snapshot([]), later);
    const own = ownCode([]);
    const [queue] = poolQueues(evidence, own);
    return queue === undefined ? undefined : poolPressure(queue, evidence, own, limits)?.confidence;
  };

  it.each([
    ["a queue that grows", "likely", [waiting(10), working(10)], [waiting(60), working(10)]],
    ["a long queue for two connections", "likely", [waiting(118), working(2)], [waiting(117), working(2)]],
    ["nobody at work, as with size 0", "likely", [waiting(12)], [waiting(12)]],
    ["full and moving", undefined, [waiting(10), working(20)], [waiting(12), working(20)]],
    ["a short queue", undefined, [waiting(3)], [waiting(4)]],
    [
      "idle workers that take jobs",
      undefined,
      [waiting(500, "shop/jobs.Run")],
      [waiting(500, "shop/jobs.Run")],
    ],
  ] as const)("%s", (_, confidence, first, second) => {
    expect(judge(first, second)).toBe(confidence);
  });

  it("believes a single capture when many wait and nobody works", () => {
    expect(judge([waiting(40)])).toBe("likely");
    expect(judge([waiting(40), working(5)])).toBe("possible");
    expect(judge([waiting(6)])).toBeUndefined();
  });
});
