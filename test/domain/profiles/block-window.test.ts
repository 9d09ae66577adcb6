import { describe, expect, test } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { blockWindow, waitedSites } from "../../../src/domain/profiles/block-window.ts";
import type { Profile } from "../../../src/domain/profiles/profile.ts";
import { profile, type SampleText } from "./profiles.ts";

const types = ["contentions/count", "delay/nanoseconds"];
const served = ["shop/handlers.(*Checkout).Pay", "net/http.(*conn).serve"];

function blockProfile(samples: readonly SampleText[], rest: Partial<Profile> = { timeMs: 0 }): Profile {
  return profile(types, samples, rest);
}

function waited(before: readonly SampleText[], after: readonly SampleText[]) {
  const profiles = [blockProfile(before), blockProfile(after, { timeMs: 10_000 })];
  const window = blockWindow(profiles);
  if (window === undefined) throw new Error("no window");
  return waitedSites(
    window,
    ownCode(
      profiles.flatMap(({ frames }) => frames),
      ["shop"],
    ),
  );
}

describe("a window of block profiles", () => {
  test("lies between the last two, by the process's own clock", () => {
    const [a, b, c] = [1_000, 5_000, 12_500].map((timeMs) => blockProfile([], { timeMs }));
    if (a === undefined || b === undefined || c === undefined) throw new Error("three were made");
    expect(blockWindow([a, b, c])).toEqual({ before: b, after: c, lengthMs: 7_500 });
  });

  test("is what a profile over seconds covers", () => {
    const difference = blockProfile([], { timeMs: 0, durationMs: 10_000 });
    expect(blockWindow([blockProfile([]), difference])).toEqual({ after: difference, lengthMs: 10_000 });
  });

  test.each<[string, readonly Profile[]]>([
    ["none came", []],
    ["there is only one", [blockProfile([])]],
    ["one has no time", [blockProfile([], {}), blockProfile([])]],
    ["no time passed", [blockProfile([]), blockProfile([])]],
    ["they are not in order", [blockProfile([], { timeMs: 5 }), blockProfile([])]],
  ])("is none when %s", (_why, profiles) => {
    expect(blockWindow(profiles)).toBeUndefined();
  });
});

describe("what goroutines waited for in a window", () => {
  const lock = ["sync.(*Mutex).Lock", "shop/ledger.(*Store).Post", ...served];

  test("is what was added between the profiles, and nothing of it multiplied", () => {
    const [site, ...others] = waited([[[100, 5e9], ...lock]], [[[160, 8e9], ...lock]]);
    expect(others).toEqual([]);
    expect(site).toMatchObject({
      frame: { function: "shop/ledger.(*Store).Post" },
      waitReason: "sync.Mutex.Lock",
      meaning: "late",
      waits: 60,
      waitedMs: 3_000,
    });
  });

  test("is none where nothing was added, whatever stands there from before", () => {
    expect(waited([[[100, 5e9], ...lock]], [[[100, 5e9], ...lock]])).toEqual([]);
  });

  test("comes with most time first, by the innermost own line", () => {
    const send = ["runtime.chansend1", "shop/queue.(*Queue).Put", "shop/ledger.(*Store).Post", ...served];
    const sites = waited(
      [],
      [
        [[9, 1e9], ...lock],
        [[1, 4e9], ...send],
      ],
    );
    expect(sites.map(({ frame, waitedMs }) => [frame.function, waitedMs])).toEqual([
      ["shop/queue.(*Queue).Put", 4_000],
      ["shop/ledger.(*Store).Post", 1_000],
    ]);
  });

  test.each<[leaf: readonly string[], reason: string | undefined, inRequest: string, elsewhere: string]>([
    [["sync.(*Mutex).Lock"], "sync.Mutex.Lock", "late", "late"],
    [["internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock"], "sync.Mutex.Lock", "late", "late"],
    [["sync.(*Mutex).Lock", "sync.(*RWMutex).Lock"], "sync.RWMutex.Lock", "late", "late"],
    [["sync.(*RWMutex).RLock"], "sync.RWMutex.RLock", "late", "late"],
    [["sync.(*WaitGroup).Wait"], "sync.WaitGroup.Wait", "late", "late"],
    [["runtime.chansend1"], "chan send", "late", "late"],
    [["runtime.chanrecv1"], "chan receive", "perhaps-idle", "idle"],
    [["runtime.chanrecv2"], "chan receive", "perhaps-idle", "idle"],
    [["runtime.selectgo"], "select", "perhaps-idle", "idle"],
    [["sync.(*Cond).Wait"], "sync.Cond.Wait", "perhaps-idle", "idle"],
    [["runtime.selectgo", "database/sql.(*DB).conn"], "select", "perhaps-idle", "idle"],
    [["time.Sleep"], undefined, "perhaps-idle", "idle"],
  ])("%j means %s: %s within a request, %s elsewhere", (leaf, reason, inRequest, elsewhere) => {
    const [request] = waited([], [[[1, 1e9], ...leaf, "shop/a.F", ...served]]);
    const [worker] = waited([], [[[1, 1e9], ...leaf, "shop/a.F", "shop/a.work"]]);
    expect([request?.waitReason, request?.meaning]).toEqual([reason, inRequest]);
    expect([worker?.waitReason, worker?.meaning]).toEqual([reason, elsewhere]);
  });

  test("is not what libraries wait for by themselves", () => {
    expect(waited([], [[[5, 9e9], "sync.(*Cond).Wait", "net/http.(*connReader).abortPendingRead"]])).toEqual(
      [],
    );
  });
});
