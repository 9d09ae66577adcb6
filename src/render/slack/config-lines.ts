import { leadFinding } from "../../domain/finding.ts";
import type { AnalysisSummary, Incident } from "../../domain/incident.ts";
import { counted } from "../../domain/units.ts";
import { configLineText, noChangeText, suspicionText, type WrittenConfig } from "../config-words.ts";
import { momentOf } from "../context-words.ts";
import { words } from "./escape.ts";

const partCharacters = 90;

/** What changed of the configuration, most suspicious first. */
export function configLines(incident: Incident, analysis: AnalysisSummary): readonly string[] {
  const { config } = analysis;
  if (config === undefined || config.lines.length === 0) return [];
  const written = writtenBy(incident, analysis, (text) => words(text, partCharacters));
  const lead = leadFinding(analysis)?.id;
  return [
    ...config.lines.map((line) => `🔁 config: ${configLineText(line, written)}${suspicionText(line, lead)}`),
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
    (line) => `Config: ${configLineText(line, written)}${suspicionText(line, lead).replace(" · ", ", ")}.`,
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
