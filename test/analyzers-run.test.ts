import { describe, expect, it } from "vitest";
import { runAnalyzers } from "../src/analyzers/run.ts";
import { ownCode } from "../src/domain/code/own-code.ts";
import type { Evidence, EvidenceKey, TargetFacts } from "../src/domain/evidence/evidence.ts";
import { type Analyzer, defineAnalyzer, type FindingDraft } from "../src/domain/findings/analyzer.ts";
import type { GoroutineGroup } from "../src/domain/goroutines/goroutine.ts";
import { group, seen, snapshot } from "./domain/goroutines/goroutines.ts";

const target: TargetFacts = { own: ownCode([]) };
const waiters = group("sync.Mutex.Lock", ["shop/a.Get:5"], { count: 200 });
const holder = group("IO wait", ["shop/a.Read:9"]);
const pool = group("select", ["shop/b.Take:2"], { count: 30 });
const capture = snapshot([waiters, pool, holder]);
const evidence: Partial<Evidence> = { goroutines: seen(capture, [capture]) };

interface RuleText {
  readonly scope?: "specific" | "general" | "catch-all";
  readonly needs?: readonly EvidenceKey[];
  readonly symptomOf?: readonly string[];
}

/** A rule that reports what it is told to. */
function rule(
  id: string,
  drafts: readonly Partial<FindingDraft>[],
  { scope = "specific", needs = [], symptomOf = [] }: RuleText = {},
): Analyzer {
  return defineAnalyzer({
    meta: {
      id,
      title: id,
      severity: "warning",
      scope,
      needs,
      uses: [],
      symptomOf,
      thresholds: { most: { default: 3, unit: "count", meaning: "a number", source: "https://example.com" } },
      docs: { what: "", why: "", next: "", falsePositives: "", references: [] },
    },
    analyze: (_, limits) =>
      drafts.map((draft) => ({
        confidence: "likely" as const,
        title: `${id} ${limits.most}`,
        summary: "",
        where: [],
        evidence: [],
        next: [],
        ...draft,
      })),
  });
}

function about(groups: readonly GoroutineGroup[], rest: Partial<FindingDraft> = {}): Partial<FindingDraft> {
  return { groups, ...rest };
}

function judged(rules: readonly Analyzer[], what: Partial<Evidence> = evidence) {
  const { findings, checks, verdict } = runAnalyzers(rules, what, target);
  const ruleOf = new Map(findings.map(({ id, rule: name }) => [id, name]));
  return {
    order: findings.map(({ rule: name }) => name),
    causes: Object.fromEntries(
      findings.map(({ rule: name, causedBy }) => [name, causedBy && ruleOf.get(causedBy)]),
    ),
    checks: Object.fromEntries(checks.map(({ rule: name, state }) => [name, state])),
    findings,
    verdict,
  };
}

describe("what is checked", () => {
  it("says what a rule lacks, and that a rule broke", () => {
    const broken = {
      ...rule("b/broken", []),
      analyze: () => {
        throw new Error("oops");
      },
    };
    const unsure = { ...rule("c/unsure", []), analyze: () => ({ inconclusive: "two captures are needed" }) };
    const { checks } = runAnalyzers(
      [rule("a/needs", [], { needs: ["dump", "heap"] }), broken, unsure, rule("d/quiet", [])],
      evidence,
      target,
    );
    expect(checks).toEqual([
      { rule: "a/needs", state: "inconclusive", reason: "no goroutine dump (debug=2), no heap profile" },
      { rule: "b/broken", state: "inconclusive", reason: "the rule itself failed: oops" },
      { rule: "c/unsure", state: "inconclusive", reason: "two captures are needed" },
      { rule: "d/quiet", state: "pass" },
    ]);
  });

  it("reads a rule's findings as the verdict reads them all", () => {
    const { checks } = runAnalyzers(
      [
        rule("a/possible", [{ severity: "critical", confidence: "possible" }]),
        rule("b/context", [{ severity: "info", confidence: "proven" }]),
        rule("c/sure", [{}, { severity: "info" }]),
      ],
      evidence,
      target,
    );
    expect(checks).toEqual([
      { rule: "a/possible", state: "inconclusive", reason: "what was found is only possible: f2" },
      { rule: "b/context", state: "pass", reason: "what was found is for information only: f3" },
      { rule: "c/sure", state: "fail" },
    ]);
  });

  it("does not pass where something that was handed in could not be read", () => {
    const whole: Partial<Evidence> = { goroutines: seen(capture, [capture, capture]) };
    expect(runAnalyzers([rule("a/quiet", [])], whole, target, { unread: 0 }).verdict).toBe("pass");
    const { checks, verdict } = runAnalyzers([rule("a/quiet", [])], whole, target, { unread: 1 });
    expect(verdict).toBe("inconclusive");
    expect(checks).toEqual([{ rule: "a/quiet", state: "pass" }]);
    const sure = [rule("a/sure", [{ confidence: "likely" }])];
    expect(runAnalyzers(sure, whole, target, { unread: 1 }).verdict).toBe("fail");
  });

  it("finds nothing clean by evidence that changed since it was captured", () => {
    const rules = [rule("a/quiet", []), rule("b/context", [{ severity: "info" }])];
    const changed = ["heap-1.pb.gz", "cpu.pb.gz"];
    const { checks, verdict } = runAnalyzers(rules, evidence, target, { changed });
    const reason = "heap-1.pb.gz and 1 more file changed since the capture";
    expect(checks).toEqual([
      { rule: "a/quiet", state: "inconclusive", reason },
      { rule: "b/context", state: "inconclusive", reason },
    ]);
    expect(verdict).toBe("inconclusive");
    expect(runAnalyzers([rule("a/sure", [{}])], evidence, target, { changed }).verdict).toBe("fail");
  });

  it("takes limits from the settings and leaves rules out", () => {
    const { findings, checks } = runAnalyzers([rule("a/one", [{}]), rule("b/two", [{}])], evidence, target, {
      rules: ["b/two"],
      limits: { "b/two": { most: 9 } },
    });
    expect(findings.map(({ title }) => title)).toEqual(["b/two 9"]);
    expect(checks.map(({ rule: name }) => name)).toEqual(["b/two"]);
  });
});

