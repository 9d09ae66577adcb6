import { configLine, suspectsFirst } from "../domain/configuration/config-summary.ts";
import { contextSummary, trendsOf } from "../domain/context/context-summary.ts";
import type { FigureTime } from "../domain/context/service-context.ts";
import { type Analysis, type EvidenceExcerpt, type Finding, openChecks } from "../domain/findings/finding.ts";
import { bytesText, counted, countText, durationText, rangeText } from "../domain/units.ts";
import { changePlace, changeText, configLineText, explainText, noChangeText } from "./config-words.ts";
import { eventTexts, noteTexts, trendText, usualBeside } from "./context-words.ts";
import { cellCode, code, inline, stepText } from "./markdown-words.ts";
import { quietVerdictText } from "./quiet-verdict.ts";
import { capturedText, limitText, placeText, quantity, standingText, utcTime } from "./words.ts";

/** The analysis as a Markdown file: for a ticket, an incident thread or a post-mortem. */
export function analysisMarkdown(analysis: Analysis): string {
  const { target } = analysis;
  const facts = [target.service, target.instance, target.goVersion].filter((fact) => fact !== undefined);
  const open = openChecks(analysis);
  const sections = [
    `# ${analysis.verdict.toUpperCase()}${facts.length > 0 ? ` · ${facts.map(inline).join(" · ")}` : ""}`,
    momentText(analysis),
    // What failed stands right below, with its numbers.
    analysis.verdict === "fail" ? "" : quietVerdictText(analysis),
    ...analysis.findings.map(findingSection),
    contextSection(analysis),
    configSection(analysis),
    captureTable(analysis),
    open.length === 0
      ? ""
      : `## Not checked\n\n${open.map((check) => `- \`${check.rule}\`: ${inline(check.reason ?? check.state)}`).join("\n")}`,
    groupTable(analysis),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** How large it is and when that was: a report is read long after. */
function momentText({ groups, captures }: Analysis): string {
  const goroutines = groups.reduce((sum, { count }) => sum + count, 0);
  const captured = capturedText(captures);
  return [
    goroutines === 0 ? "" : counted(goroutines, "goroutine"),
    captured === undefined ? "" : `captured ${captured}`,
  ]
    .filter((fact) => fact !== "")
    .join(" · ");
}

function findingSection(finding: Finding): string {
  const cause = finding.causedBy === undefined ? "" : ` · symptom of ${finding.causedBy}`;
  const parts = [
    `## ${finding.id}: ${inline(finding.title)}`,
    `**${finding.severity}** · ${finding.confidence} · \`${finding.rule}\`${cause}`,
    inline(finding.summary),
  ];
  if (finding.measured !== undefined) {
    const { value, limit, unit, usual } = finding.measured;
    const beside = usual === undefined ? "" : ` (${usualBeside(usual, unit)})`;
    parts.push(`Measured **${quantity(value, unit)}**, limit ${limitText(limit, unit)}${beside}.`);
  }
  if (finding.where.length > 0)
    parts.push(`Where:\n\n${finding.where.map((frame) => `- ${code(placeText(frame))}`).join("\n")}`);
  parts.push(`Evidence:\n\n${finding.evidence.map(evidenceItem).join("\n")}`);
  parts.push(`Next:\n\n${finding.next.map((step, index) => `${index + 1}. ${stepText(step)}`).join("\n")}`);
  return parts.join("\n\n");
}

function evidenceItem({ artifact, excerpt }: EvidenceExcerpt): string {
  const [first = "", ...more] = excerpt.split("\n");
  return [`- ${code(artifact)}: ${code(first)}`, ...more.map((line) => `  - ${code(line.trim())}`)].join(
    "\n",
  );
}

/** What Prometheus knows of the service; each figure with the query that it can be asked by again. */
function contextSection({ context }: Analysis): string {
  if (context === undefined) return "";
  const { server, atMs, figures } = context;
  const lines = [
    ...trendsOf(context).map((trend) => inline(trendText(trend))),
    ...eventTexts(contextSummary(context), { moment: "the capture", time: utcTime, text: inline }),
    ...noteTexts(context, true).map((note) => inline(note)),
  ];
  const rows = figures.map(
    ({ name, when, value, unit, of, query }) =>
      `| ${name} | ${when} | ${inline(figureValue(when, value, unit))} | ${of} | ${cellCode(query)} |`,
  );
  const table =
    rows.length === 0
      ? ""
      : `\n\n| figure | when | value | of | query |\n| --- | --- | ---: | --- | --- |\n${rows.join("\n")}`;
  return `## By Prometheus\n\n${code(server)} at ${utcTime(atMs)}:\n\n${lines.map((line) => `- ${line}`).join("\n")}${table}`;
}

/** What changed of the configuration, most suspicious first, with where each change stands. */
function configSection({ config, findings }: Analysis): string {
  if (config === undefined) return "";
  const { repository, atMs, windowMs, revisions, notes, paths } = config;
  const written = { moment: "the capture", momentMs: atMs, text: inline };
  const told = suspectsFirst(revisions);
  const lines = [
    ...told.flatMap((revision) => [
      `- ${configLineText(configLine(revision), written)} (${code(revision.revision)}: ${inline(revision.subject)})`,
      ...revision.changes.map(
        (change) =>
          `  - ${code(changePlace(change))}: ${changeText(change, inline)}${change.couldExplain === undefined ? "" : `; ${explainText(change.couldExplain, findings)}`}`,
      ),
      ...(revision.more === 0 ? [] : [`  - and ${countText(revision.more)} more`]),
      ...revision.uncompared.map(({ file, reason }) => `  - not compared: ${code(file)}: ${inline(reason)}`),
    ]),
    ...(told.length === 0 && notes.length === 0 ? [`- ${noChangeText(windowMs)}`] : []),
    ...notes.map((note) => `- ${inline(note)}`),
  ];
  return `## Config changes\n\n${code(repository)}, ${paths.map(code).join(", ")}, ${durationText(windowMs)} before ${utcTime(atMs)}:\n\n${lines.join("\n")}`;
}

function figureValue(when: FigureTime, value: number, unit: string): string {
  return when.startsWith("rise") ? `${quantity(value * 60, unit)} a minute` : quantity(value, unit);
}

function captureTable({ captures }: Analysis): string {
  if (captures.length === 0) return "";
  const rows = captures.map(
    (capture) =>
      `| ${capture.kind} | ${capture.status} | ${bytesText(capture.bytes)} | ${durationText(capture.durationMs)} | ${inline(capture.file ?? "")} | ${inline(capture.reason ?? "")} |`,
  );
  return `## Captured\n\n| what | status | size | took | file | reason |\n| --- | --- | --- | --- | --- | --- |\n${rows.join("\n")}`;
}

const groupRows = 30;

function groupTable({ groups }: Analysis): string {
  if (groups.length === 0) return "";
  const rows = groups.slice(0, groupRows).map((group) => {
    const age = group.waitMinutes === undefined ? "" : rangeText(group.waitMinutes);
    return `| ${group.count} | ${inline(group.state)} | ${age} | ${cellCode(standingText(group.stack))} |`;
  });
  const rest =
    groups.length > groupRows
      ? `\n\nand ${groups.length - groupRows} smaller groups (the JSON document has all).`
      : "";
  return `## Goroutines\n\n| count | state | minutes | at |\n| ---: | --- | --- | --- |\n${rows.join("\n")}${rest}`;
}
