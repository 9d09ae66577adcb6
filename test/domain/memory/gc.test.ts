import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { gcCpuShare } from "../../../src/domain/memory/gc-cpu.ts";
import { chanceOf, recentPauses } from "../../../src/domain/memory/gc-pauses.ts";
import { gcRate } from "../../../src/domain/memory/gc-rate.ts";
import { heapGoal, isLimitBound } from "../../../src/domain/memory/heap-goal.ts";
import type { MemStats } from "../../../src/domain/memory/memstats.ts";
import { isUnknown } from "../../../src/domain/metrics/counters.ts";
import { scrape } from "../metrics/scrapes.ts";
import { profile } from "../profiles/profiles.ts";

const mib = 2 ** 20;
const noon = 1_700_000_000_000;

function memstats(rest: Partial<MemStats>): MemStats {
  return {
    artifact: "heap.txt",
    heapAllocBytes: 0,
    heapSysBytes: 0,
    heapIdleBytes: 0,
    heapInuseBytes: 0,
    heapReleasedBytes: 0,
    heapObjects: 0,
    stackInuseBytes: 0,
    sysBytes: 0,
    totalAllocBytes: 0,
    mallocs: 0,
    frees: 0,
    nextGcBytes: 0,
    numGc: 0,
    numForcedGc: 0,
    gcCpuFractionSinceStart: 0.9,
    pausesNs: [],
    pauseEndsMs: [],
    ...rest,
  };
}

/** Newest first, as MemStats has them. */
function ends(count: number, everyMs: number): number[] {
  return Array.from({ length: count }, (_, index) => noon - index * everyMs);
}

function settings(gogc: string, limit: string) {
  return scrape(
    `go_gc_gogc_percent ${gogc}\ngo_gc_gomemlimit_bytes ${limit}\ngo_gc_heap_live_bytes ${98 * mib}`,
  );
}

function sample(count: number, ...stack: readonly string[]) {
  return [[count, count * 1e7], ...stack] as const;
}

/** Counters of /cpu/classes in seconds. */
function classes(gc: number, idleMark: number, assist: number, total: number, idle: number) {
  return scrape(`
go_cpu_classes_gc_total_cpu_seconds_total ${gc}
go_cpu_classes_gc_mark_idle_cpu_seconds_total ${idleMark}
go_cpu_classes_gc_mark_assist_cpu_seconds_total ${assist}
go_cpu_classes_total_cpu_seconds_total ${total}
go_cpu_classes_idle_cpu_seconds_total ${idle}`);
}

function collected(gcs: number, takenAtMs?: number) {
  return scrape(`go_gc_duration_seconds_count ${gcs}`, takenAtMs);
}

describe("gcRate", () => {
  it("comes from the pause ends of one MemStats, the last minute only", () => {
    const hourOld = ends(256, 100).map((end) => end - 3_600_000);
    const stats = memstats({ numGc: 900, pauseEndsMs: [...ends(11, 500), ...hourOld].slice(0, 256) });
    expect(gcRate({ memstats: [stats] })).toMatchObject({
      perSecond: 2,
      cycles: 10,
      windowMs: 5000,
      forced: 0,
    });
  });

  it("counts down when no GC ran lately", () => {
    const stats = memstats({ numGc: 9, takenAtMs: noon + 30_000, pauseEndsMs: ends(4, 1000) });
    expect(gcRate({ memstats: [stats] })).toMatchObject({ cycles: 3, windowMs: 33_000 });
  });

  it("prefers two MemStats, and tells forced cycles", () => {
    const first = memstats({ numGc: 100, numForcedGc: 10, takenAtMs: noon });
    const last = memstats({ numGc: 160, numForcedGc: 60, takenAtMs: noon + 15_000 });
    expect(gcRate({ memstats: [first, last] })).toMatchObject({ perSecond: 4, cycles: 60, forced: 50 });
  });

  it("falls back to two scrapes, and needs their times", () => {
    expect(gcRate({ metrics: [collected(10, noon), collected(70, noon + 15_000)] })).toMatchObject({
      perSecond: 4,
      cycles: 60,
    });
    const untimed = gcRate({ metrics: [collected(10), collected(70)] });
    expect(isUnknown(untimed) && untimed.unknown).toMatch(/time between/);
    expect(gcRate({})).toHaveProperty("unknown");
  });
});

