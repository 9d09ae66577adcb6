import * as fc from "fast-check";
import type { Place } from "../../../src/domain/chat/message.ts";
import { changeKinds } from "../../../src/domain/configuration/config-change.ts";
import type { ConfigSummary } from "../../../src/domain/configuration/config-summary.ts";
import type { ContextSummary } from "../../../src/domain/context/context-summary.ts";
import { eventKinds, figureNames, figureUnits } from "../../../src/domain/context/service-context.ts";
import { captureKinds, captureStatuses } from "../../../src/domain/evidence/capture.ts";
import type {
  AnalysisSummary,
  CaptureStep,
  FindingSummary,
  Incident,
  Reply,
} from "../../../src/domain/incidents/incident.ts";
import type { Peer } from "../../../src/domain/incidents/peer.ts";
import type { PeerComparison } from "../../../src/domain/incidents/peer-comparison.ts";

export const startMs = Date.UTC(2026, 10, 24, 3, 12, 4);

/** Answered by its worker, not yet captured. */
export function incident(change: Partial<Incident> = {}): Incident {
  return {
    id: "gf-3fa9",
    version: 1,
    state: "queued",
    service: "order",
    wish: {},
    origin: { kind: "command", userId: "U0MIRA0001", intent: "trigger-1" },
    place: { channel: "C0INCID001" },
    createdAtMs: startMs,
    updatedAtMs: startMs,
    runs: 0,
    steps: [],
    repeats: 0,
    replies: [],
    ...change,
  };
}

export function finding(change: Partial<FindingSummary> = {}): FindingSummary {
  return {
    id: "f1",
    rule: "goroutine/mutex-pileup",
    severity: "critical",
    confidence: "proven",
    title: "11,902 goroutines wait for one mutex",
    summary: "It is one and the same mutex by its address.",
    measured: { value: 11_902, limit: 10, unit: "goroutines" },
    where: [{ function: "shop/ledger.(*Store).Post", file: "/src/shop/ledger/ledger.go", line: 88 }],
    goroutines: 11_902,
    role: "root",
    next: ["Look at what the holder waits for."],
    ...change,
  };
}

export function analysis(change: Partial<AnalysisSummary> = {}): AnalysisSummary {
  return {
    verdict: "fail",
    findings: [finding()],
    counts: { critical: 1, warning: 0, info: 0 },
    checks: { pass: 40, fail: 1, inconclusive: 2, skipped: 1 },
    missing: [],
    goVersion: "go1.23.5",
    goroutines: 12_408,
    document: "incidents/gf-3fa9/analysis.json",
    ...change,
  };
}

/** What labels, symbols and reasons may hold at worst. */
export const nasty = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...nastyTexts()) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("&", "<", "*", "`", "_", ">", "\ud800", "👩‍👩‍👧", "é\n")
      .map((unit) => unit.repeat(5_000)),
  },
);

function nastyTexts(): readonly string[] {
  return [
    "",
    " ",
    "<!channel> <!here|x> <!everyone>",
    "<@U0MIRA0001>",
    "<!subteam^S0ONCALL01|@oncall>",
    "<https://evil.example|click me>",
    "*bold* _italic_ ~strike~ `code` ```pre```",
    "> quote",
    ":fire: :rotating_light:",
    "a\u0000b\u001b[31m\u202e",
    "order",
  ];
}

