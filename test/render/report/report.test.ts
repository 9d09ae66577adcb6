import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withAct } from "../../../src/domain/incidents/incident-record.ts";
import { incidentReport, type ReportFacts } from "../../../src/render/report/report.ts";
import { stamp } from "../../../src/render/words.ts";
import { analysis, anyIncident, finding, incident, nasty, startMs } from "../slack/incidents.ts";

function facts(change: Partial<ReportFacts> = {}): ReportFacts {
  return {
    incident: incident(),
    mutes: [],
    names: new Map([["U0MIRA0001", "Mira Okafor"]]),
    nowMs: startMs + 3_600_000,
    gofireVersion: "0.1.0",
    ...change,
  };
}

const judged = incident({
  state: "resolved",
  instance: "order-2",
  createdAtMs: startMs + 4_000,
  origin: {
    kind: "page",
    intent: "p",
    page: { title: "ManyGoroutines (2 alerts)", sinceMs: startMs },
  },
  card: { attemptedAtMs: startMs, ref: { channel: "C0INCID001", ts: "1.1" } },
  resolvedAtMs: startMs + 660_000,
  resolvedBy: "U0MIRA0001",
  repeats: 7,
  lastRepeatAtMs: startMs + 600_000,
  runs: 1,
  bundle: "incidents/gf-3fa9/bundle-1/",
  steps: [
    {
      kind: "goroutine",
      state: "ok",
      startedAtMs: startMs + 6_000,
      durationMs: 61,
      bytes: 161_250,
      file: "goroutine.pb.gz",
    },
    { kind: "cpu", state: "skipped", reason: "excluded by gofire.yaml" },
  ],
  analysis: analysis({ findings: [finding({ confidence: "likely" })] }),
  replies: [
    {
      intent: "gf-3fa9/evidence",
      kind: "evidence",
      text: "",
      state: "posted",
      files: [
        {
          artifact: "incidents/gf-3fa9/bundle-1/goroutine.pb.gz",
          name: "pprof.order.order-2.goroutine.pb.gz",
          title: "goroutine",
        },
      ],
    },
  ],
  record: {
    left: 3,
    entries: [
      { kind: "card", atMs: startMs + 5_000 },
      { kind: "mark", atMs: startMs + 5_500, mark: "eyes" },
      { kind: "state", atMs: startMs + 5_900, state: "capturing", run: 1 },
      { kind: "state", atMs: startMs + 21_000, state: "verdict", run: 1 },
      {
        kind: "act",
        atMs: startMs + 60_000,
        userId: "U0JONAS002",
        intent: "1",
        did: "muted",
        subject: "alerts about order",
        untilMs: startMs + 3_660_000,
        reason: "we know",
      },
      { kind: "act", atMs: startMs + 660_000, userId: "U0MIRA0001", intent: "2", did: "resolved" },
      { kind: "state", atMs: startMs + 660_000, state: "resolved", run: 1 },
    ],
  },
});

