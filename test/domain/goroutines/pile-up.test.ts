import { describe, expect, it } from "vitest";
import { coresUsed, leastWaitMs } from "../../../src/domain/context/cores-used.ts";
import type { Goroutine, GoroutineGroup } from "../../../src/domain/goroutines/goroutine.ts";
import { growthText, isGrowing, pileUp, trendOf, trendText } from "../../../src/domain/goroutines/pile-up.ts";
import { scrape } from "../metrics/scrapes.ts";
import { profile } from "../profiles/profiles.ts";
import { group, seen, snapshot } from "./goroutines.ts";

const limits = { growthRatio: 0.2, growthInMinute: 50, growthInSeconds: 20 };
const waiting = (count: number, rest: Partial<GoroutineGroup> = {}) =>
  group("select", ["shop/x.Wait"], { count, ...rest });
const counts = (...numbers: number[]) => {
  const [first = snapshot([]), ...later] = numbers.map((count) => snapshot([waiting(count)]));
  return pileUp(seen(first, later), () => true);
};

describe("trendOf", () => {
  it.each([
    ["growing", [100, 125]],
    ["growing", [0, 30]],
    ["steady", [100, 110]],
    ["steady", [100, 90]],
    ["few", [3, 4]],
    ["few", [2, 12]],
    ["few", [12, 2]],
    ["seen-once", [12]],
  ] as const)("%s", (trend, numbers) => {
    expect(trendOf(counts(...numbers), 10, limits)).toBe(trend);
  });

  it("is old when a dump shows minutes, even if most came later", () => {
    const exemplars: Goroutine[] = [5, 4, 3, 2].map((waitMinutes, id) => ({ id, waitMinutes, pointers: [] }));
    const dump = snapshot([waiting(200, { waitMinutes: { min: 0, max: 5 }, exemplars })], "dump");
    const pile = pileUp(seen(dump), () => true);
    expect(pile.aged).toBe(4);
    expect(trendOf(pile, 10, limits)).toBe("old");
    expect(trendText(pile, "old")).toContain("5 min");
  });

  it("wants more growth of captures a minute apart, and none that falls on the way", () => {
    expect(isGrowing([100, 130], 60_000, limits)).toBe(false);
    expect(isGrowing([100, 160], 60_000, limits)).toBe(true);
    expect(isGrowing([100, 60, 160], 15_000, limits)).toBe(false);
  });

  it("says the growth in words", () => {
    expect(growthText(counts(120, 345), "waiting requests")).toBe("120 → 345 waiting requests in 15 s");
    expect(growthText(counts(7))).toBe("7 goroutines");
  });
});

describe("least wait", () => {
  it("comes from the CPU profile, else from two scrapes", () => {
    const cpu = profile(["samples/count", "cpu/nanoseconds"], [[[10, 1e8], "shop/x.Work"]], {
      durationMs: 5000,
    });
    expect(coresUsed({ cpu })).toBeCloseTo(0.02);
    const first = scrape("process_cpu_seconds_total 1.5", 1_000);
    const last = scrape("process_cpu_seconds_total 2.5", 11_000);
    expect(coresUsed({ metrics: [first, last] })).toBeCloseTo(0.1);
    expect(coresUsed({})).toBeUndefined();
  });

  it("takes a process without a sample for idle, not for nothing", () => {
    expect(coresUsed({ cpu: profile(["samples/count", "cpu/nanoseconds"], [], { durationMs: 5000 }) })).toBe(
      0.005,
    );
  });

  it("is Little's law", () => {
    // 240 requests at 0.05 ms each cannot be worked off by 0.01 cores in less than 1.2 s on average.
    expect(leastWaitMs(240, 0.01, 0.05)).toBeCloseTo(1200);
  });
});
