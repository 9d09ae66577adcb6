import { describe, expect, test } from "vitest";
import { dumpPause, dumpPauseText, whyNoDump } from "../../src/capture/dump-cost.ts";
import { planCapture } from "../../src/capture/plan.ts";
import { defaultRequest } from "../../src/capture/request.ts";
import { isSlow, slowLimitMs } from "../../src/capture/slowdown.ts";
import { bundleName } from "../../src/capture/story.ts";

describe("the pause of a dump", () => {
  test("grows with the number of goroutines, the worst case never below the best", () => {
    let before = { leastMs: 0, mostMs: 0 };
    for (let goroutines = 10; goroutines < 5_000_000; goroutines *= 1.7) {
      const pause = dumpPause(goroutines);
      expect(pause.leastMs).toBeGreaterThan(before.leastMs);
      expect(pause.mostMs).toBeGreaterThan(before.mostMs);
      expect(pause.mostMs).toBeGreaterThan(pause.leastMs);
      before = pause;
    }
  });

  test("is said to be a guess", () => {
    expect(dumpPauseText(12_408)).toMatch(/^about .+ to .+$/);
  });

  test("is short where a dump is taken without being asked for", () => {
    expect(dumpPause(2_000).leastMs).toBeLessThan(100);
    expect(whyNoDump(2_000, 0, 2_000, false)).toBeUndefined();
    expect(whyNoDump(10_001, 0, 10_000, true)).toContain("a larger limit must be named");
  });
});

describe("slowness", () => {
  test.each([
    [1, 250, false],
    [1, 252, true],
    [40, 289, false],
    [40, 291, true],
    [100, 499, false],
    [100, 501, true],
    [2_000, 9_999, false],
  ])("with %i ms at first, %i ms now is slow: %s", (baselineMs, latencyMs, slow) => {
    expect(isSlow(latencyMs, baselineMs)).toBe(slow);
    expect(isSlow(undefined, baselineMs)).toBe(true);
    expect(slowLimitMs(baselineMs)).toBeGreaterThan(baselineMs);
  });
});

describe("a plan", () => {
  test("never gives two steps the same file, and bounds every one of them", () => {
    const include = ["allocs", "goroutineleak", "expvar", "cmdline", "trace"] as const;
    const { steps } = planCapture({ ...defaultRequest, blockSeconds: 10, include }, undefined, true);
    const files = steps.map(({ file }) => file);
    expect(new Set(files).size).toBe(files.length);
    for (const { limits, expectedMs } of steps) {
      expect(limits.deadlineMs).toBeGreaterThan(expectedMs);
      expect(limits.maxBytes).toBeGreaterThan(0);
    }
  });

  test("lets a dump be larger than the size at which the runtime cuts it", () => {
    const { steps } = planCapture(defaultRequest, undefined, false);
    expect(steps.find(({ kind }) => kind === "goroutine-dump")?.limits.maxBytes).toBeGreaterThan(64 << 20);
  });
});

describe("a bundle's name", () => {
  test.each([
    ["order", "gofire-order-20240521-031207"],
    ["10.0.0.5:6060", "gofire-10.0.0.5-6060-20240521-031207"],
    ["/run/app.sock", "gofire-run-app.sock-20240521-031207"],
    ["[::1]:6060", "gofire-1-6060-20240521-031207"],
    ["Zahlung/Süd", "gofire-zahlung-s-d-20240521-031207"],
    ["..", "gofire-target-20240521-031207"],
  ])("of %s", (whose, name) => {
    expect(bundleName(whose, new Date(Date.UTC(2024, 4, 21, 3, 12, 7, 999)))).toBe(name);
  });
});
