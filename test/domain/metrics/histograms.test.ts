import { describe, expect, it } from "vitest";
import { isUnknown } from "../../../src/domain/metrics/counters.ts";
import {
  histogramMove,
  observations,
  quantileRange,
  shareAbove,
} from "../../../src/domain/metrics/histograms.ts";
import { scrape } from "./scrapes.ts";

/** The bounds of client_golang, spelled as Go prints them. */
function latencies(counts: readonly [number, number, number, number]): string {
  const bounds = ["0.0009175039999999999", "0.010485759999999998", "0.11744051199999998", "+Inf"];
  return bounds
    .map((le, index) => `go_sched_latencies_seconds_bucket{le="${le}"} ${counts[index]}`)
    .join("\n");
}

describe("histogramMove", () => {
  it("holds only what came between the scrapes", () => {
    const move = histogramMove(
      [scrape(latencies([1000, 1000, 1000, 1000])), scrape(latencies([1090, 1095, 1099, 1100]))],
      "go_sched_latencies_seconds",
    );
    if (isUnknown(move)) throw new Error(move.unknown);
    expect(observations(move.histogram)).toBe(100);
    expect(shareAbove(move.histogram, 0.01)).toEqual({ bound: 0.010485759999999998, share: 0.05 });
    expect(quantileRange(move.histogram, 0.5)).toEqual({ above: 0, upTo: 0.0009175039999999999 });
    expect(quantileRange(move.histogram, 0.99)).toEqual({
      above: 0.010485759999999998,
      upTo: 0.11744051199999998,
    });
    expect(quantileRange(move.histogram, 1)).toEqual({
      above: 0.11744051199999998,
      upTo: Number.POSITIVE_INFINITY,
    });
  });

  it.each([
    ["absent", [scrape("go_x 1")], /no go_sched/],
    ["one scrape", [scrape(latencies([1, 1, 1, 1]))], /only one/],
    ["restart", [scrape(latencies([9, 9, 9, 9])), scrape(latencies([1, 1, 1, 1]))], /restarted/],
    [
      "two processes in one scrape",
      [
        scrape(`${latencies([1, 1, 1, 1])}\n${latencies([1, 1, 1, 1]).replaceAll("{", '{pod="b",')}`),
        scrape(`${latencies([2, 2, 2, 2])}\n${latencies([2, 2, 2, 2]).replaceAll("{", '{pod="b",')}`),
      ],
      /more than one process/,
    ],
  ])("is unknown: %s", (_name, [first = scrape("go_x 1"), ...rest], reason) => {
    const move = histogramMove([first, ...rest], "go_sched_latencies_seconds");
    expect(isUnknown(move) && move.unknown).toMatch(reason);
  });

  it("has no share and no quantile without observations", () => {
    const empty = {
      buckets: [
        { le: 0.01, count: 0 },
        { le: Number.POSITIVE_INFINITY, count: 0 },
      ],
    };
    expect(shareAbove(empty, 0.01)).toBeUndefined();
    expect(quantileRange(empty, 0.99)).toBeUndefined();
  });
});
