import { type Analysis, type PublishedGroup, type Verdict } from "../../domain/findings/finding.ts";
import { counted, countText, rangeText } from "../../domain/units.ts";
import { quietVerdictText } from "../quiet-verdict.ts";
import { printable } from "../style.ts";
import { standingText } from "../words.ts";
import { labelled, wrap } from "../wrap.ts";
import { captureLines } from "./capture-lines.ts";
import { checkLines } from "./check-lines.ts";
import { configLines } from "./config-lines.ts";
import { contextLines } from "./context-lines.ts";
import { findingLines, notedLines } from "./finding-lines.ts";
import { indent, labelWidth, shortList, type TerminalOptions } from "./layout.ts";

/** The analysis as a person reads it at 3 a.m.: verdict, what, where, what next; then what was and was not looked at. */
export function analysisText(analysis: Analysis, options: TerminalOptions): string {
  // A warning that is only possible keeps the verdict open, so it is told in full; what is only noted is not.
  const inFull = analysis.findings.filter(
    (finding) =>
      finding.confidence !== "possible" || (analysis.verdict !== "fail" && finding.severity !== "info"),
  );
  const noted = analysis.findings.filter((finding) => !inFull.includes(finding));
  const blocks = [
    headline(analysis, options),
    ...inFull.map((finding) => findingLines(finding, analysis, options)),
    notedLines(noted, options),
    ...groupLines(analysis.groups, analysis.findings.length === 0, options),
    contextLines(analysis, options),
    configLines(analysis, options),
    captureLines(analysis.captures, options),
    checkLines(analysis, options),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const verdictWords: Readonly<Record<Verdict, string>> = {
  pass: "PASS",
  fail: "FAIL",
  inconclusive: "INCONCLUSIVE",
};

function headline(analysis: Analysis, { style, width }: TerminalOptions): string[] {
  const { verdict, target, groups } = analysis;
  const paint = verdict === "fail" ? style.red : verdict === "pass" ? style.green : style.yellow;
  const goroutines = groups.reduce((sum, group) => sum + group.count, 0);
  const facts = [
    target.service,
    target.instance,
    target.goVersion,
    goroutines > 0 ? counted(goroutines, "goroutine") : undefined,
  ].filter((fact) => fact !== undefined);
  const words = style.bold(paint(verdictWords[verdict]));
  const whose =
    facts.length === 0 ? "" : `  ${style.bold(wrap(printable(facts.join(" · ")), width - 14).join(" "))}`;
  // What failed stands right below, with its numbers.
  if (verdict === "fail") return [words + whose];
  return [words + whose, ...wrap(quietVerdictText(analysis), width)];
}

function groupLines(
  groups: readonly PublishedGroup[],
  show: boolean,
  { style, width, verbose }: TerminalOptions,
): string[][] {
  if (groups.length === 0 || !(show || verbose)) return [];
  const shown = verbose ? groups : groups.slice(0, shortList.groups);
  const lines = shown.flatMap((group) => {
    const age = group.waitMinutes === undefined ? "" : `, ${rangeText(group.waitMinutes)} min`;
    const text = `[${group.state}${age}] ${standingText(group.stack)}`;
    return labelled(`${countText(group.count)}×`, printable(text), indent, labelWidth, width);
  });
  const rest = groups.length - shown.length;
  if (rest > 0) lines.push(style.dim(`  and ${counted(rest, "smaller group")}: --verbose shows all.`));
  return [[style.bold("Goroutines, largest groups first"), ...lines]];
}
