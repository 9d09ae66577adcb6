import { configLine, suspectsFirst } from "../domain/configuration/config-summary.ts";
import { contextSummary, trendsOf } from "../domain/context/context-summary.ts";
import type { CaptureRecord } from "../domain/evidence/capture.ts";
import {
  type Analysis,
  type Finding,
  openChecks,
  type PublishedGroup,
  type Severity,
  type Verdict,
} from "../domain/findings/finding.ts";
import { shortFile } from "../domain/goroutines/goroutine-sites.ts";
import { bytesText, counted, countText, durationText, rangeText } from "../domain/units.ts";
import { changePlace, changeText, configLineText, explainText, noChangeText } from "./config-words.ts";
import { eventTexts, noteTexts, trendText, usualBeside } from "./context-words.ts";
import { printable, type Style } from "./style.ts";
import { limitText, placeText, quantity, utcTime } from "./words.ts";
import { hanging, labelled, wrap } from "./wrap.ts";

export interface TerminalOptions {
  readonly style: Style;
  /** Columns; lines are wrapped to this. */
  readonly width: number;
  /** Also the groups, all evidence and every check. */
  readonly verbose: boolean;
}

/** How many findings that are only noted and how many groups and reasons are shown without `verbose`. */
const shortList = { noted: 3, groups: 3, reasons: 4, revisions: 3 };

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
  const words = style.bold(paint(verdictWords[verdict]));
  const whose =
    facts.length === 0 ? "" : `  ${style.bold(wrap(printable(facts.join(" · ")), width - 14).join(" "))}`;
  // What failed stands right below, with its numbers.
  const sentence = verdict === "fail" ? [] : wrap(sentences[verdict](findings), width);
  return [words + whose, ...sentence];
}

const sentences: Readonly<Record<"pass" | "inconclusive", (findings: readonly Finding[]) => string>> = {
  pass: () => "Nothing at or above a warning, and the evidence to say so is there.",
  inconclusive: (findings) =>
    findings.some(({ severity }) => severity !== "info")
      ? "Something may be wrong, and the evidence does not settle it: capture again in a minute."
      : "Nothing found, but evidence for a verdict is missing: see what was not read or not checked.",
};

function severityPaint(severity: Severity, style: Style): (text: string) => string {
  return severity === "critical" ? style.red : severity === "warning" ? style.yellow : style.cyan;
}

const labelWidth = 10;
const indent = 2;

function findingLines(finding: Finding, { captures }: Analysis, options: TerminalOptions): string[] {
  const { style, width, verbose } = options;
  const folder = commonFolder(captures);
  const paint = severityPaint(finding.severity, style);
  const row = (label: string, text: string) => {
    const lines = labelled(label, printable(text), indent, labelWidth, width);
    return label === ""
      ? lines
      : lines.map((line, at) => (at === 0 ? line.replace(label, style.dim(label)) : line));
  };
  const lines = [
    `${style.bold(paint(finding.severity.toUpperCase()))} ${finding.confidence} · ${finding.rule} · ${finding.id}${
      finding.causedBy === undefined ? "" : ` · symptom of ${finding.causedBy}`
    }`,
    ...wrap(printable(finding.title), width - indent).map((line) => `  ${style.bold(line)}`),
    ...wrap(printable(finding.summary), width - indent).map((line) => `  ${line}`),
  ];
  if (finding.measured !== undefined) {
    const { value, limit, unit, usual } = finding.measured;
    const beside = usual === undefined ? "" : `; ${usualBeside(usual, unit)}`;
    lines.push(...row("measured", `${quantity(value, unit)} (limit ${limitText(limit, unit)}${beside})`));
  }
  finding.where.slice(0, verbose ? undefined : 3).forEach((frame, index) => {
    lines.push(...row(index === 0 ? "where" : "", placeText(frame)));
  });
  finding.evidence.slice(0, verbose ? undefined : 3).forEach(({ artifact, excerpt }, index) => {
    const [first = "", ...more] = excerpt.split("\n");
    lines.push(...row(index === 0 ? "evidence" : "", `${within(folder, artifact)}: ${first}`));
    for (const line of more)
      lines.push(...labelled("", printable(line.trim()), indent + 2, labelWidth, width));
  });
  const number = "1. ".length;
  finding.next.forEach((step, index) => {
    const label = index === 0 ? "next" : "";
    const [first = "", ...more] = wrap(printable(step), width - indent - labelWidth - number);
    lines.push(...row(label, `${index + 1}. ${first}`));
    for (const line of more) lines.push(" ".repeat(indent + labelWidth + number) + line);
  });
  return lines;
}

