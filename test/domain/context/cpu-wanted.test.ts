import { expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { cpuWanted } from "../../../src/domain/context/cpu-wanted.ts";
import type { GoroutineSnapshot } from "../../../src/domain/goroutines/goroutine.ts";
import { goroutineEvidence } from "../../../src/domain/goroutines/goroutine-evidence.ts";
import { frame, group } from "../goroutines/goroutines.ts";
import { scrape } from "../metrics/scrapes.ts";
import { profile } from "../profiles/profiles.ts";

const own = ownCode([frame("main.main"), frame("shop/pricing.Model")]);

function atWork(count: number, form: GoroutineSnapshot["form"] = "profile"): GoroutineSnapshot {
  const groups = [
    group("active", ["runtime.asyncPreempt", "shop/pricing.Model"], { count }),
    // The runtime's own, and the one that writes the capture.
    group("active", ["runtime/pprof.writeGoroutine", "net/http/pprof.Index"], { count: 3 }),
    group("sleep", ["time.Sleep", "shop/pricing.Rest"], { count: 50 }),
  ];
  return { artifact: "g.pb.gz", form, total: count + 53, counted: count + 53, groups };
}

function wanted(gomaxprocs: number, cpuSeconds: number, ...snapshots: readonly GoroutineSnapshot[]) {
  const goroutines = goroutineEvidence(snapshots);
  if (goroutines === undefined) throw new Error("no snapshot");
  return cpuWanted({
    cpu: profile(["cpu/nanoseconds"], [[[cpuSeconds * 1e9], "shop/pricing.Model"]], { durationMs: 10_000 }),
    metrics: [scrape(`go_sched_gomaxprocs_threads ${gomaxprocs}`)],
    goroutines,
    target: { own },
  });
}

it("compares work that every capture shows with the CPU time that the process got", () => {
  expect(wanted(16, 5, atWork(7), atWork(9))).toEqual({
    processors: 7,
    gomaxprocs: 16,
    captures: 2,
    artifact: "g.pb.gz",
    cores: 0.5,
  });
  expect(wanted(4, 5, atWork(70), atWork(90))?.processors).toBe(4);
  expect(wanted(16, 5, atWork(7), atWork(0))?.processors).toBe(0);
});

it("says nothing of a process that keeps half of its processors busy, and of what does not tell who is at work", () => {
  expect(wanted(4, 20, atWork(7), atWork(9))).toBeUndefined();
  expect(wanted(16, 5, atWork(7))).toBeUndefined();
  expect(wanted(16, 5, atWork(7, "counts"), atWork(9, "counts"))).toBeUndefined();
  expect(cpuWanted({ target: { own } })).toBeUndefined();
});