describe("a post-incident report", () => {
  test("tells the story in order, in UTC, with who did what", () => {
    const text = incidentReport(facts({ incident: judged }));
    const rows = text.split("\n").filter((line) => line.startsWith("| 2026"));
    expect(rows).toEqual([
      "| 2026-11-24 03:12:04 | the alert ManyGoroutines (2 alerts) began to fire | alerts |",
      "| 2026-11-24 03:12:08 | taken by gofire | gofire |",
      "| 2026-11-24 03:12:09 | card posted | gofire |",
      "| 2026-11-24 03:12:09 | page marked as taken | gofire |",
      "| 2026-11-24 03:12:09 | capture begun | gofire |",
      "| 2026-11-24 03:12:10 | goroutine ok in 61 ms, 157 KiB | gofire |",
      "| 2026-11-24 03:12:25 | judged: FAIL | gofire |",
      "| 2026-11-24 03:13:04 | muted alerts about order until 2026-11-24 04:13:04: we know | U0JONAS002 (name not known) |",
      "| 2026-11-24 03:22:04 | reported again; 7 times in all | alerts |",
      "| 2026-11-24 03:23:04 | resolved the incident | Mira Okafor (U0MIRA0001) |",
      "| 2026-11-24 03:23:04 | resolved | gofire |",
    ]);
    expect(text).toContain("3 later entries did not fit and are lost.");
    expect(text).toContain("- End: 2026-11-24 03:23:04, after 11 min");
  });

  test.each([0, 951_782_399_000, 951_868_799_000, 1_709_251_199_000, 4_107_542_399_000])(
    "%d is the date that the calendar says",
    (ms) => {
      expect(stamp(ms)).toBe(new Date(ms).toISOString().slice(0, 19).replace("T", " "));
    },
  );

  test("lists the evidence with how to open it, what was not checked, and what is open", () => {
    const text = incidentReport(
      facts({
        incident: judged,
        analysis: {
          findings: [],
          checks: [{ rule: "gc/pause-p99", state: "inconclusive", reason: "no heap debug=1 capture" }],
        },
        mutes: [
          {
            subject: { kind: "rule", rule: "goroutine/count" },
            userId: "U1",
            sinceMs: startMs,
            untilMs: startMs + 7_200_000,
          },
        ],
      }),
    );
    expect(text).toContain(
      "- goroutine, 157 KiB: `pprof.order.order-2.goroutine.pb.gz` in the card's thread. Open it: `go tool pprof -http=: pprof.order.order-2.goroutine.pb.gz`",
    );
    expect(text).toContain("- cpu skipped: excluded by gofire.yaml");
    expect(text).toContain("- `gc/pause-p99` inconclusive: no heap debug=1 capture");
    expect(text).toContain("until 2026-11-24 05:12:04: the rule goroutine/count");
    expect(text).toContain("What was deployed or configured before it?");
    expect(text).toContain("What was done outside gofire is not recorded.");
  });

  test("says what changed since the verdict before and against the peer, and suggests actions to tick off", () => {
    const lone = { ...finding({ id: "f1", title: "11,902 goroutines wait" }), evidence: [] };
    const text = incidentReport(
      facts({
        incident: {
          ...judged,
          peer: {
            state: "compared",
            round: 1,
            runs: 1,
            steps: [],
            instance: "order-3",
            comparison: {
              outcome: "only-here",
              here: "order-2",
              there: "order-3",
              figures: { here: 11_902, there: 3, unit: "goroutines" },
            },
          },
        },
        previous: {
          id: "gf-7k2m",
          createdAtMs: startMs - 3_600_000,
          goVersion: "go1.22.1",
          changes: {
            verdict: { before: "pass", after: "fail" },
            goroutines: { before: 310, after: 12_408 },
            appeared: [{ finding: lone, other: "pass" }],
            gone: [],
            changed: [],
            same: [],
            grown: [],
            shrunk: [],
          },
        },
      }),
    );
    expect(text).toContain(
      [
        "## Changes",
        "",
        "- Compared with gf-7k2m, 1 h before (2026-11-24 02:12:04)",
        "- Goroutines 310, then 12,408.",
        "- New: 11,902 goroutines wait.",
        "- Go differs: go1.22.1 before, go1.23.5 now",
        "- Only order-2 shows this: 11,902 goroutines against 3 in order-3.",
        "- Deploys are not in gofire's record",
        "- Configuration changes are not in gofire's record",
      ].join("\n"),
    );
    expect(text).toContain(
      "## Actions that the findings suggest\n\n- [ ] f1: Look at what the holder waits for.",
    );
  });

  test("has what Prometheus knew of other days and of what happened before the page", () => {
    const context = {
      server: "http://prometheus.internal:9090",
      atMs: startMs,
      trends: [{ name: "goroutines", unit: "goroutines", value: 12_408, lastWeek: 1_310, yesterday: 1_290 }],
      events: [
        {
          kind: "deploy",
          atMs: startMs - 840_000,
          count: 1,
          windowMs: 21_600_000,
          detail: "version 1.4.2 -> <b>1.5.0</b>",
          inferred: true,
        },
      ],
    } as const;
    const text = incidentReport(facts({ incident: { ...judged, analysis: analysis({ context }) } }));
    expect(text).toContain("- By Prometheus: 12,408 goroutines (same hour last week 1,310, yesterday 1,290)");
    expect(text).toContain("14 min before the page: could explain this (inferred)");
    expect(text).not.toContain("<b>");
    expect(text).toContain("Did the deploy cause it? That it came before proves nothing.");
    expect(text).toContain("- Deploys are as far as Prometheus shows them");
  });

  test("has what the repository said of the time before, in the timeline, too, and asks about what is suspected", () => {
    const minute = 60_000;
    const line = {
      name: "v20240521-prod-redis-tune",
      author: "ana | <b>",
      atMs: startMs - 14 * minute,
      change: {
        file: "env/prod/order.yaml",
        path: "redis.max_active",
        kind: "changed",
        from: "200",
        to: "0",
        couldExplain: { finding: "f1", reason: "a smaller pool has callers wait sooner" },
      },
      others: 1,
    } as const;
    const config = { atMs: startMs, windowMs: 360 * minute, lines: [line], more: 2, isPartial: false };
    const text = incidentReport(facts({ incident: { ...judged, analysis: analysis({ config }) } }));
    const rows = text.split("\n").filter((row) => row.startsWith("| 2026"));
    expect(rows[0]).toMatch(
      /^\| 2026-11-24 02:58:04 \| config: redis\.max\S*_active 200 → 0 and 1 more value in v20240521-prod-redis-tune · could explain f1 \(inferred\) \| ana .*\(by Git\) \|$/,
    );
    expect(text).not.toContain("<b>");
    expect(text).toMatch(/- Config: .* 14 min before the page · could explain f1 \(inferred\)\n/);
    expect(text).toContain("- and 2 more config changes, which are not kept any more");
    expect(text).toMatch(/- Did redis\S*active 200 → 0 cause f1\? It is suspected for its name/);
    expect(text).toContain("- What was deployed before it? gofire's record does not say.");
    const quiet = { ...config, lines: [], more: 0 };
    const calm = incidentReport(facts({ incident: { ...judged, analysis: analysis({ config: quiet }) } }));
    expect(calm).toContain("- Config: no change in 6 h before the page");
    const partial = { ...quiet, isPartial: true };
    const open = incidentReport(facts({ incident: { ...judged, analysis: analysis({ config: partial }) } }));
    expect(open).not.toContain("no change in 6 h");
    expect(open).toContain("What was deployed or configured before it?");
  });

  test("says what is inferred, whose judgement there is, and when the whole analysis is gone", () => {
    const text = incidentReport(
      facts({
        incident: { ...judged, feedback: { f1: { right: 2, wrong: 1, voices: 3 } } },
        analysisProblem: "The whole analysis is not kept any more",
      }),
    );
    expect(text).toContain("**critical** · likely, inferred · `goroutine/mutex-pileup` · root");
    expect(text).toContain("The whole analysis is not kept any more: these are its first findings.");
    expect(text).toContain("People said: 2 right, 1 wrong.");
    expect(text).not.toContain("Was f1 right? Nobody said so.");
    expect(text).toContain(
      "Is f1 the cause (11,902 goroutines wait for one mutex)? It is likely, not proven.",
    );
  });

  test("invents nothing about an incident of which little is known", () => {
    const text = incidentReport(
      facts({
        incident: incident({
          state: "failed",
          problem: "It was away.",
          origin: { kind: "page", intent: "p" },
        }),
      }),
    );
    expect(text).toContain("Begun by a page, of whom is not known, at");
    expect(text).toContain("- End: not known; it is not resolved");
    expect(text).toContain("There is no verdict. It was away.");
    expect(text).toContain("Nothing was captured, or nothing of it is kept.");
    expect(text).toContain("An older gofire kept no record");
    expect(text).toContain("## What people did\n\nNothing is recorded.");
  });

  test("whatever labels, reasons and people say, it stays one document: no headings, rows, tags or links of theirs", () => {
    fc.assert(
      fc.property(anyIncident, nasty, (any, reason) => {
        const act = { did: "muted", subject: reason, untilMs: startMs, reason } as const;
        const text = incidentReport(
          facts({
            incident: withAct(any, act, { userId: reason, intent: "1", atMs: startMs }),
            analysis: { findings: [], checks: [{ rule: "a/b", state: "skipped", reason }] },
          }),
        );
        const lines = text.split("\n");
        expect(lines.filter((line) => /^#{1,2} /.test(line)).map((line) => line.replace(/:.*/, ""))).toEqual([
          expect.stringMatching(/^# /),
          "## Summary",
          "## Timeline",
          "## Findings",
          "## Changes",
          "## Evidence",
          "## What could not be checked",
          "## What people did",
          "## Actions that the findings suggest",
          "## Open questions",
        ]);
        for (const line of lines.filter((row) => row.startsWith("|"))) {
          expect(line.match(/(?<!\\)\|/g)).toHaveLength(4);
        }
        const outsideCode = text.replace(/\\`|(`+)(?!`).*?[^`]\1(?!`)/g, "");
        expect(outsideCode).not.toMatch(/(?<!\\)<[!@#a-z/]/i);
        expect(outsideCode).not.toMatch(/(?<!\\)\]\(/);
      }),
      { numRuns: 150 },
    );
  });
});
