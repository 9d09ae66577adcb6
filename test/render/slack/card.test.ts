import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CaptureStep, Incident, PageFacts } from "../../../src/domain/incidents/incident.ts";
import type { Peer } from "../../../src/domain/incidents/peer.ts";
import type { PeerComparison } from "../../../src/domain/incidents/peer-comparison.ts";
import { card } from "../../../src/render/slack/card.ts";
import { reply } from "../../../src/render/slack/reply.ts";
import { analysis, anyIncident, anyReply, finding, incident, startMs } from "./incidents.ts";
import { pings, refusalsOf, shownTexts } from "./slack-accepts.ts";

/** The card as lines of text: blocks in order. */
function lines(shown: Incident): readonly string[] {
  return shownTexts(card(shown).blocks).flatMap((text) => text.split("\n"));
}

interface Button {
  readonly type: string;
  readonly action_id: string;
  readonly value: string;
  readonly options?: readonly { readonly value: string }[];
}

function buttonsOf(shown: Incident): readonly Button[] {
  return (card(shown).blocks ?? []).flatMap((block) =>
    "elements" in block && "type" in block && block.type === "actions" ? (block.elements as Button[]) : [],
  );
}

describe("any incident", () => {
  it("renders inside all limits of Slack, with a text, and pings nobody", () => {
    fc.assert(
      fc.property(anyIncident, (shown) => {
        const body = card(shown);
        expect(refusalsOf(body)).toEqual([]);
        expect(pings(body)).toEqual([]);
        expect(JSON.stringify(body)).not.toMatch(/<http/);
        // Pure: the same incident is the same card, or every wake of the publish job would edit it.
        expect(card(shown)).toEqual(body);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps its id and its buttons, whatever else is cut", () => {
    fc.assert(
      fc.property(anyIncident, (shown) => {
        expect(lines(shown).at(-1)).toContain(shown.id);
        expect(card(shown).text).toContain(shown.id);
        const expected = ["verdict", "failed", "resolved"].includes(shown.state);
        expect(buttonsOf(shown).length > 0).toBe(expected);
        for (const { action_id: action, value, options } of buttonsOf(shown)) {
          const isJudging = action === "right" || action === "wrong";
          if (options === undefined)
            expect(value.startsWith(isJudging ? `${shown.id} ` : shown.id)).toBe(true);
          for (const choice of options ?? [])
            expect(choice.value).toMatch(new RegExp(`^(compare|report|mute) ${shown.id}$`));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("replies inside all limits", () => {
    fc.assert(
      fc.property(anyIncident, anyReply, (shown, message) => {
        const body = reply(shown, message);
        expect(refusalsOf(body)).toEqual([]);
        expect(pings(body)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("queued", () => {
  it("warns of a capture that was a moment before", () => {
    const again = incident({ capturedBefore: { id: "gf-7k2m", agoMs: 120_000 } });
    expect(lines(again)).toContain("⚠️ It was captured 2 min before this: gf-7k2m.");
    expect(card(again).text).toContain("It was captured 2 min before this: gf-7k2m.");
  });

  it("says its place and what it waits for", () => {
    expect(lines(incident({ queuePlace: 2, waitsFor: "another capture of order to end" }))).toEqual([
      "⏳ order · waiting to capture",
      "2 captures before this one.",
      "Waits: another capture of order to end",
      "gf-3fa9",
    ]);
    expect(lines(incident({ queuePlace: 0 }))).toContain("Next in line.");
    expect(lines(incident())).toContain("Starts in a moment.");
    expect(card(incident({ queuePlace: 1 })).text).toBe(
      "order: waiting to capture. 1 capture before this one. gf-3fa9.",
    );
  });
});

describe("capturing", () => {
  const capturing = incident({
    state: "capturing",
    runs: 1,
    steps: [
      { kind: "index", state: "ok" },
      { kind: "goroutine", state: "ok" },
      { kind: "heap", state: "ok" },
      { kind: "block", state: "ok", reason: "10 s at a rate of 10 µs, <!here>" },
      {
        kind: "goroutine-dump",
        state: "skipped",
        reason: "12,408 goroutines would stop the world for 0.6 s",
      },
      { kind: "allocs", state: "skipped", reason: "not asked for (--include allocs)" },
      { kind: "cpu", state: "running", startedAtMs: startMs, expectedMs: 20_000 },
      { kind: "goroutine", state: "planned" },
      { kind: "metrics", state: "planned" },
    ],
  });

  it("lists what is done, running until when, to come, and left out and why", () => {
    expect(lines(capturing)).toEqual([
      "🔍 order · capturing, 4 of 7 done",
      "✅ goroutines, heap, blocking",
      "ℹ️ blocking: 10 s at a rate of 10 µs, &lt;!here&gt;",
      `⏳ CPU takes 20 s, until <!date^${startMs / 1_000 + 20}^{time_secs}|03:12 UTC>`,
      "🔜 metrics; once more: goroutines",
      "⏭️ goroutine dump skipped: 12,408 goroutines would stop the world for 0.6 s",
      "gf-3fa9",
    ]);
    expect(card(capturing).text).toBe(
      "order: capturing, 4 of 7 done. Captured: goroutines, heap, blocking. Of blocking: 10 s at a rate of 10 µs, &lt;!here&gt;. Capturing now: CPU. goroutine dump skipped: 12,408 goroutines would stop the world for 0.6 s. gf-3fa9.",
    );
  });

  it("says that nothing is known yet, that everything is there, and that it is a further attempt", () => {
    const nothingYet = { ...capturing, steps: [] };
    expect(lines(nothingYet)[0]).toBe("🔍 order · asking what can be captured");
    expect(card(nothingYet).text).toBe("order: asking what can be captured. gf-3fa9.");
    // Who is asked beside the process is no step of its capture.
    const beside = (["context", "config"] as const).map((kind) => ({ kind, state: "running" as const }));
    expect(lines({ ...capturing, steps: beside })).toEqual(lines(nothingYet));
    expect(card({ ...capturing, steps: beside }).text).toBe(card(nothingYet).text);
    expect(lines({ ...capturing, steps: [...capturing.steps, ...beside] })).toEqual(lines(capturing));
    expect(lines({ ...capturing, steps: [{ kind: "heap", state: "ok" }] })[0]).toBe(
      "🔍 order · judging what was captured",
    );
    expect(lines({ ...capturing, runs: 2 })[1]).toBe("🔁 Attempt 2: the worker of the one before went away.");
  });
});

describe("verdict", () => {
  it("FAIL: what against which limit, how sure, where, why, what follows, what next, what was captured", () => {
    const shown = incident({
      state: "verdict",
      runs: 1,
      instance: "10.0.0.5:6060",
      analysis: analysis({
        findings: [
          finding({
            confidence: "likely",
            summary: "It is one mutex. Probably held by goroutine 1203.",
            where: [
              { function: "shop/ledger.(*Store).Post", file: "/src/shop/ledger/ledger.go", line: 88 },
              {
                function: "shop/handlers.(*Checkout).Book",
                file: "/src/shop/handlers/checkout.go",
                line: 24,
              },
            ],
          }),
          finding({
            role: "symptom",
            title: "GC stops the world for 79 ms",
            measured: { value: 79, limit: 50, unit: "ms" },
            confidence: "possible",
          }),
          finding({ severity: "info", title: "1 goroutine in select" }),
        ],
        counts: { critical: 4, warning: 0, info: 1 },
      }),
      steps: [
        { kind: "goroutine", state: "ok" },
        { kind: "cpu", state: "failed", reason: "the target did not answer within 30 s" },
      ],
      endedEarly: "the target answered 20 times slower than at first",
      repeats: 7,
      lastRepeatAtMs: startMs,
    });
    expect(lines(shown)).toEqual([
      "🔴 FAIL · order · 11,902 goroutines wait for one mutex",
      "*11,902 goroutines, limit 10* · likely (inferred)",
      "📍 `ledger.(*Store).Post` ledger/ledger.go:88 ← `handlers.(*Checkout).Book` handlers/checkout.go:24",
      "It is one mutex. Probably held by goroutine 1203.",
      "↳ follows: GC stops the world for 79 ms · limit 50 ms · possible, not proven",
      "… and 2 more findings in the thread",
      "*Next:* Look at what the holder waits for.",
      "10.0.0.5:6060 · 12,408 goroutines in all · go1.23.5",
      "⚠️ Ended early: the target answered 20 times slower than at first",
      "✅ goroutines",
      "❌ CPU failed: the target did not answer within 30 s",
      "Explain",
      "Capture Again",
      "Resolve",
      "Compare with the capture before",
      "Post a report",
      "Mute alerts about order for 1 h",
      "👍 Right",
      "👎 Wrong",
      "Judge All 5…",
      `gf-3fa9 · 7 repeats, last <!date^${startMs / 1_000}^{time}|03:12 UTC>`,
    ]);
    expect(card(shown).text).toBe(
      "FAIL: order. 11,902 goroutines wait for one mutex, likely (inferred). Measured 11,902 goroutines, limit 10. Where: ledger.(*Store).Post, ledger/ledger.go line 88. It is one mutex. Probably held by goroutine 1203. It follows: GC stops the world for 79 ms, possible, not proven. 2 more findings in the thread. Next: Look at what the holder waits for. 12,408 goroutines in all. Ended early: the target answered 20 times slower than at first. Captured: goroutines. CPU failed: the target did not answer within 30 s. 7 repeats, last 03:12 UTC. gf-3fa9.",
    );
  });

  it("PASS says how many rules looked", () => {
    const shown = incident({
      state: "verdict",
      analysis: analysis({ verdict: "pass", findings: [], counts: { critical: 0, warning: 0, info: 0 } }),
    });
    expect(lines(shown).slice(0, 2)).toEqual([
      "🟢 PASS · order",
      "Nothing at or above a warning: 40 rules found nothing, 3 could not look.",
    ]);
    expect(buttonsOf(shown).map(({ action_id }) => action_id)).toEqual(["capture-again", "resolve", "more"]);
  });

  it("INCONCLUSIVE says what may be wrong and what is missing", () => {
    const shown = incident({
      state: "verdict",
      analysis: analysis({
        verdict: "inconclusive",
        findings: [finding({ confidence: "possible" })],
        missing: ["no second goroutine profile"],
      }),
    });
    expect(lines(shown).slice(0, 7)).toEqual([
      "🟡 INCONCLUSIVE · order",
      "Something may be wrong, and the evidence does not settle it: capture again in a minute.",
      "*11,902 goroutines wait for one mutex*",
      "*11,902 goroutines, limit 10* · possible, not proven",
      "📍 `ledger.(*Store).Post` ledger/ledger.go:88",
      "It is one and the same mutex by its address.",
      "Missing: no second goroutine profile",
    ]);
  });

  it("announces evidence that the chat did not take, each reason once", () => {
    const givenUp = {
      text: "x",
      files: [],
      state: "given-up",
      problem: "Invite gofire to this channel.",
    } as const;
    const shown = incident({
      state: "verdict",
      analysis: analysis(),
      replies: [
        { ...givenUp, intent: "a", kind: "flame-graph" },
        { ...givenUp, intent: "b", kind: "evidence" },
        { intent: "c", kind: "findings", text: "x", files: [], state: "posted" },
      ],
    });
    const line = "Not in the thread: the flame graph, the captured files. Invite gofire to this channel.";
    expect(lines(shown)).toContain(`⚠️ ${line}`);
    expect(card(shown).text).toContain(line);
  });
});

describe("a verdict beside a peer", () => {
  const steps: readonly CaptureStep[] = [
    { kind: "index", state: "ok" },
    { kind: "goroutine", state: "ok" },
    { kind: "metrics", state: "ok" },
    { kind: "heap", state: "failed", reason: "404: no handler for it at this path" },
    { kind: "cpu", state: "skipped", reason: "left out by the request" },
  ];

  function beside(comparison: PeerComparison, change: Partial<Peer> = {}): Incident {
    const peer: Peer = {
      state: "compared",
      round: 1,
      runs: 1,
      instance: "order-2",
      steps,
      comparison,
      ...change,
    };
    return incident({ state: "verdict", instance: "order-1", analysis: analysis(), peer });
  }

  const only: PeerComparison = {
    outcome: "only-here",
    here: "order-1",
    there: "order-2",
    figures: { here: 11_902, there: 3, unit: "goroutines" },
    goroutines: { here: 12_408, there: 1_297 },
    heapBytes: { here: 1.2 * 2 ** 30, there: 80 * 2 ** 20 },
    laterMs: 21_400,
  };

  it("says that only the sick one shows it, with the figures of both, and what was captured of the peer", () => {
    const shown = beside(only);
    const told =
      "👥 *Only order-1 shows this: 11,902 goroutines against 3 in order-2.* In all 12,408 goroutines against 1,297, heap in use 1.2 GiB against 80 MiB.";
    expect(lines(shown).find((line) => line.startsWith("👥 *"))).toBe(told);
    // Beside what is wrong and where.
    expect(lines(shown).indexOf(told)).toBe(lines(shown).findIndex((line) => line.startsWith("📍")) + 1);
    expect(lines(shown)).toContain("👥 order-2, 21 s later: ✅ goroutines, metrics");
    expect(lines(shown)).toContain("❌ heap failed: 404: no handler for it at this path");
    expect(card(shown).text).toContain("Only order-1 shows this: 11,902 goroutines against 3 in order-2.");
    expect(buttonsOf(shown).map(({ action_id: id }) => id)).not.toContain("compare-peer");
  });

  it.each<[Partial<PeerComparison>, string]>([
    [
      { outcome: "both", figures: { here: 11_902, there: 11_870, unit: "goroutines" } },
      "👥 *order-2 shows it, too: 11,902 goroutines against 11,870 in order-2.* That points to a shared cause (inferred): a dependency, the configuration, or the release. In all",
    ],
    [
      {
        outcome: "both",
        otherBuild: true,
        figures: { here: 11_902, there: 11_870, unit: "goroutines" },
      },
      "👥 *order-2 shows it, too: 11,902 goroutines against 11,870 in order-2.* That points to a shared cause (inferred): a dependency or the configuration. In all",
    ],
    [
      { outcome: "both", byPlace: true, figures: { here: 60 * 2 ** 20, there: 50 * 2 ** 20, unit: "bytes" } },
      "👥 *order-2 has as much at the same place: 60 MiB against 50 MiB in order-2.* Whether it grows there, too, one look does not tell. In all",
    ],
    [
      { outcome: "less-there", byPlace: true },
      "👥 *order-2 has far less at the same place: 11,902 goroutines against 3 in order-2.* In all",
    ],
    [
      { outcome: "less-there", figures: { here: 11_902, there: 40, unit: "goroutines" } },
      "👥 *order-2 shows it, too, but far less: 11,902 goroutines against 40 in order-2.* In all",
    ],
    [
      {
        outcome: "unclear",
        reason: "heap/growth could not judge order-2: no heap profile",
        otherBuild: true,
      },
      "👥 *Whether order-2 shows it, too, is inconclusive: 11,902 goroutines against 3 in order-2.* Heap/growth could",
    ],
    [
      { outcome: "nothing-here", elsewhere: "500 wait" },
      "👥 *Compared with order-2: nothing stands out in order-1.* In all",
    ],
  ])("%j", (change, start) => {
    const shown = beside({ ...only, ...change });
    const line = lines(shown).find((one) => one.startsWith("👥 *")) ?? "";
    expect(line.slice(0, start.length)).toBe(start);
    if (change.otherBuild) expect(line).toContain("order-2 runs another build of the program.");
    if (change.elsewhere) expect(line).toContain("order-2 has a finding of its own: 500 wait.");
  });

  it("writes addresses without their scheme", () => {
    const shown = beside(
      { ...only, here: "http://10.0.0.5:6060", there: "http://10.0.0.6:6060/" },
      { instance: "http://10.0.0.6:6060/" },
    );
    expect(lines(shown).join("\n")).toContain(
      "Only 10.0.0.5:6060 shows this: 11,902 goroutines against 3 in 10.0.0.6:6060.",
    );
  });

  it.each<[Partial<Peer>, string | undefined, boolean]>([
    [{ state: "possible", round: 0 }, undefined, true],
    [{ state: "waiting" }, "👥 Another process of the service is captured next, to compare.", false],
    [{ state: "capturing", instance: "order-2" }, "👥 Comparing with order-2: ⏳", false],
    [
      { state: "not-compared", reason: "order-2 could not be captured: connection refused" },
      "👥 Not compared with another process: order-2 could not be captured: connection refused.",
      true,
    ],
  ])("%j tells where it stands, and offers it where it may be asked for", (change, line, offered) => {
    const peer: Peer = { state: "possible", round: 1, runs: 0, steps: [], ...change };
    const shown = incident({ state: "verdict", analysis: analysis(), peer });
    const told = lines(shown).filter((one) => one.startsWith("👥"));
    expect(told).toEqual(line === undefined ? [] : [line]);
    if (line !== undefined) expect(card(shown).text).toContain(line.slice(3).replace(": ⏳", "."));
    expect(buttonsOf(shown).some(({ action_id: id }) => id === "compare-peer")).toBe(offered);
  });

  it("keeps what the peer said once it is resolved", () => {
    const shown = { ...beside(only), state: "resolved" as const, resolvedAtMs: startMs };
    expect(lines(shown).join("\n")).toContain("Only order-1 shows this");
    expect(card(shown).text).toContain("Only order-1 shows this");
    expect(buttonsOf(shown).map(({ action_id }) => action_id)).toEqual(["report", "right", "wrong"]);
  });
});

describe("failed", () => {
  it("says why and what to do, and offers another capture", () => {
    const shown = incident({ state: "failed", problem: "order does not answer at 10.0.0.5:6060. Is it up?" });
    expect(lines(shown)).toEqual([
      "⚪️ order · no verdict",
      "order does not answer at 10.0.0.5:6060. Is it up?",
      "Capture Again",
      "Resolve",
      "Post a report",
      "Mute alerts about order for 1 h",
      "gf-3fa9",
    ]);
  });
});

describe("resolved", () => {
  it("says after how long and what it was; only the report and the judgement are left to press", () => {
    const shown = incident({
      state: "resolved",
      analysis: analysis(),
      resolvedAtMs: startMs + 11 * 60_000,
    });
    expect(lines(shown)).toEqual([
      "✅ order · resolved after 11 min",
      "It was *FAIL*: 11,902 goroutines wait for one mutex",
      "📍 `ledger.(*Store).Post` ledger/ledger.go:88",
      "Post a Report",
      "👍 Right",
      "👎 Wrong",
      "gf-3fa9",
    ]);
  });

  it("shows what people said of its findings, in its last line", () => {
    const feedback = { f1: { right: 2, wrong: 1, voices: 5 }, f2: { right: 0, wrong: 1, voices: 5 } };
    const shown = incident({ state: "verdict", analysis: analysis(), feedback });
    expect(lines(shown).at(-1)).toBe("gf-3fa9 · f1: 2 right, 1 wrong · f2: 0 right, 1 wrong");
  });

  it("says who resolved it, or that the alert ended", () => {
    const over = { state: "resolved", analysis: analysis(), resolvedAtMs: startMs } as const;
    expect(lines(incident({ ...over, resolvedBy: "U0MIRA0001" }))).toContain("Resolved by <@U0MIRA0001>");
    const page = { kind: "page", intent: "i", page: { title: "x", sinceMs: startMs } } as const;
    expect(lines(incident({ ...over, origin: page }))).toContain("The alert ended.");
  });
});

describe("an incident that an alert began", () => {
  it("names the alert, since when, and what it is about when gofire does not know that", () => {
    const page = { title: "HighGoroutines (2)", sinceMs: startMs, unknownInstance: "order-9" };
    const origin = { kind: "page", intent: "i", page } as const;
    const alert = `🔔 HighGoroutines (2) since <!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC>`;
    const unknown =
      "The alert is about order-9, which is unknown to gofire.yaml: the service's first process stands in for it.";
    for (const state of ["queued", "capturing", "verdict", "failed", "resolved"] as const) {
      const shown = incident({ state, origin, ...(state === "verdict" ? { analysis: analysis() } : {}) });
      expect(lines(shown)).toContain(alert);
      expect(lines(shown)).toContain(`⚠️ ${unknown}`);
      expect(card(shown).text).toContain(`Alert: HighGoroutines (2) since 03:12 UTC. ${unknown}`);
    }
  });

  it("names the label that says which process, or the labels that none of does, and what stands in", () => {
    const facts = { title: "x", sinceMs: startMs, knownFrom: "Kubernetes" };
    function said(page: Partial<PageFacts>, change: Partial<Incident> = {}): readonly string[] {
      const origin = { kind: "page", intent: "i", page: { ...facts, ...page } } as const;
      const shown = incident({ state: "failed", instance: "order-a", origin, ...change });
      const doubts = lines(shown).filter((line) => line.startsWith("⚠️"));
      for (const doubt of doubts) expect(card(shown).text).toContain(doubt.slice("⚠️ ".length));
      return doubts;
    }
    const unknown = { unknownInstance: "order-x9", unknownLabel: "pod" };
    expect(said(unknown)).toEqual([
      "⚠️ The alert's label pod says order-x9, which is unknown to Kubernetes: order-a stands in for it.",
    ]);
    expect(said({ isUnnamed: true })).toEqual([
      "⚠️ The alert does not say which process it is about, with none of the labels pod, pod_name, kubernetes_pod_name and instance: order-a stands in for it.",
    ]);
    expect(said({ ...unknown, isUnsure: true })).toEqual([]);
    const lookupTrouble = "Kubernetes answered 403: no; the last list, 4 min old, was used";
    expect(said({}, { lookupTrouble })).toEqual([`⚠️ ${lookupTrouble}.`]);
  });
});

describe("a note on what was asked for", () => {
  it("stands on the card and is read out", () => {
    const note = "The block profile is empty. Most likely it is off.";
    const judged = incident({ state: "verdict", analysis: analysis({ notes: [note] }) });
    expect(lines(judged)).toContain(`ℹ️ ${note}`);
    expect(card(judged).text).toContain(note);
  });
});
