import { type Mute, subjectWords } from "../../domain/alerts/mute.ts";
import type { AnalysisChanges } from "../../domain/findings/analysis-changes.ts";
import { type Analysis, type Check, type Finding, openChecks } from "../../domain/findings/finding.ts";
import type { FindingSummary, Incident } from "../../domain/incidents/incident.ts";
import { counted, durationText } from "../../domain/units.ts";
import { usualBeside } from "../context-words.ts";
import { code, inline, stepText } from "../markdown-words.ts";
import { limitText, placeText, quantity, stamp } from "../words.ts";
import { changeLines } from "./changes.ts";
import { evidenceLines } from "./evidence.ts";
import { openQuestions } from "./open-questions.ts";
import { actWords, timelineRows } from "./timeline.ts";

/** What a report is made of. */
export interface ReportFacts {
  readonly incident: Incident;
  /** All findings and checks; absent when the analysis is not kept any more, or there was none. */
  readonly analysis?: Pick<Analysis, "findings" | "checks" | "config">;
  /** Why `analysis` is absent although there was one, without a full stop. */
  readonly analysisProblem?: string;
  /** The verdict on the service before it in the same channel, and what is different since. */
  readonly previous?: {
    readonly id: string;
    readonly createdAtMs: number;
    readonly goVersion?: string;
    readonly changes: AnalysisChanges;
  };
  /** What is muted about its service at the time of writing. */
  readonly mutes: readonly Mute[];
  /** Names of people by their chat id; whoever is not in it is named by the id. */
  readonly names: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch at which it is written. */
  readonly nowMs: number;
  readonly gofireVersion: string;
}

/**
 * A post-incident report as a Markdown file: what gofire itself recorded, and nothing else. What is inferred is worded
 * so, what is not known is said to be.
 */
export function incidentReport(facts: ReportFacts): string {
  const { incident, gofireVersion, nowMs } = facts;
  const verdict = incident.analysis?.verdict.toUpperCase() ?? "no verdict";
  const sections = [
    `# ${inline(incident.service)}: ${verdict} (${inline(incident.id)})`,
    `Written by gofire ${inline(gofireVersion)} on ${stamp(nowMs)} UTC from its own records. All times are UTC.`,
    list("Summary", summaryLines(facts)),
    timeline(facts),
    findings(facts),
    list("Changes", changeLines(facts)),
    list("Evidence", evidenceLines(incident)),
    list("What could not be checked", uncheckedLines(facts)),
    list("What people did", actLines(facts)),
    list("Actions that the findings suggest", suggestedLines(facts)),
    list("Open questions", openQuestions(facts)),
  ];
  return `${sections.join("\n\n")}\n`;
}

function list(title: string, lines: readonly string[]): string {
  return `## ${title}\n\n${lines.length === 0 ? "Nothing is recorded." : lines.map((line) => `- ${line}`).join("\n")}`;
}

function summaryLines({ incident, names }: ReportFacts): readonly string[] {
  const { service, instance, origin, analysis, createdAtMs, resolvedAtMs, repeats, lastRepeatAtMs } =
    incident;
  const { shadow, place } = incident;
  const { page, userId } = origin;
  const sinceMs = page?.sinceMs ?? createdAtMs;
  const lead = analysis?.findings[0];
  return [
    `Service: ${inline(service)}${instance === undefined ? "" : `, process ${inline(instance)}`}`,
    page === undefined
      ? `Begun by a ${origin.kind}${userId === undefined ? ", of whom is not known," : ` of ${personName(userId, names)}`} at ${stamp(createdAtMs)}`
      : `Begun by the alert ${inline(page.title)}, firing since ${stamp(page.sinceMs)}`,
    resolvedAtMs === undefined
      ? "End: not known; it is not resolved"
      : `End: ${stamp(resolvedAtMs)}, after ${durationText(Math.max(0, resolvedAtMs - sinceMs))}`,
    ...(shadow === true
      ? [
          `In shadow: gofire captured and judged, and posted nothing of it by itself into ${inline(place.channel)}`,
        ]
      : []),
    `Verdict: ${analysis === undefined ? "none" : analysis.verdict.toUpperCase()}`,
    ...(lead === undefined ? [] : [`First finding: ${inline(lead.title)} (${lead.confidence})`]),
    ...(analysis?.goVersion === undefined ? [] : [`Go: ${inline(analysis.goVersion)}`]),
    ...(repeats === 0
      ? []
      : [
          `Reported again: ${counted(repeats, "time")}${lastRepeatAtMs === undefined ? "" : `, last at ${stamp(lastRepeatAtMs)}`}`,
        ]),
  ];
}

function personName(userId: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(userId);
  return name === undefined ? `${inline(userId)} (name not known)` : `${inline(name)} (${inline(userId)})`;
}

