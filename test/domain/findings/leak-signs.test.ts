import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { type LeakLimits, leakSign, leakThresholds } from "../../../src/domain/findings/leak-signs.ts";
import {
  distinctParents,
  livingStarters,
  mayBeFilling,
  partnersAtWork,
} from "../../../src/domain/goroutines/channel-partners.ts";
import type { GoroutineGroup } from "../../../src/domain/goroutines/goroutine.ts";
import { childrenOf } from "../../../src/domain/goroutines/group-children.ts";
import { nothingRuns } from "../../../src/domain/goroutines/process-stillness.ts";
import { waitSites } from "../../../src/domain/goroutines/wait-sites.ts";
import { frame, group, seen, snapshot } from "../goroutines/goroutines.ts";

const own = ownCode([]);
const limits: LeakLimits = {
  growthRatio: leakThresholds.growthRatio.default,
  growthInMinute: leakThresholds.growthInMinute.default,
  growthInSeconds: leakThresholds.growthInSeconds.default,
  oldCount: leakThresholds.oldCount.default,
  oldMinutes: leakThresholds.oldMinutes.default,
  critical: leakThresholds.critical.default,
};
const leaked = ["shop/a.send:7", "shop/a.Ask.func1:9"];
const request = ["shop/a.send:7", "net/http.HandlerFunc.ServeHTTP:2", "net/http.(*conn).serve:1"];

function signOf(
  counts: readonly number[],
  windowMs = 15_000,
  stack = leaked,
  rest: Partial<GoroutineGroup> = {},
) {
  const [first, ...later] = counts.map((count) => snapshot([group("chan send", stack, { count, ...rest })]));
  if (first === undefined) throw new Error("no counts");
  const evidence = seen(first, later, windowMs);
  const [site] = waitSites(evidence.best.groups, own);
  return site && leakSign(evidence, site, own, limits);
}

describe("leakSign", () => {
  it.each<[string, readonly number[], number, boolean]>([
    ["20 more in seconds", [50, 70], 15_000, true],
    ["19 more in seconds", [50, 69], 15_000, false],
    ["a fifth more", [1000, 1199], 15_000, false],
    ["20 more in a minute", [50, 70], 60_000, false],
    ["50 more in a minute", [100, 150], 60_000, true],
    ["a fall on the way", [50, 200, 150], 15_000, false],
    ["no change", [5000, 5000], 15_000, false],
  ])("%s", (_, counts, windowMs, grows) => {
    expect(signOf(counts, windowMs)?.kind === "grows").toBe(grows);
  });

  it.each([
    ["by a number in seconds", 50, 15_000, 70],
    ["by a number in a minute", 50, 60_000, 100],
    ["by a share of many", 155, 15_000, 186],
  ])("tells from how many on it holds: %s", (_, before, windowMs, limit) => {
    expect(signOf([before, limit], windowMs)).toMatchObject({ kind: "grows", limit });
    expect(signOf([before, limit - 1], windowMs)).toBeUndefined();
  });

  it("is not clear when the first capture had none, or when load may explain it", () => {
    expect(signOf([10, 100])).toMatchObject({ kind: "grows", clear: true });
    expect(signOf([0, 100])).toMatchObject({ kind: "grows", clear: false });
    expect(signOf([10, 100], 15_000, request)).toMatchObject({ kind: "grows", clear: false });
    expect(signOf([100, 190], 15_000, request)).toMatchObject({ kind: "grows", clear: true });
  });

  it("takes age for growth in a single dump, and size alone from LeakProf's mark on", () => {
    expect(signOf([100], 0, leaked, { waitMinutes: { min: 1, max: 5 } })).toEqual({
      kind: "old",
      minutes: 5,
      limit: 100,
    });
    expect(signOf([99], 0, leaked, { waitMinutes: { min: 1, max: 5 } })).toBeUndefined();
    expect(signOf([100], 0, leaked, { waitMinutes: { min: 1, max: 4 } })).toBeUndefined();
    expect(signOf([10_000])).toEqual({ kind: "huge", limit: 10_000 });
  });
});

