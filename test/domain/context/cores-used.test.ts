import { expect, it } from "vitest";
import { coresUsed } from "../../../src/domain/context/cores-used.ts";
import { scrape } from "../metrics/scrapes.ts";
import { profile } from "../profiles/profiles.ts";

const at = (cpuSeconds: number, ms: number) => scrape(`process_cpu_seconds_total ${cpuSeconds}`, ms);

function busyFor(cpuSeconds: number) {
  return profile(["cpu/nanoseconds"], [[[cpuSeconds * 1e9], "shop/a.F"]], { durationMs: 5000 });
}

it("takes the less of what the CPU profile and two scrapes tell", () => {
  const metrics = [at(10, 1_000_000), at(10.09, 1_030_000)] as const;
  expect(coresUsed({ metrics })).toBeCloseTo(0.003);
  // A CPU profile of five seconds sees nothing below half a percent of a core.
  expect(coresUsed({ cpu: busyFor(0) })).toBe(0.005);
  expect(coresUsed({ cpu: busyFor(0), metrics })).toBeCloseTo(0.003);
  expect(coresUsed({ cpu: busyFor(0.01), metrics: [at(1, 1_000_000), at(9, 1_010_000)] })).toBe(0.005);
});

it("never takes a process for idler than the clock ticks tell, nor guesses without a time", () => {
  expect(coresUsed({ metrics: [at(10, 1_000_000), at(10, 1_020_000)] })).toBeCloseTo(0.0005);
  expect(coresUsed({ metrics: [at(10, 0), at(10, 0)] })).toBeUndefined();
  expect(coresUsed({})).toBeUndefined();
});