const count = fc.oneof(
  fc.nat(),
  fc.double({ noNaN: true, min: -1e18, max: 1e18 }),
  fc.constantFrom(0, 1, 1e15),
);
const timeMs = fc.integer({ min: 0, max: 4_000_000_000_000 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const anyFinding: fc.Arbitrary<FindingSummary> = fc
  .record({
    id: nasty,
    rule: nasty,
    severity: fc.constantFrom("critical", "warning", "info"),
    confidence: fc.constantFrom("proven", "likely", "possible"),
    title: nasty,
    summary: nasty,
    measured: optional(
      fc
        .record({
          value: count,
          limit: count,
          unit: fc.oneof(nasty, fc.constantFrom("bytes", "ms", "ratio", "per-second", "goroutines")),
          usual: optional(
            fc.record({ value: count, when: fc.constantFrom("last-week", "yesterday"), server: nasty }),
          ),
        })
        .map(present),
    ),
    where: fc.array(fc.record({ function: nasty, file: nasty, line: fc.nat() }), { maxLength: 3 }),
    goroutines: optional(fc.nat()),
    role: fc.constantFrom("root", "symptom"),
    next: fc.array(nasty, { maxLength: 4 }),
  })
  .map(present);

const anyContext: fc.Arbitrary<ContextSummary> = fc
  .record({
    server: nasty,
    atMs: timeMs,
    trends: fc.array(
      fc
        .record({
          name: fc.constantFrom(...figureNames),
          unit: fc.constantFrom(...figureUnits),
          value: count,
          lastWeek: optional(count),
          yesterday: optional(count),
          rise: optional(fc.record({ perSecond: count, windowMs: timeMs })),
        })
        .map(present),
      { maxLength: 4 },
    ),
    events: fc.array(
      fc
        .record({
          kind: fc.constantFrom(...eventKinds),
          atMs: optional(timeMs),
          count: fc.nat(),
          windowMs: timeMs,
          detail: nasty,
          inferred: fc.boolean(),
        })
        .map(present),
      { maxLength: 6 },
    ),
    throttledRatio: optional(count),
    noBaseline: optional(nasty),
  })
  .map(present);

const anyConfig: fc.Arbitrary<ConfigSummary> = fc.record({
  atMs: timeMs,
  windowMs: timeMs,
  lines: fc.array(
    fc
      .record({
        name: nasty,
        author: nasty,
        atMs: timeMs,
        change: optional(
          fc
            .record({
              file: nasty,
              path: nasty,
              kind: fc.constantFrom(...changeKinds),
              from: optional(nasty),
              to: optional(nasty),
              couldExplain: optional(fc.record({ finding: fc.constantFrom("f1", "f2"), reason: nasty })),
            })
            .map(present),
        ),
        uncompared: optional(fc.record({ file: nasty, reason: nasty })),
        others: fc.nat(),
      })
      .map(present),
    { maxLength: 3 },
  ),
  more: fc.nat(),
  isPartial: fc.boolean(),
});

const anyAnalysis: fc.Arbitrary<AnalysisSummary> = fc
  .record({
    verdict: fc.constantFrom("pass", "fail", "inconclusive"),
    findings: fc.array(anyFinding, { maxLength: 5 }),
    counts: fc.record({ critical: fc.nat(), warning: fc.nat(), info: fc.nat() }),
    checks: fc.record({ pass: fc.nat(), fail: fc.nat(), inconclusive: fc.nat(), skipped: fc.nat() }),
    missing: fc.array(nasty, { maxLength: 5 }),
    goVersion: optional(nasty),
    goroutines: optional(fc.nat()),
    context: optional(anyContext),
    config: optional(anyConfig),
    document: nasty,
  })
  .map(present);

const figures = fc.record({ here: count, there: count });

const anyComparison: fc.Arbitrary<PeerComparison> = fc
  .record({
    outcome: fc.constantFrom("only-here", "less-there", "both", "unclear", "nothing-here"),
    here: nasty,
    there: nasty,
    figures: optional(fc.record({ here: count, there: count, unit: nasty })),
    byPlace: optional(fc.constant(true as const)),
    goroutines: optional(figures),
    heapBytes: optional(figures),
    laterMs: optional(count),
    otherBuild: optional(fc.constant(true as const)),
    reason: optional(nasty),
    elsewhere: optional(nasty),
  })
  .map(present);

const anyStep: fc.Arbitrary<CaptureStep> = fc
  .record({
    kind: fc.constantFrom(...captureKinds),
    state: fc.constantFrom("planned", "running", ...captureStatuses),
    startedAtMs: optional(timeMs),
    expectedMs: optional(fc.nat()),
    durationMs: optional(count),
    bytes: optional(fc.nat()),
    file: optional(nasty),
    reason: optional(nasty),
  })
  .map(present);

const anyPeer: fc.Arbitrary<Peer> = fc
  .record({
    state: fc.constantFrom("possible", "waiting", "capturing", "compared", "not-compared"),
    round: fc.nat(),
    instance: optional(nasty),
    runs: fc.nat(),
    steps: fc.array(anyStep, { maxLength: 12 }),
    comparison: optional(anyComparison),
    reason: optional(nasty),
  })
  .map(present);

export const anyReply: fc.Arbitrary<Reply> = fc
  .record({
    intent: nasty,
    kind: fc.constantFrom("findings", "evidence", "flame-graph", "resolved", "note", "report"),
    text: nasty,
    files: fc.array(fc.record({ artifact: nasty, name: nasty, title: nasty }), { maxLength: 20 }),
    state: fc.constantFrom("pending", "posting", "posted", "given-up", "withheld"),
    problem: optional(nasty),
  })
  .map(present);

export const anyIncident: fc.Arbitrary<Incident> = fc
  .record({
    id: fc.constantFrom("gf-3fa9", "gf-0123456789abcdef"),
    version: fc.nat(),
    state: fc.constantFrom("queued", "capturing", "verdict", "failed", "resolved"),
    service: nasty,
    instance: optional(nasty),
    lookupTrouble: optional(nasty),
    wish: fc.constant({}),
    origin: fc
      .record({
        kind: fc.constantFrom("command", "page"),
        intent: fc.constant("i"),
        page: optional(
          fc
            .record({
              title: nasty,
              sinceMs: timeMs,
              unknownInstance: optional(nasty),
              unknownLabel: optional(nasty),
              isUnnamed: optional(fc.constant(true)),
              knownFrom: optional(nasty),
            })
            .map(present),
        ),
      })
      .map(present),
    place: fc.constantFrom<Place>(
      { channel: "C0INCID001" },
      { channel: "C0INCID001", thread: "1716261120.000100" },
    ),
    shadow: optional(fc.constant(true as const)),
    createdAtMs: timeMs,
    updatedAtMs: timeMs,
    resolvedAtMs: optional(timeMs),
    queuePlace: optional(fc.nat()),
    waitsFor: optional(nasty),
    runs: fc.nat({ max: 9 }),
    steps: fc.array(anyStep, { maxLength: 60 }),
    bundle: optional(nasty),
    endedEarly: optional(nasty),
    analysis: optional(anyAnalysis),
    problem: optional(nasty),
    peer: optional(anyPeer),
    repeats: fc.nat(),
    lastRepeatAtMs: optional(timeMs),
    replies: fc.array(anyReply, { maxLength: 12 }),
  })
  .map(present);

/** Without properties that are undefined: the types know absent ones only. */
function present<T extends object>(value: T) {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the one place that turns undefined into absent
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Present<T>;
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
