import { describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { storedAnalyses } from "../../src/jobs/incidents/analyses.ts";
import type { JudgedIncident } from "../../src/jobs/incidents/which-incident.ts";

const never = new AbortController().signal;

function incident(id: string): JudgedIncident {
  return { id, analysis: { document: `incidents/${id}/analysis.json` } } as JudgedIncident;
}

/** A store that answers only when told to, and knows how many are read at the same time. */
function slowStore() {
  const asked: string[] = [];
  const gates: (() => void)[] = [];
  let open = 0;
  const most = { atOnce: 0 };
  return {
    asked,
    most,
    next: async () => {
      while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve));
      gates.shift()?.();
    },
    async *get(key: string) {
      asked.push(key);
      most.atOnce = Math.max(most.atOnce, ++open);
      await new Promise<void>((resolve) => gates.push(resolve));
      open--;
      if (key.includes("gone")) throw new PortError("not-found", key, "no such artifact");
      yield Buffer.from(JSON.stringify({ verdict: key }));
    },
  };
}

describe("analyses that people read", () => {
  test("come one at a time, in the order in which they were asked for", async () => {
    const store = slowStore();
    const analyses = storedAnalyses(store);
    const all = Promise.all(["a", "b", "c"].map((id) => analyses.read(incident(id), never)));
    for (let times = 0; times < 3; times++) await store.next();
    expect((await all).map(({ verdict }) => verdict)).toEqual(
      ["a", "b", "c"].map((id) => `incidents/${id}/analysis.json`),
    );
    expect(store.most.atOnce).toBe(1);
  });

  test("are refused with words when too many wait, and come again when those are done", async () => {
    const store = slowStore();
    const analyses = storedAnalyses(store);
    const waiting = Array.from({ length: 6 }, (_, at) => analyses.read(incident(`w${at}`), never));
    await expect(analyses.read(incident("late"), never)).rejects.toMatchObject({
      code: "rate-limited",
      retryAfterMs: 5_000,
      message: expect.stringContaining("reads the findings of 6 others first. Those of late are also a file"),
    });
    for (let times = 0; times < 6; times++) await store.next();
    await Promise.all(waiting);
    const again = analyses.read(incident("late"), never);
    await store.next();
    expect(await again).toMatchObject({ verdict: "incidents/late/analysis.json" });
  });

  test("who went away is not read for, and one that fails holds up nobody", async () => {
    const store = slowStore();
    const analyses = storedAnalyses(store);
    const left = new AbortController();
    const first = analyses.read(incident("gone"), never);
    const second = analyses.read(incident("b"), left.signal);
    const third = analyses.read(incident("c"), never);
    left.abort(new Error("too late"));
    await store.next();
    await expect(first).rejects.toThrow("The analysis of gone is kept no more.");
    await expect(second).rejects.toThrow("too late");
    await store.next();
    await third;
    expect(store.asked).toEqual(["incidents/gone/analysis.json", "incidents/c/analysis.json"]);
  });
});
