import { describe, expect, test } from "vitest";
import { lightEvidence } from "../../../src/domain/evidence/light-evidence.ts";
import type { CheckState } from "../../../src/domain/findings/finding.ts";
import type { GoroutineSnapshot } from "../../../src/domain/goroutines/goroutine.ts";
import { type ComparedProcess, comparePeer } from "../../../src/domain/incidents/peer-comparison.ts";
import { analysis, finding } from "../../commands/chat/analyses.ts";
import { frame, group, seen, snapshot } from "../goroutines/goroutines.ts";
import { profile } from "../profiles/profiles.ts";

const pileUp = "goroutine/mutex-pileup";
const post = "shop/ledger.(*Store).Post";

function pile(value: number, rule = pileUp) {
  return finding("f1", rule, {
    title: `${value} goroutines wait for one mutex`,
    measured: { value, limit: 10, unit: "goroutines" },
    goroutines: value,
    where: [frame(`${post}:88`)],
    waitReason: "sync.Mutex.Lock",
  });
}

/** So many goroutines wait for the ledger's mutex, and a few do other things in the same function. */
function waiting(count: number, change: Partial<GoroutineSnapshot> = {}): GoroutineSnapshot {
  const groups = [
    ...(count === 0 ? [] : [group("sync.Mutex.Lock", ["sync.(*Mutex).Lock:5", `${post}:88`], { count })]),
    group("IO wait", ["internal/poll.runtime_pollWait:1", `${post}:90`], { count: 7 }),
    group("chan receive", ["shop/queue.(*Pool).work:12"], { count: 20 }),
  ];
  return { ...snapshot(groups), ...change };
}

/** So many MiB are in use through the cache, and one besides. */
function heapWith(cacheMiB: number) {
  return profile(
    ["inuse_space/bytes"],
    [
      [[cacheMiB << 20], "shop/cache.(*Store).entry:7", "shop/cache.(*Store).Put:31"],
      [[1 << 20], "net/http.(*conn).serve:9"],
    ],
  );
}

function process(name: string, change: Partial<ComparedProcess> = {}): ComparedProcess {
  return { name, analysis: analysis(), ...change };
}

const sick = process("order-1", {
  analysis: analysis({ findings: [pile(11_902)] }),
  goroutines: 12_408,
  heap: heapWith(60),
  snapshot: waiting(11_900, { takenAtMs: 1_000 }),
});
const light = analysis({ findings: [pile(11_900)] });

function looked(state: CheckState, reason?: string) {
  return analysis({ checks: [{ rule: pileUp, state, ...(reason === undefined ? {} : { reason }) }] });
}

function scarce(value: number) {
  return finding("f1", "memory/headroom", { measured: { value, limit: 100, unit: "bytes" } });
}

function binary(buildId: string) {
  return { binary: { file: "/shop", buildId } };
}

