import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import type { Goroutine, GoroutineGroup } from "../../../src/domain/goroutines/goroutine.ts";
import { lockCycles } from "../../../src/domain/locks/lock-cycles.ts";
import { lockHolders } from "../../../src/domain/locks/lock-holders.ts";
import { isHeldByReaders } from "../../../src/domain/locks/lock-pile.ts";
import { lockQueues } from "../../../src/domain/locks/lock-queues.ts";
import { group, snapshot } from "../goroutines/goroutines.ts";

const own = ownCode([]);
const lock = [
  "internal/sync.runtime_SemacquireMutex:95",
  "internal/sync.(*Mutex).lockSlow:149",
  "sync.(*Mutex).Lock:46",
];

/** One goroutine: pairs of frame index and live pointer. */
function goroutine(id: number, pointers: readonly [frame: number, value: number][]): Goroutine {
  return { id, pointers: pointers.map(([at, value]) => ({ frame: at, value })) };
}

/** Goroutines that wait for the mutex at an address, below the given frames. */
function waiter(
  address: number,
  frames: readonly string[],
  rest: Partial<GoroutineGroup> = {},
  args: readonly [number, number][] = [],
): GoroutineGroup {
  return group("sync.Mutex.Lock", [...lock, ...frames], {
    exemplars: [goroutine(address % 1000, [[1, address], ...args])],
    waitedMutexes: new Map([[address, rest.count ?? 1]]),
    ...rest,
  });
}

describe("lockQueues", () => {
  it("tells mutexes apart by address and gathers them by type without", () => {
    const dump = snapshot(
      [
        waiter(0xc000, ["shop/a.(*Store).Get:5"], { count: 3 }),
        waiter(0xd000, ["shop/a.(*Store).Get:5"], { count: 2 }),
      ],
      "dump",
    );
    expect(lockQueues(dump).map(({ count, address }) => [count, address])).toEqual([
      [3, 0xc000],
      [2, 0xd000],
    ]);
    const profile = snapshot([
      group("sync.Mutex.Lock", [...lock, "shop/a.(*Store).Get:5"], { count: 3 }),
      group("sync.Mutex.Lock", [...lock, "shop/a.(*Store).Put:9"], { count: 2 }),
    ]);
    expect(lockQueues(profile).map(({ count, object }) => [count, object])).toEqual([[5, "shop/a.Store"]]);
  });

  it("keeps account of goroutines whose mutex is unknown", () => {
    const dump = snapshot(
      [waiter(0xc000, ["shop/a.(*Store).Get:5"], { count: 10, waitedMutexes: new Map([[0xc000, 7]]) })],
      "dump",
    );
    expect(lockQueues(dump).map(({ count, address }) => [count, address])).toEqual([
      [7, 0xc000],
      [3, undefined],
    ]);
  });

  it("knows an RWMutex that readers hold from one that a writer holds", () => {
    const reader = group("sync.RWMutex.RLock", [
      "sync.runtime_SemacquireRWMutexR:1",
      "sync.(*RWMutex).RLock:2",
      "shop/a.(*Index).Get:5",
    ]);
    const writer = group("sync.RWMutex.Lock", [
      "sync.runtime_SemacquireRWMutex:1",
      "sync.(*RWMutex).Lock:2",
      "shop/a.(*Index).Put:8",
    ]);
    const second = group("sync.Mutex.Lock", [...lock, "sync.(*RWMutex).Lock:2", "shop/a.(*Index).Put:8"]);
    const [held] = lockQueues(snapshot([reader, writer, second]));
    expect(held?.count).toBe(3);
    expect(held && isHeldByReaders(held)).toBe(true);
    const [other] = lockQueues(snapshot([reader, second]));
    expect(other && isHeldByReaders(other)).toBe(false);
  });

  it("leaves the lock inside a sync.Once out", () => {
    expect(
      lockQueues(snapshot([group("sync.Mutex.Lock", [...lock, "sync.(*Once).doSlow:3", "shop/a.Get:5"])])),
    ).toEqual([]);
  });
});

function holdersOf(groups: readonly GoroutineGroup[]) {
  const capture = snapshot(groups, "dump");
  const [queue] = lockQueues(capture);
  return queue === undefined ? [] : lockHolders(queue, capture);
}

/** Whether so many goroutines beyond the lock can hold what a hundred wait for. */
function crowd(count: number): boolean {
  const holders = holdersOf([
    group("sync.Mutex.Lock", [...lock, "shop/a.(*Store).Post:31"], { count: 100 }),
    group("chan send", ["shop/a.(*Store).Post:40"], { count }),
  ]);
  return holders.length > 0;
}

