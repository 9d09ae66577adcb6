import { EventEmitter, once } from "node:events";
import { describe, expect, test } from "vitest";
import { verdictsFirst } from "../../src/jobs/turns/verdicts-first.ts";

describe("verdicts first", () => {
  test("others wait while something is judged, and no longer than ten seconds without a pause", async () => {
    let nowMs = 0;
    const first = verdictsFirst(() => nowMs);
    expect(first.mustWait()).toBe(false);
    const end = new EventEmitter();
    const judged = once(end, "end").then(() => "verdict");
    const one = first.judging(() => judged);
    expect(first.mustWait()).toBe(true);
    nowMs = 9_000;
    // One begins before the other ends: that is no pause.
    const other = first.judging(() => judged);
    expect(first.mustWait()).toBe(true);
    nowMs = 10_000;
    expect(first.mustWait()).toBe(false);
    end.emit("end");
    expect(await one).toBe("verdict");
    await other;
    const failing = first.judging(() => Promise.reject(new Error("unreadable")));
    expect(first.mustWait()).toBe(true);
    await expect(failing).rejects.toThrow("unreadable");
    expect(first.mustWait()).toBe(false);
  });
});
