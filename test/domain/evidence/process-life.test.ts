import { describe, expect, it } from "vitest";
import { assembleEvidence } from "../../../src/domain/evidence/assemble-evidence.ts";
import type { ReadCapture } from "../../../src/domain/evidence/read-capture.ts";
import type { GoroutineSnapshot } from "../../../src/domain/goroutines/goroutine.ts";
import { group } from "../goroutines/goroutines.ts";
import { profile } from "../profiles/profiles.ts";

function goroutines(file: string, takenAtMs: number): ReadCapture {
  const groups = [group("chan send", ["runtime.gopark:1", "shop/orders.Place:41"], { count: 5 })];
  const snapshot: GoroutineSnapshot = { artifact: file, form: "profile", total: 5, counted: 5, groups };
  return { file, takenAtMs, artifact: { type: "goroutines", snapshot, leaked: false } };
}

function heap(file: string, takenAtMs: number, allocated: number): ReadCapture {
  const value = profile(["alloc_space/bytes", "inuse_space/bytes"], [[[allocated, 1], "shop/cart.Add:3"]]);
  return { file, takenAtMs, artifact: { type: "profile", profile: { ...value, artifact: file } } };
}

function scrape(file: string, takenAtMs: number, startSeconds: number): ReadCapture {
  const name = "process_start_time_seconds";
  const samples = new Map([[name, [{ name, labels: {}, value: startSeconds }]]]);
  return { file, takenAtMs, artifact: { type: "metrics", scrape: { artifact: file, takenAtMs, samples } } };
}

/** In the order in which a snapshot takes them. */
function bundle(secondStart: number, secondAllocated: number): ReadCapture[] {
  return [
    goroutines("goroutine-1", 1_000),
    scrape("metrics-1", 1_100, 100),
    heap("heap-1", 1_200, 5_000),
    goroutines("goroutine-2", 16_000),
    scrape("metrics-2", 16_100, secondStart),
    heap("heap-2", 16_200, secondAllocated),
  ];
}

function seriesOf(captures: readonly ReadCapture[]): (string | undefined)[] {
  return (
    assembleEvidence(captures).evidence.goroutines?.series.map(({ artifact }) => artifact) ?? [undefined]
  );
}

describe("captures of a process that restarted on the way", () => {
  it("are all used while it ran on", () => {
    const { leftOut, evidence } = assembleEvidence(bundle(100, 5_000));
    expect(leftOut).toEqual([]);
    expect(evidence.goroutines?.series).toHaveLength(2);
    expect(evidence.heap).toHaveLength(2);
  });

  it("are of the last run only, by the start that the scrapes tell", () => {
    const { leftOut, evidence, notes } = assembleEvidence(bundle(115, 6_000));
    expect(leftOut.map(({ file }) => file)).toEqual(["goroutine-1", "heap-1"]);
    expect(evidence.goroutines?.series.map(({ artifact }) => artifact)).toEqual(["goroutine-2"]);
    expect(notes[0]).toBe(
      "goroutine-1: left out, the process restarted meanwhile (process_start_time_seconds changed) and this may be of its earlier run",
    );
  });

  it("are of the last run only, by the allocations that fell where there are no metrics", () => {
    const withoutMetrics = bundle(100, 400).filter(({ file }) => !file.startsWith("metrics"));
    const { leftOut, evidence } = assembleEvidence(withoutMetrics);
    expect(leftOut.map(({ file }) => file)).toEqual(["goroutine-1", "heap-1"]);
    expect(evidence.heap?.map(({ artifact }) => artifact)).toEqual(["heap-2"]);
    expect(leftOut[0]?.reason).toContain("what it allocated since its start fell");
  });

  it("are sorted by when they were taken, not by how they were given", () => {
    expect(seriesOf(bundle(115, 6_000).toReversed())).toEqual(["goroutine-2"]);
    expect(seriesOf(bundle(100, 6_000).toReversed())).toEqual(["goroutine-1", "goroutine-2"]);
  });

  it("keep the last of a sort that may be of either run", () => {
    const captures = [
      ...bundle(115, 400).slice(0, 3),
      goroutines("between", 8_000),
      heap("heap-2", 9_000, 400),
    ];
    expect(seriesOf(captures)).toEqual(["between"]);
  });
});
