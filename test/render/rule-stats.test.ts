import { describe, expect, it } from "vitest";
import type { RuleComment, RuleRecord } from "../../src/domain/findings/feedback.ts";
import { ruleStats, ruleStatsMarkdown, ruleStatsText } from "../../src/render/rule-stats.ts";
import { plainStyle } from "../../src/render/style.ts";

const records: readonly RuleRecord[] = [
  { rule: "goroutine/count", confidence: "likely", fired: 12, right: 1, wrong: 3 },
  { rule: "pool/exhausted", confidence: "proven", fired: 1_200, right: 4, wrong: 0 },
  { rule: "goroutine/count", confidence: "possible", fired: 3, right: 0, wrong: 0 },
];

function comment(text: string, day: number): RuleComment {
  return {
    rule: "goroutine/count",
    says: "wrong",
    comment: text,
    incidentId: "gf-3fa9",
    finding: "f2",
    atMs: Date.UTC(2026, 10, day),
  };
}

const comments = [
  comment("these workers wait by design", 24),
  comment("\u001b[31mred\u001b[0m <img> *bold* | cell", 23),
  comment("a", 22),
  comment("b", 21),
];

describe("how rules did", () => {
  it("the one that most people call wrong stands first, by confidence, with the share of right and why", () => {
    const text = ruleStatsText(ruleStats(records, comments), "/var/lib/gofire/redis", plainStyle, 80);
    expect(text.split("\n")).toEqual([
      "rule                fired   right   wrong   share",
      "goroutine/count        15       1       3    25 %",
      "  likely               12       1       3    25 %",
      "  possible              3       0       0       -",
      "    “these workers wait by design” (wrong, gf-3fa9 f2, 2026-11-24)",
      "    “\\x1b[31mred\\x1b[0m <img> *bold* | cell” (wrong, gf-3fa9 f2, 2026-11-23)",
      "    “a” (wrong, gf-3fa9 f2, 2026-11-22)",
      "    and 1 comment before: --format markdown has them",
      "pool/exhausted      1,200       4       0   100 %",
      "",
      "fired: findings in verdicts. right, wrong: what people said, one voice each; 8",
      "voices in all. share: of the voices that say right. Few voices say little. Read",
      "from /var/lib/gofire/redis.",
      "",
    ]);
  });

  it("fits the terminal", () => {
    const long = [comment("word ".repeat(100), 1)];
    for (const width of [60, 80]) {
      const text = ruleStatsText(ruleStats(records, long), "somewhere", plainStyle, width);
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it("says so where nothing is counted yet", () => {
    expect(ruleStatsText([], "/nowhere", plainStyle, 80)).toMatch(/^Nothing is counted yet in \/nowhere\./);
    expect(ruleStatsMarkdown([], "/nowhere")).toContain("Nothing is counted yet.");
  });

  it("as Markdown has every comment, and none of it is markup", () => {
    const text = ruleStatsMarkdown(ruleStats(records, comments), "/var/lib");
    expect(text).toContain(
      "| `goroutine/count` | 15 | 1 | 3 | 25 % |\n| &nbsp;&nbsp;likely | 12 | 1 | 3 | 25 % |",
    );
    expect(text).toContain("- these workers wait by design (wrong, gf-3fa9 f2, 2026-11-24)");
    expect(text).toContain("\\<img\\> \\*bold\\* \\| cell");
    expect(text).toContain("- b (wrong");
  });
});
