import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { analyzers } from "../../../src/analyzers/index.ts";
import { runAnalyzers } from "../../../src/analyzers/run.ts";
import type { CaptureRecord } from "../../../src/domain/evidence/capture.ts";
import type { Analysis, Finding } from "../../../src/domain/findings/finding.ts";
import { nextStep } from "../../../src/domain/findings/next-step.ts";
import { readEvidence } from "../../../src/integrations/artifacts/read.ts";
import { analysisDocument } from "../../../src/render/document.ts";
import { analysisMarkdown } from "../../../src/render/markdown.ts";
import { plainStyle } from "../../../src/render/style.ts";
import { analysisText } from "../../../src/render/terminal/analysis.ts";

const captures = join(import.meta.dirname, "../../../lab/captures/go1.26.8");
const plain = { style: plainStyle, width: 80, verbose: false } as const;

async function recorded(mode: string): Promise<Analysis> {
  const { evidence, target, captures: records } = await readEvidence([join(captures, mode)]);
  return analysisDocument(
    evidence,
    target,
    records,
    runAnalyzers(analyzers, evidence, target, { limits: {} }),
  );
}

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => line.length));
}

describe("a verdict in a terminal of 80 columns without colour", () => {
  it.each([
    "redis-pool-zero",
    "mutex-io",
    "lock-order",
    "sql-pool",
    "heap-growth",
    "gogc-thrash",
    "panic",
    "slow-clients",
    "transport-per-request",
    "idle-workers",
    "just-started",
  ])("%s: fits, says each thing once, and shows nothing but text", async (mode) => {
    const analysis = await recorded(mode);
    for (const verbose of [false, true]) {
      const text = analysisText(analysis, { ...plain, verbose });
      // A command is one line, however long.
      const commands = analysis.findings.flatMap(({ next }) => next.map((step) => nextStep(step).command));
      const lines = text.split("\n").filter((line) => !commands.includes(line.trim()));
      expect(widest(lines)).toBeLessThanOrEqual(80);
      expect(text.startsWith(analysis.verdict.toUpperCase())).toBe(true);
      expect(text).not.toMatch(/[^\n\P{Cc}]/u);
      expect(text).not.toMatch(/ \n|\n{3}/);
      expect(text).not.toMatch(/\b1 (?:goroutines|rules|findings|captures|minutes)\b/);
    }
    const flowing = analysisText(analysis, { ...plain, width: 10_000 });
    const [first] = analysis.findings;
    if (first !== undefined) {
      const said = flowing.split("\n").filter((line) => line.trim().startsWith(first.title));
      expect(said).toHaveLength(first.severity === "info" ? 0 : 1);
    }
    expect(flowing.split("\n").length).toBeLessThanOrEqual(75);
    expect(analysisMarkdown(analysis).split("\n")[0]).toMatch(/^# (?:PASS|FAIL|INCONCLUSIVE)/);
  });
});

const finding: Finding = {
  id: "f1",
  rule: "goroutine/mutex-pileup",
  severity: "critical",
  confidence: "proven",
  title: "11,902 goroutines wait for one mutex",
  summary: "They stand in Lock.",
  measured: { value: 11_902, limit: 10, unit: "goroutines" },
  where: [{ function: "shop/ledger.(*Store).Post", file: "/src/shop/ledger/ledger.go", line: 88 }],
  role: "root",
  evidence: [
    {
      artifact: "bundles/a/goroutine.pb.gz",
      excerpt: "11902 goroutines [sync.Mutex.Lock]:\n  at ledger.go:88",
    },
  ],
  next: [
    "Look at what the probable holder waits for, and move that out of the critical section: then unlock.",
  ],
};

function capture(kind: CaptureRecord["kind"], rest: Partial<CaptureRecord> = {}): CaptureRecord {
  const kept = rest.status === undefined ? { file: `bundles/a/${kind}.gz` } : {};
  return { kind, ...kept, bytes: 1024, durationMs: 5, status: "ok", ...rest };
}

function analysis(rest: Partial<Analysis>): Analysis {
  return {
    schemaVersion: 1,
    target: {},
    verdict: "fail",
    captures: [],
    findings: [],
    checks: [],
    groups: [],
    ...rest,
  };
}

describe("parts of it", () => {
  it("a finding: numbers against limits, place, evidence, what to do", () => {
    const text = analysisText(analysis({ findings: [finding], captures: [capture("goroutine")] }), plain);
    expect(text).toBe(`FAIL

CRITICAL proven · goroutine/mutex-pileup · f1
  11,902 goroutines wait for one mutex
  They stand in Lock.
  measured  11,902 goroutines (limit 10)
  where     shop/ledger.(*Store).Post ledger/ledger.go:88
  evidence  goroutine.pb.gz: 11902 goroutines [sync.Mutex.Lock]:
              at ledger.go:88
  next      1. Look at what the probable holder waits for, and move that out of
               the critical section: then unlock.

Captured
  ok        goroutine · 1 KiB
`);
  });

  it("a command to paste is one line, and finds its file from the working directory", () => {
    const peek =
      "See all callers: go tool pprof -peek 'context.With(Timeout|Deadline)' -sample_index=inuse_objects";
    const own: Finding = { ...finding, next: [`${peek} heap-2.pb.gz`] };
    const captures = [capture("heap", { file: "heap-2.pb.gz" })];
    const text = (folder?: string) =>
      analysisText(analysis({ findings: [own], captures }), {
        ...plain,
        width: 60,
        ...(folder === undefined ? {} : { folder }),
      });
    const command = peek.slice(peek.indexOf("go tool"));
    expect(text()).toContain(`  next      1. See all callers:\n               ${command} heap-2.pb.gz\n`);
    expect(text("kept/gofire-order-1/")).toContain(`${command} kept/gofire-order-1/heap-2.pb.gz\n`);
    expect(text("my bundles")).toContain(`${command} 'my bundles/heap-2.pb.gz'\n`);
    expect(analysisMarkdown(analysis({ findings: [own] }))).toContain(
      `1. See all callers: \`${command} heap-2.pb.gz\`\n`,
    );
  });

  it("says when it was captured, in UTC", () => {
    const at = Date.UTC(2026, 10, 30, 3, 12, 4);
    const captures = [
      capture("goroutine", { startedAtMs: at }),
      capture("cpu", { startedAtMs: at + 1_000, durationMs: 10_000 }),
    ];
    const groups = [{ state: "select", count: 3, stack: [] }];
    const judged = analysis({ verdict: "pass", captures, groups });
    expect(analysisText(judged, plain)).toContain("Captured  2026-11-30 03:12:04 UTC, within 11 s\n  ok");
    expect(analysisMarkdown(judged).split("\n\n").slice(0, 3)).toEqual([
      "# PASS",
      "3 goroutines · captured 2026-11-30 03:12:04 UTC, within 11 s",
      "Nothing at or above a warning, and the evidence to say so is there.",
    ]);
  });

  it("a group of goroutines is told by the call that is not the standard library's", () => {
    const std = { function: "internal/poll.runtime_pollWait", file: "runtime/netpoll.go", line: 351 };
    const own = { function: "shop/feeds.(*Importer).pull", file: "shop/feeds/importer.go", line: 41 };
    const groups = [
      { state: "IO wait", count: 200, stack: [std, own] },
      { state: "IO wait", count: 2, stack: [std] },
    ];
    expect(analysisMarkdown(analysis({ groups }))).toContain(
      "| 200 | IO wait |  | `shop/feeds.(*Importer).pull  feeds/importer.go:41` |\n" +
        "| 2 | IO wait |  | `internal/poll.runtime_pollWait  runtime/netpoll.go:351` |\n",
    );
    expect(analysisText(analysis({ groups }), { ...plain, verbose: true })).toContain(
      "200×      [IO wait] shop/feeds.(*Importer).pull feeds/importer.go:41\n",
    );
  });

  it("what may be nothing is a line, unless it keeps the verdict open", () => {
    const possible: Finding = { ...finding, severity: "warning", confidence: "possible" };
    const noted = analysisText(analysis({ findings: [{ ...finding, id: "f2" }, possible] }), plain);
    expect(noted).toContain(
      "Possible, may be nothing\n  f1  11,902 goroutines wait for one mutex · ledger/ledger.go:88 ·\n",
    );
    const open = analysisText(analysis({ verdict: "inconclusive", findings: [possible] }), plain);
    expect(open).toContain("WARNING possible · goroutine/mutex-pileup · f1\n");
    expect(open).toContain("capture again in a");
    expect(open).not.toContain("may be nothing");
  });

  it("a capture of which nothing came is not told as one in which nothing was found", () => {
    const captures = [capture("index", { status: "failed", reason: "connection refused", startedAtMs: 0 })];
    const checks = [{ rule: "heap/growth", state: "inconclusive", reason: "no heap profile" }] as const;
    const none = analysisText(analysis({ verdict: "inconclusive", captures, checks }), plain);
    expect(none).toContain("1 not checked\n");
    expect(none).not.toContain("no heap profile");
    expect(none).toContain("\nCaptured\n  failed    index");
    expect(none).toContain("Nothing could be captured, so nothing was judged");
    expect(none).not.toContain("Nothing found");
    const some = analysisText(
      analysis({ verdict: "inconclusive", captures: [...captures, capture("heap")] }),
      plain,
    );
    expect(some).toContain("Nothing found, but");
  });

  it("captures: the same reason is told once, what nobody asked for not at all", () => {
    const gone = "not taken: the target no longer answers";
    const text = analysisText(
      analysis({
        verdict: "inconclusive",
        captures: [
          capture("goroutine"),
          capture("goroutine"),
          capture("cpu", { durationMs: 10_000 }),
          capture("block"),
          capture("block", { reason: "10 s at a rate of 10 µs" }),
          capture("metrics", { status: "failed", reason: "404: no metrics" }),
          capture("metrics", { status: "skipped", reason: "not asked again: 404: no metrics" }),
          capture("log", { file: "order.log", status: "failed", reason: "no permission" }),
          capture("heap", { status: "skipped", reason: gone }),
          capture("mutex", { status: "skipped", reason: gone }),
          capture("goroutineleak", { status: "skipped", reason: "not asked for: it forces a collection" }),
        ],
      }),
      plain,
    );
    expect(text.slice(text.indexOf("Captured"))).toBe(`Captured
  ok        goroutine ×2, cpu (10 s), block ×2 (10 s at a rate of 10 µs) · 5 KiB
  failed    metrics: 404: no metrics
  failed    log (order.log): no permission
  skipped   heap, mutex: not taken: the target no longer answers
`);
  });

  it("checks: the commonest reasons, and how many rules more; all of them where they are the answer", () => {
    const checks = [
      { rule: "a/ok", state: "pass" as const },
      ...Array.from({ length: 6 }, (_, at) => ({
        rule: `a/r${at}`,
        state: "inconclusive" as const,
        reason: `no ${at}`,
      })),
    ];
    const failed = analysisText(analysis({ findings: [finding], checks }), plain);
    expect(failed).toContain(
      "Checked   7 rules: 0 with findings, 1 clean, 6 not checked\nNot checked\n  no 0: a/r0\n",
    );
    expect(failed).toContain("  no 3: a/r3\n  and 2 more rules: --verbose shows why.\n");
    expect(analysisText(analysis({ verdict: "inconclusive", checks }), plain)).toContain("  no 5: a/r5\n");
  });
});

async function headline(...files: string[]): Promise<string> {
  const {
    evidence,
    target,
    captures: records,
  } = await readEvidence(files.map((file) => join(captures, file)));
  const judged = runAnalyzers(analyzers, evidence, target, { limits: {} });
  const text = analysisText(analysisDocument(evidence, target, records, judged), { ...plain, width: 1000 });
  return text.split("\n").slice(0, 2).join(" ");
}

describe("an open verdict", () => {
  it("says what settles it", async () => {
    expect(await headline("idle-workers/goroutine-1.pb.gz")).toMatch(
      /^INCONCLUSIVE .* capture them once more, at least 15 s later/,
    );
    expect(await headline("idle-workers/heap-1.pb.gz")).toMatch(
      /^INCONCLUSIVE .*rests on goroutines, and there are none/,
    );
  });
});