describe("scope", () => {
  const specific = rule("a/specific", [about([waiters])]);
  it("silences wider rules about the same goroutines, and says they passed", () => {
    const { order, checks } = judged([
      specific,
      rule("b/general", [about([waiters])], { scope: "general" }),
      rule("c/rest", [about([waiters])], { scope: "catch-all" }),
    ]);
    expect(order).toEqual(["a/specific"]);
    expect(checks).toEqual({ "a/specific": "fail", "b/general": "pass", "c/rest": "pass" });
  });

  it("lets a wider rule speak about others, or without goroutines", () => {
    const { order } = judged([
      specific,
      rule("b/general", [about([waiters, pool])], { scope: "general" }),
      rule("c/count", [{}], { scope: "general" }),
    ]);
    expect(order).toEqual(["a/specific", "b/general", "c/count"]);
  });

  it("does not let a mere possibility silence a sure finding", () => {
    const { order } = judged([
      rule("a/maybe", [about([waiters], { confidence: "possible" })]),
      rule("b/general", [about([waiters])], { scope: "general" }),
    ]);
    expect(order).toEqual(["b/general", "a/maybe"]);
  });

  it("counts goroutines that a narrower finding blocks as explained", () => {
    const { order } = judged([
      rule("a/holder", [about([holder], { blocks: [waiters] })]),
      rule("b/rest", [about([waiters])], { scope: "catch-all" }),
    ]);
    expect(order).toEqual(["a/holder"]);
  });
});

describe("cause and rank", () => {
  it("puts the small root above the large symptom", () => {
    const { order, causes, findings } = judged([
      rule("a/pile-up", [about([waiters], { severity: "critical" })]),
      rule("b/holder", [about([holder], { blocks: [waiters] })]),
    ]);
    expect(order).toEqual(["b/holder", "a/pile-up"]);
    expect(causes).toEqual({ "a/pile-up": "b/holder", "b/holder": undefined });
    expect(findings.map(({ id, role }) => [id, role])).toEqual([
      ["f1", "root"],
      ["f2", "symptom"],
    ]);
    expect(findings.map(({ goroutines }) => goroutines)).toEqual([1, 200]);
  });

  it("follows a chain to its root: pile-up, holder, what the holder waits for", () => {
    const { order, causes } = judged([
      rule("a/pile-up", [about([waiters])]),
      rule("b/holder", [about([holder], { blocks: [waiters], waitsFor: [holder] })]),
      rule("c/upstream", [about([holder, pool])]),
    ]);
    expect(order[0]).toBe("c/upstream");
    expect(causes).toEqual({ "a/pile-up": "c/upstream", "b/holder": "c/upstream", "c/upstream": undefined });
  });

  it("uses the rules' own knowledge when goroutines do not connect them, but only of failing causes", () => {
    const count = rule("b/count", [{ confidence: "possible" }], { symptomOf: ["a/leak"] });
    expect(judged([rule("a/leak", [about([waiters])]), count]).causes["b/count"]).toBe("a/leak");
    expect(
      judged([rule("a/leak", [about([waiters], { confidence: "possible" })]), count]).causes["b/count"],
    ).toBeUndefined();
  });

  it("keeps two findings that block each other from becoming each other's cause", () => {
    const { causes, findings } = judged([
      rule("a/one", [about([waiters], { blocks: [holder] })]),
      rule("b/two", [about([holder], { blocks: [waiters] })]),
    ]);
    expect(Object.values(causes).filter((cause) => cause === undefined)).toHaveLength(1);
    expect(findings).toHaveLength(2);
  });

  it("ranks by what fails, severity, confidence, then size", () => {
    const { order } = judged([
      rule("a/maybe", [about([pool], { severity: "critical", confidence: "possible" })]),
      rule("b/small", [about([holder])]),
      rule("c/large", [about([waiters])]),
      rule("d/proven", [about([holder], { confidence: "proven" })]),
      rule("e/critical", [about([holder], { severity: "critical" })]),
    ]);
    expect(order).toEqual(["e/critical", "d/proven", "c/large", "b/small", "a/maybe"]);
  });
});

