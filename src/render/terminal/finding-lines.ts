import type { CaptureRecord } from "../../domain/evidence/capture.ts";
import type { Analysis, Finding } from "../../domain/findings/finding.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { countText } from "../../domain/units.ts";
import { usualBeside } from "../context-words.ts";
import { nextLines } from "../next-lines.ts";
import { shellWord } from "../shell-word.ts";
import { printable, severityPaint } from "../style.ts";
import { limitText, placeText, quantity } from "../words.ts";
import { labelled, wrap } from "../wrap.ts";
import { commonFolder, within } from "./capture-lines.ts";
import { indent, labelWidth, shortList, type TerminalOptions } from "./layout.ts";

/** All of a finding: what, how much, where, why it is said, what to do. */
export function findingLines(finding: Finding, { captures }: Analysis, options: TerminalOptions): string[] {
  const { style, width, verbose } = options;
  const folder = commonFolder(captures);
  const paint = severityPaint(finding.severity, style);
  const row = (label: string, text: string) => {
    const lines = labelled(label, printable(text), indent, labelWidth, width);
    return label === ""
      ? lines
      : lines.map((line, at) => (at === 0 ? line.replace(label, style.dim(label)) : line));
  };
  const severity = finding.severity.toUpperCase();
  const cause = finding.causedBy === undefined ? "" : ` · symptom of ${finding.causedBy}`;
  const facts = `${severity} ${finding.confidence} · ${finding.rule} · ${finding.id}${cause}`;
  const lines = [
    ...wrap(facts, width).map((line, at) =>
      at === 0 ? line.replace(severity, style.bold(paint(severity))) : `  ${line}`,
    ),
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
  const steps = nextLines(finding.next, { indent, labelWidth, width, style }, (command) =>
    fromHere(command, captures, options.folder),
  );
  return [...lines, ...steps];
}

/** `command` with each file of `captures` named as it is found from the working directory. */
function fromHere(command: string, captures: readonly CaptureRecord[], folder: string | undefined): string {
  if (folder === undefined) return command;
  const files = new Set(captures.map(({ file }) => file));
  const place = folder.replace(/\/+$/, "");
  return command.replaceAll(/[^\s=]+/g, (word) => (files.has(word) ? shellWord(`${place}/${word}`) : word));
}

/** What may be nothing: one line each. */
export function notedLines(
  findings: readonly Finding[],
  { style, width, verbose }: TerminalOptions,
): string[] {
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
