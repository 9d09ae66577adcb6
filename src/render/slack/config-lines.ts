import type { ConfigLine } from "../../domain/configuration/config-summary.ts";
import { leadFinding } from "../../domain/findings/finding.ts";
import type { AnalysisSummary, Incident } from "../../domain/incidents/incident.ts";
import { counted } from "../../domain/units.ts";
import { configLineText, noChangeText, suspicionText, type WrittenConfig } from "../config-words.ts";
import { momentOf } from "../context-words.ts";
import { words } from "./escape.ts";

/** Of a setting's path, a value, a name: what is longer is cut, and stands in full among the findings in the thread. */
export const partCharacters = 72;
/** Written out, of what is cut already: escaping makes it longer. */
export const writtenCharacters = 6 * partCharacters;

/** What changed of the configuration, most suspicious first. */
export function configLines(incident: Incident, analysis: AnalysisSummary): readonly string[] {
  const { config } = analysis;
  if (config === undefined || config.lines.length === 0) return [];
  const written = writtenBy(incident, analysis, (text) => words(text, writtenCharacters));
  const lead = leadFinding(analysis)?.id;
  return [
    ...config.lines.map((line) => {
      const { short, isCut } = shortened(line);
      const rest = isCut ? " · in full in the thread" : "";
      return `🔁 config: ${configLineText(short, written)}${suspicionText(line, lead)}${rest}`;
    }),
    ...(config.more === 0 ? [] : [`… and ${counted(config.more, "more config change")} in the findings`]),
  ];
}

/** The same for who hears it read. */
export function configSentences(incident: Incident, analysis: AnalysisSummary): readonly string[] {
  const { config } = analysis;
  if (config === undefined) return [];
  const written = writtenBy(incident, analysis, (text) => text);
  const lead = leadFinding(analysis)?.id;
  return config.lines.map(
    (line) =>
      `Config: ${configLineText(shortened(line).short, written)}${suspicionText(line, lead).replace(" · ", ", ")}.`,
  );
}

/** One quiet word when there is nothing to tell; empty when that is not known. */
export function quietConfig({ config }: AnalysisSummary): string {
  if (config === undefined || config.isPartial || config.lines.length > 0) return "";
  return `config: ${noChangeText(config.windowMs)}`;
}

function writtenBy(
  { origin }: Incident,
  analysis: AnalysisSummary,
  text: WrittenConfig["text"],
): WrittenConfig {
  return {
    moment: momentOf(origin),
    momentMs: analysis.config?.atMs ?? 0,
    text,
  };
}

/** The line with parts that fit a card. */
function shortened(line: ConfigLine): { readonly short: ConfigLine; readonly isCut: boolean } {
  let isCut = false;
  const cut = (text: string, shorter: (text: string) => string): string => {
    if (text.length <= partCharacters) return text;
    isCut = true;
    return shorter(text);
  };
  const { change, uncompared } = line;
  const short: ConfigLine = {
    ...line,
    name: cut(line.name, beginningOf),
    author: cut(line.author, beginningOf),
    ...(change === undefined
      ? {}
      : {
          change: {
            ...change,
            path: cut(change.path, endOf),
            ...(change.from === undefined ? {} : { from: cut(change.from, beginningOf) }),
            ...(change.to === undefined ? {} : { to: cut(change.to, beginningOf) }),
          },
        }),
    ...(uncompared === undefined ? {} : { uncompared: { ...uncompared, file: cut(uncompared.file, endOf) } }),
  };
  return { short, isCut };
}

/** Up to the last word's end, unless that is far away. */
function beginningOf(text: string): string {
  const begin = text.slice(0, partCharacters - 1).replace(/[\ud800-\udbff]$/, "");
  const end = begin.search(/[\s,;&/][^\s,;&/]*$/);
  return `${begin.slice(0, end < partCharacters / 2 ? undefined : end)}…`;
}

/** A path says at its end which setting it is; from the first name's beginning, unless that is far away. */
function endOf(path: string): string {
  const end = path.slice(1 - partCharacters).replace(/^[\udc00-\udfff]/, "");
  const begin = end.search(/[./[]/);
  return `…${end.slice(begin < 0 || begin > partCharacters / 2 ? 0 : begin).replace(/^\./, "")}`;
}