describe("recentPauses", () => {
  it("is the nearest-rank p99 of the pauses of the last ten minutes", () => {
    const pausesNs = Array.from({ length: 200 }, (_, index) => (index + 1) * 1e6);
    const stats = memstats({ numGc: 200, pausesNs, pauseEndsMs: ends(200, 1000), takenAtMs: noon });
    expect(recentPauses([stats])).toMatchObject({
      count: 200,
      p99Ms: 198,
      p95Ms: 190,
      medianMs: 100,
      longestMs: 200,
    });
  });

  it("leaves old pauses out", () => {
    const stats = memstats({
      numGc: 3,
      pausesNs: [1e6, 2e6, 90e6],
      pauseEndsMs: [noon - 1000, noon - 2000, noon - 3_600_000],
      takenAtMs: noon,
    });
    expect(recentPauses([stats])).toMatchObject({ count: 2, p99Ms: 2, longestMs: 2 });
    expect(recentPauses([memstats({})])).toBeUndefined();
  });

  it("tells whether so many slow ones of a few can be chance", () => {
    expect(chance(0, 20)).toBe(1);
    expect(chance(1, 20)).toBeCloseTo(1 - 0.99 ** 20, 10);
    expect(chance(2, 20)).toBeCloseTo(1 - 0.99 ** 20 - 20 * 0.01 * 0.99 ** 19, 10);
    expect(chance(3, 20)).toBeLessThan(0.002);
  });
});

/** That `slow` of `of` pauses take 50 ms or more. */
function chance(slow: number, of: number): number {
  const pausesNs = Array.from({ length: of }, (_, index) => (index < slow ? 60e6 : 1e5));
  const pauses = recentPauses([memstats({ pausesNs, pauseEndsMs: ends(of, 1000), takenAtMs: noon })]);
  return pauses === undefined ? Number.NaN : chanceOf(pauses, 50);
}

describe("gcCpuShare", () => {
  const types = ["samples/count", "cpu/nanoseconds"];
  const own = ownCode([], ["shop"]);
  const marking = [
    sample(30, "runtime.scanobject", "runtime.gcAssistAlloc", "runtime.mallocgc", "shop/a.F"),
    sample(10, "runtime.scanobject", "runtime.gcDrainMarkWorkerDedicated", "runtime.gcBgMarkWorker.func2"),
    sample(60, "shop/a.F"),
  ] as const;

  it("counts assists and workers, and leaves marking on idle processors out of both sides", () => {
    const idle = sample(
      100,
      "runtime.scanobject",
      "runtime.gcDrainMarkWorkerIdle",
      "runtime.gcBgMarkWorker.func2",
    );
    const cpu = profile(types, [...marking, idle], { durationMs: 1000 });
    expect(gcCpuShare({ cpu, target: { own } })).toMatchObject({
      share: 0.4,
      assistShare: 0.3,
      cores: 0.4,
      mayCountIdle: false,
    });
  });

  it("says so when idle marking cannot be told apart", () => {
    const cpu = profile(types, [sample(40, "runtime.gcBgMarkWorker"), sample(60, "shop/a.F")]);
    expect(gcCpuShare({ cpu, target: { own } })).toMatchObject({ share: 0.4, mayCountIdle: true });
  });

  it("reads /cpu/classes between two scrapes otherwise", () => {
    const metrics = [classes(50, 5, 5, 100, 10), classes(56, 7, 6, 130, 20)] as const;
    expect(gcCpuShare({ metrics, target: { own } })).toMatchObject({ share: 4 / 18, assistShare: 1 / 18 });
  });
});

describe("heapGoal", () => {
  const figures = memstats({
    heapAllocBytes: 100 * mib,
    heapIdleBytes: 30 * mib,
    heapReleasedBytes: 28 * mib,
    heapInuseBytes: 110 * mib,
    sysBytes: 150 * mib,
    nextGcBytes: 105 * mib,
  });

  it("computes the goal that the memory limit allows as the runtime does", () => {
    // 130 - (150 - 30 - 100) - 0 = 110 MiB, less 3 %.
    const goal = heapGoal({ metrics: [settings("100", String(130 * mib))], memstats: [figures] });
    expect(goal.limitGoalBytes).toBeCloseTo(110 * mib * 0.97, 0);
    expect(goal.effectivePercent).toBeCloseTo(7.14, 1);
    expect(isLimitBound(goal)).toBe(true);
  });

  it("knows what is not set", () => {
    const goal = heapGoal({ metrics: [settings("100", "9.223372036854776e+18")], memstats: [figures] });
    expect(goal).toMatchObject({ memoryLimit: "none", gogcPercent: 100 });
    expect(isLimitBound(goal)).toBe(false);
    const off = heapGoal({
      metrics: [settings("1.8446744073709552e+19", String(130 * mib))],
      memstats: [figures],
    });
    expect(off.gogcPercent).toBe("off");
    expect(isLimitBound(off)).toBe(true);
  });

  it("does not take a distant limit for the one that decides", () => {
    const goal = heapGoal({ metrics: [settings("5", String(1024 * mib))], memstats: [figures] });
    expect(isLimitBound(goal)).toBe(false);
    expect(isLimitBound(heapGoal({ memstats: [figures] }))).toBeUndefined();
  });
});