function timeline(facts: ReportFacts): string {
  const { incident, names } = facts;
  const rows = timelineRows(facts, (userId) => personName(userId, names));
  const left = incident.record?.left ?? 0;
  const cut =
    left === 0 ? "" : `\n\n${counted(left, "later entry", "later entries")} did not fit and are lost.`;
  const old =
    incident.record === undefined ? "\n\nAn older gofire kept no record: what is here is all there is." : "";
  return `## Timeline\n\n| time | what | who |\n| --- | --- | --- |\n${rows
    .map(({ atMs, what, who }) => `| ${stamp(atMs)} | ${what} | ${who} |`)
    .join("\n")}${cut}${old}`;
}

function actLines({ incident, names }: ReportFacts): readonly string[] {
  const entries = incident.record?.entries ?? [];
  return entries.flatMap((entry) =>
    entry.kind === "act"
      ? [`${stamp(entry.atMs)} ${personName(entry.userId, names)} ${actWords(entry)}`]
      : [],
  );
}

/** To be ticked off: the first step of whatever is a cause and more than context. */
function suggestedLines({ incident, analysis }: ReportFacts): readonly string[] {
  const all: readonly (Finding | FindingSummary)[] = analysis?.findings ?? incident.analysis?.findings ?? [];
  return all
    .filter(({ role, severity, next }) => role === "root" && severity !== "info" && next.length > 0)
    .map(({ id, next }) => `[ ] ${inline(id)}: ${stepText(next[0] ?? "")}`);
}

function findings({ incident, analysis, analysisProblem }: ReportFacts): string {
  const short = incident.analysis;
  if (short === undefined) {
    return `## Findings\n\nThere is no verdict. ${inline(incident.problem ?? "Why is not known.")}`;
  }
  const all: readonly (Finding | FindingSummary)[] = analysis?.findings ?? short.findings;
  const note =
    analysis === undefined
      ? `${inline(analysisProblem ?? "The whole analysis cannot be read")}: these are its first findings.\n\n`
      : "";
  if (all.length === 0)
    return `## Findings\n\n${note}None: ${counted(short.checks.pass, "rule")} found nothing.`;
  return `## Findings\n\n${note}${all.map((finding) => findingText(finding, incident)).join("\n\n")}`;
}

function findingText(finding: Finding | FindingSummary, { feedback }: Incident): string {
  const { id, title, severity, confidence, rule, role, summary, measured, where, next } = finding;
  const cause = "causedBy" in finding && finding.causedBy !== undefined ? ` of ${finding.causedBy}` : "";
  const tally = feedback?.[id];
  return [
    `### ${inline(id)}: ${inline(title)}`,
    `**${severity}** · ${confidence === "proven" ? "proven" : `${confidence}, inferred`} · \`${rule}\` · ${role}${cause}`,
    inline(summary),
    ...(measured === undefined
      ? []
      : [
          `Measured **${inline(quantity(measured.value, measured.unit))}**, limit ${inline(limitText(measured.limit, measured.unit))}${measured.usual === undefined ? "" : ` (${inline(usualBeside(measured.usual, measured.unit))})`}.`,
        ]),
    ...(where.length === 0 ? [] : [`Where: ${where.map((frame) => code(placeText(frame))).join(" ← ")}`]),
    tally === undefined
      ? "Nobody said whether this is right."
      : `People said: ${tally.right} right, ${tally.wrong} wrong.`,
    ...(next.length === 0
      ? []
      : [`Next:\n\n${next.map((step, at) => `${at + 1}. ${stepText(step)}`).join("\n")}`]),
  ].join("\n\n");
}

/** So many rules that could not judge are listed one by one. */
const mostChecks = 60;

function uncheckedLines({ incident, analysis, mutes }: ReportFacts): readonly string[] {
  const { problem, endedEarly, steps, analysis: short } = incident;
  const open = analysis === undefined ? [] : openChecks(analysis);
  const missed = steps.filter(
    ({ state, reason }) =>
      (state === "failed" || state === "partial" || state === "skipped") &&
      reason?.startsWith("not asked for") !== true,
  );
  return [
    ...(problem === undefined ? [] : [inline(problem)]),
    ...(endedEarly === undefined ? [] : [`The capture ended early: ${inline(endedEarly)}`]),
    ...missed.map(({ kind, state, reason }) => `${kind} ${state}: ${inline(reason ?? "no reason is known")}`),
    ...byReason(open.slice(0, mostChecks)),
    ...(open.length > mostChecks
      ? [`and ${counted(open.length - mostChecks, "more rule")}: see analysis.json`]
      : []),
    ...(analysis === undefined ? (short?.missing ?? []).map(inline) : []),
    ...mutes.map(
      ({ subject, untilMs }) =>
        `Muted at the time of writing, until ${stamp(untilMs)}: ${inline(subjectWords(subject))}`,
    ),
  ];
}

/** One missing profile keeps several rules from judging: that is one line. */
function byReason(open: readonly Check[]): readonly string[] {
  const lines = new Map<string, string[]>();
  for (const { rule, state, reason } of open) {
    const why = `${state}: ${inline(reason ?? "no reason is known")}`;
    lines.set(why, [...(lines.get(why) ?? []), `\`${rule}\``]);
  }
  return [...lines].map(([why, rules]) => `${rules.join(", ")} ${why}`);
}
