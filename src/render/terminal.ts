import type { CaptureRecord } from "../domain/capture.ts";
import {
  type Analysis,
  type Check,
  counts,
  type Finding,
  type PublishedGroup,
  type Severity,
  type Verdict,
} from "../domain/finding.ts";
import { bytesText, counted, countText, durationText } from "../domain/units.ts";
import { printable, type Style } from "./style.ts";
import { placeText, quantity } from "./words.ts";
import { labelled, wrap } from "./wrap.ts";

export interface TerminalOptions {
  readonly style: Style;
  /** Columns; lines are wrapped to this. */
  readonly width: number;
  /** Also the groups, all evidence and every check. */
  readonly verbose: boolean;
}

/** How many findings below `likely` and how many groups are shown without `verbose`. */
const shortList = { possible: 3, groups: 3 };

/** The analysis as a person reads it at 3 a.m.: verdict, what, where, what next; then what was and was not looked at. */
export function analysisText(analysis: Analysis, options: TerminalOptions): string {
  const serious = analysis.findings.filter((finding) => finding.confidence !== "possible");
  const possible = analysis.findings.filter((finding) => finding.confidence === "possible");
  const shown = options.verbose ? possible : possible.slice(0, shortList.possible);
  const blocks = [
    headline(analysis, options),
    ...serious.map((finding) => findingLines(finding, options)),
    ...shown.map((finding) => possibleLines(finding, options)),
    hiddenLine(possible.length - shown.length, options),
    ...groupLines(analysis.groups, analysis.findings.length === 0, options),
    captureLines(analysis.captures, options),
    checkLines(analysis.checks, options),
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

function headline(
  { verdict, target, groups, findings }: Analysis,
  { style, width }: TerminalOptions,
): string[] {
  const paint = verdict === "fail" ? style.red : verdict === "pass" ? style.green : style.yellow;
  const goroutines = groups.reduce((sum, group) => sum + group.count, 0);
  const facts = [
    target.service,
    target.instance,
    target.goVersion,
    goroutines > 0 ? counted(goroutines, "goroutine") : undefined,
  ].filter((fact) => fact !== undefined);
  const first = findings.find((finding) => counts(finding));
  const sentence =
    verdict === "fail"
      ? (first?.title ?? "")
      : verdict === "pass"
        ? "Nothing at or above a warning, and the evidence to say so is there."
        : findings.some(({ severity }) => severity !== "info")
          ? "Something may be wrong, and the evidence does not settle it: capture again in a minute."
          : "Nothing found, but evidence for a verdict is missing: see Not checked.";
  return [
    `${style.bold(paint(verdictWords[verdict]))}  ${style.bold(wrap(printable(facts.join(" · ")), width - 14).join(" "))}`,
    ...wrap(printable(sentence), width),
  ];
}

function severityPaint(severity: Severity, style: Style): (text: string) => string {
  return severity === "critical" ? style.red : severity === "warning" ? style.yellow : style.cyan;
}

const labelWidth = 10;
const indent = 2;

function findingLines(finding: Finding, options: TerminalOptions): string[] {
  const { style, width, verbose } = options;
  const paint = severityPaint(finding.severity, style);
  const row = (label: string, text: string) => labelled(label, printable(text), indent, labelWidth, width);
  const lines = [
    `${style.bold(paint(finding.severity.toUpperCase()))} ${finding.confidence} · ${finding.rule} · ${finding.id}${
      finding.causedBy === undefined ? "" : ` · symptom of ${finding.causedBy}`
    }`,
    ...wrap(printable(finding.title), width - indent).map((line) => `  ${style.bold(line)}`),
    ...wrap(printable(finding.summary), width - indent).map((line) => `  ${line}`),
  ];
  if (finding.measured !== undefined) {
    const { value, limit, unit } = finding.measured;
    lines.push(...row("measured", `${quantity(value, unit)} (limit ${quantity(limit, unit)})`));
  }
  finding.where.slice(0, verbose ? undefined : 3).forEach((frame, index) => {
    lines.push(...row(index === 0 ? "where" : "", placeText(frame)));
  });
  finding.evidence.slice(0, verbose ? undefined : 3).forEach(({ artifact, excerpt }, index) => {
    const [first = "", ...more] = excerpt.split("\n");
    lines.push(...row(index === 0 ? "evidence" : "", `${artifact}: ${first}`));
    for (const line of more) lines.push(...row("", `  ${line.trim()}`));
  });
  finding.next.forEach((step, index) => {
    lines.push(...row(index === 0 ? "next" : "", `${index + 1}. ${step}`));
  });
  return lines;
}

function possibleLines(finding: Finding, { style, width }: TerminalOptions): string[] {
  const [place] = finding.where;
  return [
    `${style.dim("possible")} · ${finding.rule} · ${finding.id}`,
    ...wrap(printable(finding.title), width - indent).map((line) => `  ${line}`),
    ...(place === undefined ? [] : labelled("where", printable(placeText(place)), indent, labelWidth, width)),
  ];
}

function hiddenLine(count: number, { style }: TerminalOptions): string[] {
  return count > 0 ? [style.dim(`${counted(count, "more possible finding")}: --verbose shows all.`)] : [];
}

function groupLines(
  groups: readonly PublishedGroup[],
  show: boolean,
  { style, width, verbose }: TerminalOptions,
): string[][] {
  if (groups.length === 0 || !(show || verbose)) return [];
  const shown = verbose ? groups : groups.slice(0, shortList.groups);
  const lines = shown.flatMap((group) => {
    const age =
      group.waitMinutes === undefined ? "" : `, ${group.waitMinutes.min}-${group.waitMinutes.max} min`;
    const leaf = group.stack.find((frame) => !frame.function.startsWith("runtime.")) ?? group.stack[0];
    const text = `[${group.state}${age}] ${leaf === undefined ? "(no frames)" : placeText(leaf)}`;
    return labelled(`${countText(group.count)}×`, printable(text), indent, labelWidth, width);
  });
  const rest = groups.length - shown.length;
  if (rest > 0) lines.push(style.dim(`  and ${counted(rest, "smaller group")}: --verbose shows all.`));
  return [[style.bold("Goroutines, largest groups first"), ...lines]];
}

function captureLines(
  captures: readonly CaptureRecord[],
  { style, width, verbose }: TerminalOptions,
): string[] {
  if (captures.length === 0) return [];
  const lines = [style.bold("Captured")];
  const whole = captures.filter((capture) => capture.status === "ok");
  if (whole.length > 0) {
    const words = whole.map(
      (capture) =>
        `${capture.kind} ${bytesText(capture.bytes)}${capture.durationMs > 0 ? ` in ${durationText(capture.durationMs)}` : ""}`,
    );
    lines.push(...labelled("ok", words.join(" · "), indent, labelWidth, width));
  }
  for (const capture of captures) {
    if (capture.status === "ok") continue;
    const reason = `${capture.kind}: ${capture.reason ?? ""}`;
    if (capture.status === "skipped" && !verbose && isOptIn(capture)) continue;
    lines.push(...labelled(capture.status, printable(reason), indent, labelWidth, width));
  }
  return lines;
}

/** Left out because nobody asked for it, not because a limit forbade it. */
function isOptIn(capture: CaptureRecord): boolean {
  return capture.reason?.startsWith("not asked for") ?? false;
}

function checkLines(checks: readonly Check[], { style, width, verbose }: TerminalOptions): string[] {
  if (checks.length === 0) return [];
  const open = checks.filter((check) => check.state === "inconclusive" || check.state === "skipped");
  const count = (state: Check["state"]) => checks.filter((check) => check.state === state).length;
  const summary = `${counted(checks.length, "rule")}: ${count("fail")} with findings, ${count("pass")} clean, ${open.length} not checked`;
  const lines = [`${style.bold("Checked")}   ${summary}`];
  if (open.length === 0) return lines;
  const byReason = new Map<string, string[]>();
  for (const check of open) {
    const reason = check.reason ?? check.state;
    byReason.set(reason, [...(byReason.get(reason) ?? []), check.rule]);
  }
  lines.push(style.bold("Not checked"));
  const reasons = [...byReason].toSorted((a, b) => b[1].length - a[1].length);
  for (const [reason, rules] of reasons) {
    const names = verbose || rules.length <= 2 ? rules.join(", ") : counted(rules.length, "rule");
    lines.push(
      ...wrap(printable(`${reason}: ${names}`), width - indent).map((line, i) =>
        i === 0 ? `  ${line}` : `    ${line}`,
      ),
    );
  }
  return lines;
}