describe("the other end of a channel", () => {
  const sender = group("chan send", ["shop/q.(*Pool).Submit:9", ...request.slice(1)], { count: 40 });
  const worker = group("IO wait", ["net.(*conn).Read:1", "shop/q.(*Pool).work:20"], { count: 8 });
  const [site] = waitSites([sender], own);
  if (site === undefined) throw new Error("no site");

  it("is at work when another function of the type is", () => {
    expect(partnersAtWork(site, snapshot([sender, worker]), own)).toBe(8);
  });

  it("is not there when it is idle, gone, or only the caller", () => {
    expect(
      partnersAtWork(site, snapshot([sender, group("chan receive", ["shop/q.(*Pool).work:20"])]), own),
    ).toBe(0);
    expect(partnersAtWork(site, snapshot([sender]), own)).toBe(0);
    const ask = group("chan send", ["shop/q.(*Quoter).ask:5"], {
      createdBy: frame("shop/q.(*Quoter).Quote:3"),
    });
    const [asked] = waitSites([ask], own);
    const caller = group("select", ["shop/q.(*Quoter).Quote:4"]);
    expect(asked && partnersAtWork(asked, snapshot([ask, caller]), own)).toBe(0);
  });
});

function exemplars(...parents: number[]) {
  return parents.map((parentId, index) => ({ id: 100 + index, parentId, pointers: [] }));
}

describe("who started them", () => {
  const crew = group("chan receive", ["shop/q.(*Pool).work:20"], {
    count: 300,
    exemplars: exemplars(1, 1, 1),
    createdBy: frame("shop/q.NewPool:4"),
  });
  const orphans = group("chan receive", ["shop/f.(*Feed).deliver:8"], {
    count: 300,
    exemplars: exemplars(5, 6, 7),
    createdBy: frame("shop/f.(*Feed).Follow:3"),
  });

  it("counts parents and looks for them", () => {
    expect(distinctParents([crew])).toBe(1);
    expect(distinctParents([orphans])).toBe(3);
    expect(distinctParents([group("chan receive", ["shop/q.x:1"])])).toBeUndefined();
    expect(livingStarters([orphans], snapshot([orphans]))).toBe(0);
    expect(
      livingStarters(
        [orphans],
        snapshot([orphans, group("select", ["shop/f.(*Feed).Follow:5"], { count: 9 })]),
      ),
    ).toBe(9);
  });

  it("knows a crew that somebody is still hiring", () => {
    const hirer = group("select", ["shop/q.(*Pool).Hire:5"]);
    const unnamed = group("chan receive", ["shop/q.(*Pool).work:20"], { count: 300 });
    const [site] = waitSites([unnamed], own);
    expect(site && mayBeFilling(site, snapshot([unnamed, hirer]), own)).toBe(true);
    expect(site && mayBeFilling(site, snapshot([unnamed]), own)).toBe(false);
  });
});

describe("childrenOf", () => {
  const parent = group("sync.WaitGroup.Wait", ["sync.(*WaitGroup).Wait:1", "main.importAll:9"], {
    exemplars: [{ id: 7, pointers: [] }],
  });
  it.each<[string, GoroutineGroup, number]>([
    [
      "by the parent's id",
      group("chan send", ["main.x:1"], { exemplars: [{ id: 9, parentId: 7, pointers: [] }] }),
      1,
    ],
    ["by the creator", group("chan send", ["main.x:1"], { createdBy: frame("main.importAll:5") }), 1],
    ["by a closure's name", group("chan send", ["main.x:1", "main.importAll.func1:2"]), 1],
    ["not a stranger", group("chan send", ["main.x:1"], { createdBy: frame("main.other:5") }), 0],
  ])("%s", (_, child, found) => {
    expect(childrenOf(parent, snapshot([parent, child]), own)).toHaveLength(found);
  });

  it("by the type whose other method starts them", () => {
    const waits = group("sync.WaitGroup.Wait", ["sync.(*WaitGroup).Wait:1", "shop/f.(*Group).Wait:9"]);
    const child = group("chan send", ["shop/f.pull:1", "shop/f.(*Group).Go.func1:2"]);
    expect(childrenOf(waits, snapshot([waits, child]), own)).toHaveLength(1);
  });
});

describe("nothingRuns", () => {
  const waits = snapshot([
    group("sync.Mutex.Lock", ["shop/a.Get:1"]),
    group("active", ["runtime/pprof.writeGoroutine:1", "net/http.(*conn).serve:2"]),
  ]);
  const runs = snapshot([group("active", ["shop/a.Get:1"])]);
  it("needs two captures without running own code", () => {
    expect(nothingRuns(seen(waits, [waits]), own)).toBe(true);
    expect(nothingRuns(seen(waits), own)).toBe(false);
    expect(nothingRuns(seen(waits, [runs]), own)).toBe(false);
    expect(nothingRuns(seen({ ...waits, form: "counts" }, [{ ...waits, form: "counts" }]), own)).toBe(false);
    expect(nothingRuns(seen(waits, [{ ...waits, incomplete: "cut" }]), own)).toBe(false);
  });
});