describe("a peer", () => {
  test("that shows nothing of it: only the sick one does, with the figures of both", () => {
    const healthy = process("order-2", {
      analysis: looked("pass"),
      goroutines: 1_297,
      heap: heapWith(2),
      snapshot: waiting(3, { takenAtMs: 25_000 }),
    });
    expect(comparePeer(sick, light, healthy)).toEqual({
      outcome: "only-here",
      here: "order-1",
      there: "order-2",
      figures: { here: 11_900, there: 3, unit: "goroutines" },
      goroutines: { here: 12_408, there: 1_297 },
      heapBytes: { here: 61 << 20, there: 3 << 20 },
      laterMs: 24_000,
    });
  });

  test("with the same finding shows it, too; with a tenth of it far less", () => {
    const [alike, less] = [11_870, 40].map((value) =>
      comparePeer(sick, light, process("order-2", { analysis: analysis({ findings: [pile(value)] }) })),
    );
    expect(alike).toMatchObject({
      outcome: "both",
      figures: { here: 11_902, there: 11_870, unit: "goroutines" },
    });
    expect(less).toMatchObject({ outcome: "less-there", figures: { here: 11_902, there: 40 } });
  });

  test("is not relieved by less of what is bad because it is small", () => {
    const here = process("order-1", { analysis: analysis({ findings: [scarce(50)] }) });
    const there = process("order-2", { analysis: analysis({ findings: [scarce(1)] }) });
    expect(comparePeer(here, here.analysis, there).outcome).toBe("both");
  });

  test("in which as many stand at the same place, and whose rule could not look, shows it, too", () => {
    const blind = looked("inconclusive", "needs two looks");
    const outcomes = [9_000, 2_000, 100].map(
      (count) =>
        comparePeer(sick, light, process("order-2", { analysis: blind, snapshot: waiting(count) })).outcome,
    );
    expect(outcomes).toEqual(["both", "less-there", "only-here"]);
  });

  test("in which many stand there that the rule does not call wrong is told as inconclusive", () => {
    const there = process("order-2", { analysis: looked("pass"), snapshot: waiting(5_000) });
    expect(comparePeer(sick, light, there)).toMatchObject({
      outcome: "unclear",
      figures: { here: 11_900, there: 5_000 },
      reason: `what order-2 has at the same place ${pileUp} does not call wrong`,
    });
  });

  test("whose capture broke off clears nobody by what is missing from it", () => {
    const there = process("order-2", {
      analysis: looked("inconclusive", "the goroutines are not whole"),
      snapshot: waiting(0, { incomplete: "it broke off" }),
    });
    expect(comparePeer(sick, light, there)).toMatchObject({
      outcome: "unclear",
      reason: `${pileUp} could not judge order-2: the goroutines are not whole`,
    });
  });

  test("is compared by those who wait where the finding's own place is that of the one they wait for", () => {
    const holder = finding("f1", "lock/holder", {
      goroutines: 11_902,
      where: [frame("shop/replica.(*Replica).Append:29")],
    });
    const waiters = { ...pile(11_902), id: "f2", role: "symptom" as const, causedBy: "f1" };
    const here = {
      ...sick,
      analysis: analysis({ findings: [holder, waiters] }),
      snapshot: snapshot([
        ...waiting(11_900).groups,
        group("IO wait", ["shop/replica.(*Replica).Append:29", `${post}:88`]),
      ]),
    };
    const there = process("order-2", { snapshot: waiting(3) });
    expect(comparePeer(here, analysis(), there)).toMatchObject({
      outcome: "only-here",
      figures: { here: 11_900, there: 3, unit: "goroutines" },
    });
    const alone = { ...here, analysis: analysis({ findings: [holder] }) };
    expect(comparePeer(alone, analysis(), there).outcome).toBe("unclear");
  });

  test("that gave another form of goroutines is compared by place alone", () => {
    const there = process("order-2", {
      analysis: looked("inconclusive", "no waits in this form"),
      snapshot: { ...waiting(0), form: "counts" },
    });
    // The seven that wait for something else cannot be told from those that wait for the mutex.
    expect(comparePeer(sick, light, there).figures).toEqual({ here: 11_907, there: 7, unit: "goroutines" });
  });

  test("is cleared of what is no matter of goroutines only by a rule that sees it in a short capture", () => {
    const heap = finding("f1", "heap/growth", { measured: { value: 900, limit: 100, unit: "bytes" } });
    const here = process("order-1", { analysis: analysis({ findings: [heap] }) });
    const there = process("order-2", {
      analysis: analysis({ checks: [{ rule: "heap/growth", state: "pass" }] }),
    });
    expect(comparePeer(here, analysis({ findings: [heap] }), there)).toMatchObject({ outcome: "only-here" });
    const unseen = comparePeer(here, analysis(), there);
    expect(unseen.outcome).toBe("unclear");
    expect(unseen.reason).toContain("in which heap/growth does not see this");
    expect(comparePeer(here, analysis({ findings: [heap] }), process("order-2")).outcome).toBe("unclear");
  });

  test("is compared by the bytes in use at the place of a finding about the heap", () => {
    const growth = finding("f1", "heap/growth", { where: [frame("shop/cache.(*Store).Put:31")] });
    const here = process("order-1", { analysis: analysis({ findings: [growth] }), heap: heapWith(60) });
    const outcomes = [0, 12, 50].map((mebibytes) =>
      comparePeer(here, analysis(), process("order-2", { heap: heapWith(mebibytes) })),
    );
    expect(outcomes).toMatchObject([
      { outcome: "only-here", figures: { here: 60 << 20, there: 0, unit: "bytes" } },
      { outcome: "less-there", byPlace: true },
      { outcome: "both", byPlace: true },
    ]);
    // Too few samples to tell a tenth of them.
    const little = { ...here, heap: heapWith(7) };
    expect(comparePeer(little, analysis(), process("order-2", { heap: heapWith(0) })).outcome).toBe(
      "unclear",
    );
  });

  test("says what it shows itself, and that it is another build", () => {
    const here = process("order-1", { snapshot: waiting(0, binary("a")) });
    const there = process("order-2", {
      analysis: analysis({ findings: [pile(500)] }),
      snapshot: waiting(500, binary("b")),
    });
    expect(comparePeer(here, analysis(), there)).toMatchObject({
      outcome: "nothing-here",
      otherBuild: true,
      elsewhere: "500 goroutines wait for one mutex",
    });
    const same = process("order-2", { snapshot: waiting(0, binary("a")) });
    expect(comparePeer(here, analysis(), same)).not.toHaveProperty("otherBuild");
  });
});

test("what a short capture would have shown is the last look, and nothing that it never takes", () => {
  const [first, last] = [waiting(1), waiting(2)];
  const found = lightEvidence({
    goroutines: seen(first, [last]),
    threadCount: { threads: 7, artifact: "threadcreate.pb.gz" },
  });
  expect(found).toEqual({ goroutines: { best: last, series: [last] } });
});