describe("verdict", () => {
  it.each<[string, Partial<FindingDraft>, string]>([
    ["likely warning", {}, "fail"],
    ["possible critical", { severity: "critical", confidence: "possible" }, "inconclusive"],
    ["possible info", { severity: "info", confidence: "possible" }, "pass"],
    ["proven info", { severity: "info", confidence: "proven" }, "pass"],
  ])("%s", (_, draft, verdict) => {
    expect(judged([rule("a/a", [draft])]).verdict).toBe(verdict);
  });

  it("is inconclusive without the evidence of a pass", () => {
    const once = { goroutines: seen(snapshot([pool])) };
    expect(judged([rule("a/a", [])], {}).verdict).toBe("inconclusive");
    expect(judged([rule("a/a", [])], once).verdict).toBe("inconclusive");
    const aged = snapshot([{ ...pool, waitMinutes: { min: 1, max: 9 } }], "dump");
    expect(judged([rule("a/a", [])], { goroutines: seen(aged) }).verdict).toBe("pass");
    expect(judged([rule("a/a", [])], { goroutines: seen({ ...aged, incomplete: "cut" }) }).verdict).toBe(
      "inconclusive",
    );
    // Nobody has waited for a minute yet: how long a crowd will is as unknown as in a profile.
    const young = (count: number) => ({ goroutines: seen(snapshot([{ ...pool, count }], "dump")) });
    expect(judged([rule("a/a", [])], young(5)).verdict).toBe("inconclusive");
    expect(judged([rule("a/a", [])], young(4)).verdict).toBe("pass");
    const keptAlive = group("select", ["net/http.(*persistConn).writeLoop:9"]);
    const idle = (count: number) => ({ goroutines: seen(snapshot([{ ...keptAlive, count }], "dump")) });
    expect(judged([rule("a/a", [])], idle(99)).verdict).toBe("pass");
    expect(judged([rule("a/a", [])], idle(100)).verdict).toBe("inconclusive");
  });

  it("of chosen rules needs each of them to have run", () => {
    const rules = [rule("a/a", []), rule("b/b", [], { needs: ["cpu"] })];
    expect(runAnalyzers(rules, {}, target, { rules: ["a/a"] }).verdict).toBe("pass");
    expect(runAnalyzers(rules, {}, target, { rules: ["a/a", "b/b"] }).verdict).toBe("inconclusive");
  });
});

describe("a crash", () => {
  const dead = group("active", ["shop/a.Add:10"]);
  const needy = rule("goroutine/count", [], { needs: ["goroutines"] });
  const judged = (
    kind: "panic" | "fatal error" | "signal",
    message: string,
    groups: readonly GoroutineGroup[],
  ) => {
    const shown = snapshot(groups);
    const crash = { artifact: shown.artifact, kind, message, at: { unit: "line", value: 1 } } as const;
    const { verdict, checks } = runAnalyzers([needy], { goroutines: seen(shown, [shown]), crash }, target, {
      rules: [needy.meta.id],
    });
    return [verdict, checks[0]?.state];
  };

  it("that shows only the goroutine that died tells nothing of the others", () => {
    expect(judged("panic", "assignment to entry in nil map", [dead])).toEqual([
      "inconclusive",
      "inconclusive",
    ]);
    expect(judged("fatal error", "concurrent map writes", [dead])).toEqual(["inconclusive", "inconclusive"]);
  });

  it("that shows all of them does", () => {
    expect(judged("panic", "boom", [dead, holder])).toEqual(["pass", "pass"]);
    expect(judged("fatal error", "all goroutines are asleep - deadlock!", [holder])).toEqual([
      "pass",
      "pass",
    ]);
    expect(judged("signal", "quit", [holder])).toEqual(["pass", "pass"]);
  });
});