/** The folder that all captures lie in, with its slash: it says nothing in front of each file. */
function commonFolder(captures: readonly CaptureRecord[]): string {
  const files = captures.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const [first = ""] = files;
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  while (!files.every((file) => file.startsWith(folder))) {
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  }
  return folder;
}

function within(folder: string, file: string): string {
  return file.startsWith(folder) ? file.slice(folder.length) : file;
}

/** What may be nothing: one line each. */
function notedLines(findings: readonly Finding[], { style, width, verbose }: TerminalOptions): string[] {
  if (findings.length === 0) return [];
  const shown = verbose ? findings : findings.slice(0, shortList.noted);
  const lines = shown.flatMap(({ id, rule, title, where: [place] }) => {
    const at = place === undefined || place.file === "" ? "" : ` · ${shortFile(place.file)}:${place.line}`;
    return labelled(id, printable(`${title}${at} · ${rule}`), indent, 4, width);
  });
  const hidden = findings.length - shown.length;
  if (hidden > 0) lines.push(style.dim(`  and ${countText(hidden)} more: --verbose shows all.`));
  return [style.bold("Possible, may be nothing"), ...lines];
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
    const leaf = group.stack.find((frame) => !frame.function.startsWith("runtime.")) ?? group.stack[0];
    const text = `[${group.state}${age}] ${leaf === undefined ? "(no frames)" : placeText(leaf)}`;
    return labelled(`${countText(group.count)}×`, printable(text), indent, labelWidth, width);
  });
  const rest = groups.length - shown.length;
  if (rest > 0) lines.push(style.dim(`  and ${counted(rest, "smaller group")}: --verbose shows all.`));
  return [[style.bold("Goroutines, largest groups first"), ...lines]];
}

/** What Prometheus knows of the service: figures against other days, and what happened before. */
function contextLines({ context }: Analysis, { style, width, verbose }: TerminalOptions): string[] {
  if (context === undefined) return [];
  const trends = verbose ? trendsOf(context) : contextSummary(context).trends;
  const rows = [
    ...trends.map((trend) => trendText(trend)),
    ...eventTexts(contextSummary(context), { moment: "the capture", time: utcTime, text: (text) => text }),
    ...noteTexts(context, verbose),
  ];
  return [
    `${style.bold("By Prometheus")} ${style.dim(printable(`${context.server}, ${utcTime(context.atMs)}`))}`,
    ...rows.flatMap((text) => hanging(printable(text), indent, width)),
  ];
}

/** What changed of the configuration, most suspicious first. */
function configLines({ config, findings }: Analysis, { style, width, verbose }: TerminalOptions): string[] {
  if (config === undefined) return [];
  const { atMs, windowMs, repository, notes } = config;
  const written = { moment: "the capture", momentMs: atMs, text: (text: string) => text };
  const told = suspectsFirst(config.revisions);
  const shown = verbose ? told : told.slice(0, shortList.revisions);
  const rows = [
    ...shown.flatMap((revision) => [
      configLineText(configLine(revision), written),
      ...revision.changes.flatMap((change) => [
        ...(verbose ? [`  ${changePlace(change)}: ${changeText(change)}`] : []),
        ...(change.couldExplain === undefined ? [] : [`  ${explainText(change.couldExplain, findings)}`]),
      ]),
      ...revision.uncompared.map(({ file, reason }) => `  not compared: ${file}: ${reason}`),
    ]),
    ...(told.length > shown.length
      ? [`and ${counted(told.length - shown.length, "more change")}: --verbose shows all.`]
      : []),
    ...(told.length === 0 && notes.length === 0 ? [noChangeText(windowMs)] : []),
    ...notes,
  ];
  return [
    `${style.bold("Config")} ${style.dim(printable(`${repository}, ${durationText(windowMs)} before ${utcTime(atMs)}`))}`,
    ...rows.flatMap((text) =>
      hanging(printable(text.trim()), text.startsWith("  ") ? 2 * indent : indent, width),
    ),
  ];
}

