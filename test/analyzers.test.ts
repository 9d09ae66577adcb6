import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { analyzers } from "../src/analyzers/index.ts";
import { runAnalyzers } from "../src/analyzers/run.ts";
import { nextStep } from "../src/domain/findings/next-step.ts";
import { readEvidence } from "../src/integrations/artifacts/read.ts";

/**
 * What a case is expected to show besides firing: written by hand, never generated from a run.
 * `where` is the function of `where[0]`.
 */
interface Expectation {
  readonly where?: string;
  readonly severity?: string;
  readonly confidence?: string;
  readonly measured?: number;
  readonly limit?: number;
  /** With what the title begins: a card cuts its end. */
  readonly title?: string;
  /** Words of the summary. */
  readonly says?: string;
  readonly goroutines?: number;
  readonly thresholds?: Readonly<Record<string, number>>;
}

/** A case is a folder of raw captures, read as a user would hand them to `gofire analyze`, in file name order. */
describe.each(analyzers.map((analyzer) => [analyzer.meta.id, analyzer] as const))("%s", (id, analyzer) => {
  const fixtures = join("src/analyzers", id.replace("/", "-"), "fixtures");
  it.each(readdirSync(fixtures).toSorted())("%s", async (name) => {
    const folder = join(fixtures, name);
    const expectationFile = join(folder, "expect.json");
    const expected: Expectation = existsSync(expectationFile)
      ? JSON.parse(readFileSync(expectationFile, "utf8"))
      : {};
    const paths = readdirSync(folder)
      .filter((file) => file !== "expect.json" && file !== "README.md")
      .toSorted()
      .map((file) => join(folder, file));

    const { evidence, target } = await readEvidence(paths);
    const { findings, checks } = runAnalyzers([analyzer], evidence, target, {
      limits: { [id]: expected.thresholds ?? {} },
    });

    if (name.startsWith("quiet-")) {
      expect(findings.map((finding) => finding.title)).toEqual([]);
      expect(checks, "a quiet case must have been checked, not skipped").toEqual([
        { rule: id, state: "pass" },
      ]);
      return;
    }
    expect(name).toMatch(/^fires-/);
    expect(checks[0]?.reason ?? "what was found", "a case must have been judged").toMatch(/^what was found/);
    const [finding] = findings;
    expect(finding, "nothing was found").toBeDefined();
    if (finding === undefined) return;
    expect(finding.title).not.toBe("");
    expect(finding.summary).not.toBe("");
    expect(finding.evidence.length).toBeGreaterThan(0);
    for (const { artifact } of finding.evidence) expect(paths).toContain(artifact);
    expect(finding.next.length).toBeGreaterThan(0);
    for (const { words, command } of finding.next.map(nextStep)) {
      expect(words, "a command stands at the end of a step, behind a colon").not.toMatch(
        /\b(?:go (?:tool|test)|curl|kubectl|gofire (?:snapshot|analyze|tls)) /,
      );
      // What a shell would take for a pattern, a group or a variable stands in quotes.
      expect(command?.replaceAll(/'[^']*'/g, "") ?? "").not.toMatch(/[?*()[\]{}$;"\\`]|\w[.,]$/);
    }
    if (expected.where !== undefined) expect(finding.where[0]?.function).toBe(expected.where);
    if (expected.severity !== undefined) expect(finding.severity).toBe(expected.severity);
    if (expected.confidence !== undefined) expect(finding.confidence).toBe(expected.confidence);
    if (expected.limit !== undefined) expect(finding.measured?.limit).toBe(expected.limit);
    if (expected.title !== undefined)
      expect(finding.title.slice(0, expected.title.length)).toBe(expected.title);
    // The one stands below the other.
    expect(finding.summary.slice(0, 40)).not.toBe(finding.title.slice(0, 40));
    if (expected.says !== undefined) expect(finding.summary).toContain(expected.says);
    if (expected.measured !== undefined) expect(finding.measured?.value).toBe(expected.measured);
    if (expected.goroutines !== undefined) expect(finding.goroutines).toBe(expected.goroutines);
  });
});