describe("lockHolders", () => {
  it("finds the goroutine beyond the Lock call of the same function", () => {
    const [first] = holdersOf([
      group("sync.Mutex.Lock", [...lock, "shop/a.(*Store).Post:31"], { count: 9 }),
      group("IO wait", ["net.(*conn).Read:1", "shop/a.(*Replica).Append:33", "shop/a.(*Store).Post:34"]),
    ]);
    expect(first?.reason).toBe("function");
    expect(first?.group.wait).toBe("IO wait");
  });

  it("does not take one that has not come to the lock yet", () => {
    expect(
      holdersOf([
        group("sync.Mutex.Lock", [...lock, "shop/a.(*Store).Post:31"], { count: 9 }),
        group("IO wait", ["net.(*conn).Read:1", "shop/a.(*Store).Post:20"]),
      ]),
    ).toEqual([]);
  });

  it("ranks the live address above a look-alike in the code, and a background loop last", () => {
    const ranked = holdersOf([
      waiter(0xc00010, ["shop/a.(*Store).Post:31"], { count: 9 }),
      group("chan receive", ["shop/b.run:4", "shop/a.(*Store).Flush:50"], {
        exemplars: [goroutine(7, [[1, 0xc00000]])],
      }),
      group("select", ["shop/a.(*Store).loop:70"]),
    ]);
    expect(ranked.map((holder) => [holder.reason, holder.goroutine?.id])).toEqual([
      ["address", 7],
      ["object", undefined],
    ]);
    expect(ranked[1]?.score).toBeLessThan(1);
  });

  it("lets a crowd hold only as many mutexes as there are waiters", () => {
    expect(crowd(1)).toBe(true);
    expect(crowd(97)).toBe(true);
    expect(crowd(40)).toBe(false);
  });
});

describe("lockCycles", () => {
  it("finds each waited address among the other one's arguments", () => {
    const a = waiter(0xa000, ["shop/x.(*Raft).tick:5", "shop/x.(*Store).run:1"], {}, [[3, 0xb000]]);
    const b = waiter(0xb000, ["shop/x.(*Store).send:9", "shop/x.(*Raft).beat:2"], {}, [[3, 0xa000]]);
    const [cycle, ...more] = lockCycles(snapshot([a, b], "dump"), own);
    expect(cycle?.reason).toBe("addresses");
    expect(cycle?.contested).toBe(false);
    expect(more).toEqual([]);
  });

  it("is not sure when a third goroutine has hold of one of the locks", () => {
    const a = waiter(0xa000, ["shop/x.Move:5"], {}, [[3, 0xb000]]);
    const b = waiter(0xb000, ["shop/x.Move:5"], {}, [[3, 0xa000]]);
    const third = group("IO wait", ["shop/x.Move:7"], { exemplars: [goroutine(3, [[0, 0xa000]])] });
    expect(lockCycles(snapshot([a, b, third], "dump"), own)[0]?.contested).toBe(true);
  });

  it("makes nothing of a goroutine's own stack having the address it waits for", () => {
    const a = waiter(0xa008, ["shop/x.(*Store).Get:5"], {}, [[3, 0xa000]]);
    const b = waiter(0xb008, ["shop/x.(*Store).Get:5"], {}, [[3, 0xb000]]);
    expect(lockCycles(snapshot([a, b], "dump"), own)).toEqual([]);
  });

  it("does not take the queue in front of a second lock for a circle", () => {
    const queueing = waiter(0xa000, ["shop/x.(*Shop).Restock:47"], { count: 79 }, [[3, 0xb000]]);
    const inside = waiter(0xb000, ["shop/x.(*Shop).Restock:51"], {}, [[3, 0xa000]]);
    expect(lockCycles(snapshot([queueing, inside], "dump"), own)).toEqual([]);
  });

  it("reads crossed types from a profile", () => {
    const carts = group("sync.Mutex.Lock", [
      ...lock,
      "shop/ledger.(*Store).Post:5",
      "shop/carts.(*Store).Check:9",
      "shop/api.(*Handler).Serve:1",
    ]);
    const ledger = group("sync.Mutex.Lock", [
      ...lock,
      "shop/carts.(*Store).Get:7",
      "shop/ledger.(*Store).Audit:3",
      "shop/api.(*Handler).Serve:2",
    ]);
    expect(lockCycles(snapshot([carts, ledger]), own)[0]?.reason).toBe("types");
    expect(lockCycles(snapshot([carts]), own)).toEqual([]);
  });
});