function captureLines(
  captures: readonly CaptureRecord[],
  { style, width, verbose }: TerminalOptions,
): string[] {
  if (captures.length === 0) return [];
  const whole = captures.filter((capture) => capture.status === "ok");
  const lines = [style.bold("Captured")];
  if (whole.length > 0) {
    lines.push(...labelled("ok", (verbose ? eachCapture : capturesByKind)(whole), indent, labelWidth, width));
  }
  const folder = commonFolder(captures);
  const byReason = new Map<string, CaptureRecord[]>();
  for (const capture of captures) {
    if (capture.status === "ok" || (!verbose && isNoNews(capture))) continue;
    const key = `${capture.status}\0${capture.reason ?? ""}`;
    byReason.set(key, [...(byReason.get(key) ?? []), capture]);
  }
  for (const alike of byReason.values()) {
    const what = [...new Set(alike.map(({ kind, file }) => named(kind, file, folder)))].join(", ");
    const text = `${what}: ${alike[0]?.reason ?? ""}`;
    lines.push(...labelled(alike[0]?.status ?? "", printable(text), indent, labelWidth, width));
  }
  return lines;
}

/** Of what there is a file, but not a whole one: which, because loose files are mended or left out by name. */
function named(kind: string, file: string | undefined, folder: string): string {
  if (file === undefined) return kind;
  return `${kind} (${within(folder, file)})`;
}

/** `goroutine ×2, heap ×2, cpu (5 s), block ×2 (10 s at a rate of 10 µs), goroutine-dump · 66 KiB` */
function capturesByKind(captures: readonly CaptureRecord[]): string {
  const kinds = [...new Set(captures.map(({ kind }) => kind))].map((kind) => {
    const alike = captures.filter((capture) => capture.kind === kind);
    const times = alike.length > 1 ? ` ×${alike.length}` : "";
    const tookMs = alike[0]?.durationMs ?? 0;
    const remark =
      kind === "cpu" && tookMs > 0
        ? durationText(tookMs)
        : alike.find(({ reason }) => reason !== undefined)?.reason;
    return `${kind}${times}${remark === undefined ? "" : ` (${printable(remark)})`}`;
  });
  return `${kinds.join(", ")} · ${bytesText(captures.reduce((sum, { bytes }) => sum + bytes, 0))}`;
}

function eachCapture(captures: readonly CaptureRecord[]): string {
  return captures
    .map(({ kind, bytes, durationMs }) => {
      const took = durationMs > 0 ? ` in ${durationText(durationMs)}` : "";
      return `${kind} ${bytesText(bytes)}${took}`;
    })
    .join(" · ");
}

/** Left out because nobody asked for it, or because the same failed before: no limit forbade it. */
function isNoNews({ status, reason = "" }: CaptureRecord): boolean {
  return status === "skipped" && /^not asked (?:for|again)/.test(reason);
}

function checkLines(analysis: Analysis, { style, width, verbose }: TerminalOptions): string[] {
  const { checks, findings, verdict } = analysis;
  if (checks.length === 0) return [];
  const open = openChecks(analysis);
  const finding = checks.filter(({ rule }) => findings.some((one) => one.rule === rule)).length;
  const clean = checks.length - finding - open.length;
  const summary = `${counted(checks.length, "rule")}: ${finding} with findings, ${clean} clean, ${open.length} not checked`;
  const lines = [`${style.bold("Checked")}   ${summary}`];
  if (open.length === 0) return lines;
  const byReason = new Map<string, string[]>();
  for (const check of open) {
    const reason = check.reason ?? check.state;
    byReason.set(reason, [...(byReason.get(reason) ?? []), check.rule]);
  }
  lines.push(style.bold("Not checked"));
  const reasons = [...byReason].toSorted((a, b) => b[1].length - a[1].length);
  // What is missing is the answer itself when the verdict is open.
  const shown = verbose || verdict === "inconclusive" ? reasons : reasons.slice(0, shortList.reasons);
  for (const [reason, rules] of shown) {
    const names = verbose || rules.length <= 2 ? rules.join(", ") : counted(rules.length, "rule");
    lines.push(
      ...wrap(printable(`${reason}: ${names}`), width - indent).map((line, i) =>
        i === 0 ? `  ${line}` : `    ${line}`,
      ),
    );
  }
  const hidden = reasons.slice(shown.length).reduce((sum, [, rules]) => sum + rules.length, 0);
  if (hidden > 0) lines.push(style.dim(`  and ${counted(hidden, "more rule")}: --verbose shows why.`));
  return lines;
}
