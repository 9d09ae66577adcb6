import { describe, expect, it } from "vitest";
import { counterMove, gauge, isUnknown } from "../../../src/domain/metrics/counters.ts";
import { scrape } from "./scrapes.ts";

describe("counterMove", () => {
  it("is the increase between the first and the last scrape that show the counter, by time", () => {
    const metrics = [
      scrape("process_cpu_seconds_total 10", 1_000_000),
      scrape("go_goroutines 5", 1_005_000),
      scrape("process_cpu_seconds_total 14", 1_008_000),
    ] as const;
    expect(counterMove(metrics, "process_cpu_seconds_total")).toMatchObject({
      increase: 4,
      windowMs: 8000,
      perSecond: 0.5,
    });
  });

  it("has no rate when a time is unknown", () => {
    const move = counterMove([scrape("go_x_total 1"), scrape("go_x_total 3")], "go_x_total");
    expect(move).toMatchObject({ increase: 2 });
    expect(move).not.toHaveProperty("perSecond");
  });

  it.each([
    ["one scrape", ["go_x_total 1"], /only one/],
    ["no scrape", ["go_y_total 1"], /no go_x_total/],
    ["a counter that fell", ["go_x_total 5", "go_x_total 2"], /restarted/],
    [
      "a new start time, although the counter rose",
      ["go_x_total 5\nprocess_start_time_seconds 100", "go_x_total 9\nprocess_start_time_seconds 900"],
      /restarted/,
    ],
    ["several processes", ['go_x_total{pod="a"} 1\ngo_x_total{pod="b"} 1'], /several/],
  ])("says why it is unknown: %s", (_name, texts, reason) => {
    const [first = scrape("go_z 1"), ...rest] = texts.map((text) => scrape(text));
    const move = counterMove([first, ...rest], "go_x_total");
    expect(isUnknown(move) && move.unknown).toMatch(reason);
  });
});

describe("gauge", () => {
  it("is the latest value that is a number", () => {
    const metrics = [scrape("go_threads 7"), scrape("go_threads 9"), scrape("go_threads NaN")] as const;
    expect(gauge(metrics, "go_threads")).toBe(9);
    expect(gauge(metrics, "go_goroutines")).toBeUndefined();
  });
});
