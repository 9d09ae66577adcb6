import { describe, expect, test } from "vitest";
import { analysisChanges } from "../../../src/domain/findings/analysis-changes.ts";
import type { Finding } from "../../../src/domain/findings/finding.ts";
import { analysis, finding, frame, group } from "../../commands/chat/analyses.ts";

const pile = "goroutine/mutex-pileup";

function at(symbol: string, line: number): Finding {
  return finding("f1", pile, { where: [frame(symbol, line)] });
}

function measured(value: number): Pick<Finding, "measured"> {
  return { measured: { value, limit: 10, unit: "goroutines" } };
}

describe("what changed between two analyses", () => {
  test("an analysis and itself: nothing", () => {
    const one = analysis({
      findings: [finding("f1", pile, { measured: { value: 11_902, limit: 10, unit: "goroutines" } })],
      groups: [group("a.Post", 11_902), group("a.serve", 3)],
    });
    expect(analysisChanges(one, one)).toEqual({
      verdict: { before: "fail", after: "fail" },
      goroutines: { before: 11_905, after: 11_905 },
      appeared: [],
      gone: [],
      changed: [],
      same: one.findings,
      grown: [],
      shrunk: [],
    });
  });

  test("what is new or gone says whether its rule looked in the other one", () => {
    const before = analysis({
      findings: [finding("f1", pile), finding("f2", "gc/pause-p99", { where: [] })],
      checks: [{ rule: "heap/growth", state: "inconclusive", reason: "no heap" }],
    });
    const after = analysis({
      findings: [finding("f1", "heap/growth"), finding("f2", "goroutine/count", { where: [] })],
      checks: [
        { rule: pile, state: "pass" },
        { rule: "gc/pause-p99", state: "skipped" },
      ],
    });
    const { appeared, gone } = analysisChanges(before, after);
    expect(appeared.map(({ finding: { rule }, other }) => [rule, other])).toEqual([
      ["heap/growth", "inconclusive"],
      ["goroutine/count", "absent"],
    ]);
    expect(gone.map(({ finding: { rule }, other }) => [rule, other])).toEqual([
      [pile, "pass"],
      ["gc/pause-p99", "skipped"],
    ]);
  });

  test("a finding is the same at another line, and another one in another function", () => {
    const moved = analysisChanges(
      analysis({ findings: [at("a.Post", 88)] }),
      analysis({ findings: [at("a.Post", 91)] }),
    );
    expect(moved).toMatchObject({ appeared: [], gone: [], changed: [] });
    const other = analysisChanges(
      analysis({ findings: [at("a.Post", 88)] }),
      analysis({ findings: [at("b.Get", 88)] }),
    );
    expect(other.appeared).toEqual([{ finding: at("b.Get", 88), other: "fail" }]);
    expect(other.gone).toEqual([{ finding: at("a.Post", 88), other: "fail" }]);
  });

  test("several findings at one place are matched in rank order", () => {
    const before = analysis({
      findings: [finding("f1", pile, measured(100)), finding("f2", pile, measured(20))],
    });
    const after = analysis({ findings: [finding("f1", pile, measured(100))] });
    const { same, gone } = analysisChanges(before, after);
    expect(same).toEqual(after.findings);
    expect(gone.map(({ finding: { id } }) => id)).toEqual(["f2"]);
  });

  test.each([
    [{ severity: "warning" }, true],
    [{ confidence: "likely" }, true],
    [{ goroutines: 109 }, false],
    [{ goroutines: 112 }, true],
    [{ goroutines: 89 }, true],
    [{ measured: { value: 1, limit: 1, unit: "ms" } }, true],
    [{ title: "in other words" }, false],
  ] as const)("%j is a change: %j", (change, isChange) => {
    const before = analysis({ findings: [finding("f1", pile, { goroutines: 100 })] });
    const after = analysis({ findings: [finding("f1", pile, { goroutines: 100, ...change })] });
    const { changed, same } = analysisChanges(before, after);
    expect(changed).toEqual(isChange ? [{ before: before.findings[0], after: after.findings[0] }] : []);
    expect(same).toHaveLength(isChange ? 0 : 1);
  });

  test("places are compared by what stands there, whatever their goroutines wait for", () => {
    const before = analysis({
      groups: [
        group("a.leak", 100),
        group("a.gone", 9),
        group("a.serve", 5),
        group("a.leak", 1, 1, "runnable"),
      ],
    });
    const after = analysis({ groups: [group("a.leak", 5_000), group("a.serve", 4), group("a.new", 7)] });
    const { grown, shrunk, goroutines } = analysisChanges(before, after);
    expect(goroutines).toEqual({ before: 115, after: 5_011 });
    expect(grown).toEqual([
      { group: group("a.leak", 5_000), before: 101, after: 5_000 },
      { group: group("a.new", 7), before: 0, after: 7 },
    ]);
    expect(shrunk).toEqual([
      { group: group("a.gone", 9), before: 9, after: 0 },
      { group: group("a.serve", 4), before: 5, after: 4 },
    ]);
  });

  test("a deployment that moves lines neither empties nor fills places", () => {
    const before = analysis({ groups: [group("a.work", 50, 10), group("a.work", 3, 20)] });
    const after = analysis({ groups: [group("a.work", 50, 12), group("a.work", 4, 20)] });
    const { grown, shrunk } = analysisChanges(before, after);
    expect(grown).toEqual([{ group: group("a.work", 4, 20), before: 3, after: 4 }]);
    expect(shrunk).toEqual([]);
  });
});
