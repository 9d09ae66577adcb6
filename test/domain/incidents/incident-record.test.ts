import { describe, expect, test } from "vitest";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import { recorded, withAct } from "../../../src/domain/incidents/incident-record.ts";
import { incident } from "../../render/slack/incidents.ts";

function kinds({ record }: Incident) {
  return (record?.entries ?? []).map((entry) =>
    entry.kind === "state" ? `${entry.state} ${entry.run}` : entry.kind,
  );
}

describe("what an incident's record keeps by itself", () => {
  test("states, runs, the card, the mark at the page, the alerts' end; in order, and nothing twice", () => {
    const queued = incident();
    const ref = { channel: "C1", ts: "1.1" };
    const changes: readonly Partial<Incident>[] = [
      { card: { attemptedAtMs: 1 } },
      { card: { attemptedAtMs: 1, ref } },
      { pageMark: "eyes" },
      { state: "capturing", runs: 1 },
      { repeats: 4 },
      { state: "capturing", runs: 2 },
      { resolvedAtMs: 77 },
      { state: "resolved" },
      { pageMark: "white_check_mark" },
    ];
    let now = queued;
    for (const [at, change] of changes.entries()) now = recorded(now, { ...now, ...change }, at);
    expect(kinds(now)).toEqual([
      "card",
      "mark",
      "capturing 1",
      "capturing 2",
      "alerts-ended",
      "resolved 2",
      "mark",
    ]);
    expect(now.record?.entries.map(({ atMs }) => atMs)).toEqual([1, 2, 3, 5, 77, 7, 8]);
    expect(now.record?.left).toBe(0);
    expect(recorded(now, { ...now, repeats: 5 }, 99).record).toBe(now.record);
  });

  test("a card that the chat refuses, with why", () => {
    const before = incident();
    const after = { ...before, card: { attemptedAtMs: 1, problem: "archived" } };
    expect(recorded(before, after, 3).record?.entries).toEqual([
      { kind: "card-refused", atMs: 3, problem: "archived" },
    ]);
  });
});

describe("what people did", () => {
  test("is kept once for each intent", () => {
    const by = { userId: "U1", intent: "click 1", atMs: 5 };
    const once = withAct(incident(), { did: "asked-for-report" }, by);
    expect(withAct(once, { did: "asked-for-report" }, { ...by, atMs: 9 })).toBe(once);
    expect(once.record?.entries).toEqual([{ kind: "act", ...by, did: "asked-for-report" }]);
  });

  test("has its end, says so, and leaves room for what gofire did", () => {
    let now = incident();
    for (let at = 0; at < 150; at++) {
      now = withAct(now, { did: "resolved" }, { userId: "U1", intent: String(at), atMs: at });
    }
    expect(now.record?.entries).toHaveLength(140);
    expect(now.record?.left).toBe(10);
    expect(kinds(recorded(now, { ...now, state: "failed" }, 1)).at(-1)).toBe("failed 0");
  });
});
