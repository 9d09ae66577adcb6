import { expect, it } from "vitest";
import { cpuPressure } from "../../../src/domain/context/cpu-pressure.ts";
import { scrape } from "../metrics/scrapes.ts";
import { profile } from "../profiles/profiles.ts";

/** Two processors for ten seconds, 2 s of them idle by the runtime's own count. */
const metrics = [
  scrape("go_sched_gomaxprocs_threads 2"),
  scrape(`
go_sched_gomaxprocs_threads 2
go_cpu_classes_total_cpu_seconds_total 100
go_cpu_classes_idle_cpu_seconds_total 30
go_cpu_classes_gc_mark_idle_cpu_seconds_total 1`),
  scrape(`
go_sched_gomaxprocs_threads 2
go_cpu_classes_total_cpu_seconds_total 120
go_cpu_classes_idle_cpu_seconds_total 32
go_cpu_classes_gc_mark_idle_cpu_seconds_total 1`),
] as const;

function busyFor(cpuSeconds: number) {
  return profile(["cpu/nanoseconds"], [[[cpuSeconds * 1e9], "shop/a.F"]], { durationMs: 10_000 });
}

it("knows what the process asked for and what it got", () => {
  expect(cpuPressure({ metrics, cpu: busyFor(18) })).toMatchObject({ busy: 0.9, granted: 1 });
  const throttled = cpuPressure({ metrics, cpu: busyFor(4.5) });
  expect(throttled?.busy).toBeCloseTo(0.9);
  expect(throttled?.granted).toBeCloseTo(0.25);
});

it("makes do with one of the two, and with none", () => {
  expect(cpuPressure({ metrics })).toEqual({ busy: 0.9 });
  expect(cpuPressure({ metrics: [metrics[0]], cpu: busyFor(5) })).toEqual({ busy: 0.25 });
  expect(cpuPressure({ cpu: busyFor(5) })).toBeUndefined();
});
