import { describe, expect, it } from "vitest";
import { contextOf, rising, troubled } from "../../scripts/screenshots/contexts.ts";
import { contextSummary } from "../../src/domain/context/context-summary.ts";
import type { Figure } from "../../src/domain/context/service-context.ts";
import { eventTexts, trendText, usualBeside, withHappenings } from "../../src/render/context-words.ts";

const atMs = Date.UTC(2026, 10, 29, 9, 41);
const plain = {
  moment: "the page",
  time: (ms: number) => new Date(ms).toISOString().slice(11, 16),
  text: String,
};

/** GC pauses whose p99 lies in a bucket, in milliseconds. */
function bucket(when: Figure["when"], above: number, upTo?: number): Figure {
  const range = { above, ...(upTo === undefined ? {} : { upTo }) };
  return {
    name: "gc-pause-p99",
    when,
    value: upTo ?? above,
    unit: "ms",
    atMs,
    of: "process",
    range,
    query: "",
  };
}

describe("what a metrics server says, in words", () => {
  it("is a number with what was usual and where it goes", () => {
    const { trends } = contextSummary(
      contextOf(
        atMs,
        {
          goroutines: [12_408, 1_310, 1_290],
          cpu: [2.1, 0.4, 0.5],
          "resident-memory": [96 << 20, 90 << 20, 95 << 20],
        },
        { figures: [rising(atMs, 310)] },
      ),
    );
    // Memory is as it always is: no word of it.
    expect(trends.map((trend) => trendText(trend))).toEqual([
      "12,408 goroutines (same hour last week 1,310, yesterday 1,290), +310 goroutines a minute over 15 min",
      "CPU 2.1 cores (same hour last week 0.4, yesterday 0.5)",
    ]);
    expect(usualBeside({ value: 1_310, when: "last-week", server: "" }, "goroutines")).toBe(
      "same hour last week 1,310, Prometheus",
    );
  });

  it("is a range where a histogram is all there is, and a word only where it is above every other day's", () => {
    const past = [bucket("last-week", 0.0917, 0.9175), bucket("yesterday", 0, 0.0917)];
    const told = (now: Figure) =>
      contextSummary(contextOf(atMs, {}, { figures: [now, ...past] })).trends.map((trend) =>
        trendText(trend),
      );
    expect(told(bucket("now", 10.49, 117.4))).toEqual([
      "GC pause p99 between 10 ms and 117 ms (same hour last week between 92 µs and 918 µs, yesterday at most 92 µs)",
    ]);
    expect(told(bucket("now", 117.4))).toEqual([
      "GC pause p99 above 117 ms (same hour last week between 92 µs and 918 µs, yesterday at most 92 µs)",
    ]);
    expect(told(bucket("now", 0.0917, 0.9175))).toEqual([]);
    expect(
      usualBeside(
        { value: 0.9175, when: "last-week", range: { above: 0.0917, upTo: 0.9175 }, server: "" },
        "ms",
      ),
    ).toBe("same hour last week between 92 µs and 918 µs, Prometheus");
  });

  it("is what happened, with times; a deploy shortly before is worded as inferred, an older one is only told", () => {
    const events = eventTexts(
      contextSummary(contextOf(atMs, { throttled: [0.43] }, { events: troubled(atMs) })),
      plain,
    );
    expect(events).toEqual([
      "throttled in 43 % of its CPU periods",
      "killed for its memory (OOM) at 09:37",
      "restarted 2 times within 1 h, last at 09:37",
      "deploy (replica set order-7c9f8d) at 09:27, 14 min before the page: could explain this (inferred)",
    ]);
    const old = troubled(atMs - 2 * 3_600_000).slice(2);
    expect(eventTexts(contextSummary(contextOf(atMs, {}, { events: old })), plain)).toEqual([
      "deploy (replica set order-7c9f8d) at 07:27, 2.2 h before the page",
    ]);
    const guessed = old.map((event) => ({
      ...event,
      inferred: true,
      detail: "3 of 3 processes began together",
    }));
    expect(eventTexts(contextSummary(contextOf(atMs, {}, { events: guessed })), plain)).toEqual([
      "a deploy, inferred (3 of 3 processes began together) at 07:27, 2.2 h before the page",
    ]);
  });

  it("follows the reason why a process could not be asked", () => {
    const gone = contextOf(atMs, {}, { events: troubled(atMs).slice(0, 2) });
    expect(withHappenings("order-1: connection refused", gone)).toBe(
      "order-1: connection refused. By Prometheus: killed for its memory (OOM) at 09:37 UTC; restarted 2 times within 1 h, last at 09:37 UTC.",
    );
    expect(withHappenings("order-1: connection refused", contextOf(atMs, {}))).toBe(
      "order-1: connection refused",
    );
    expect(withHappenings("Nothing was captured.", undefined)).toBe("Nothing was captured.");
  });

  it("is why there is no baseline", () => {
    const missing = [
      { name: "goroutines", when: "last-week", missing: "Prometheus did not answer within 3 s" },
    ] as const;
    expect(contextSummary(contextOf(atMs, {}, { missing })).noBaseline).toBe(
      "Prometheus did not answer within 3 s",
    );
    expect(contextSummary(contextOf(atMs, { goroutines: [12, 11] })).noBaseline).toBeUndefined();
  });
});
