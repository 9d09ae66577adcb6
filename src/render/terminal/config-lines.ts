import { configLine, suspectsFirst } from "../../domain/configuration/config-summary.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import { counted, durationText } from "../../domain/units.ts";
import { changePlace, changeText, configLineText, explainText, noChangeText } from "../config-words.ts";
import { printable } from "../style.ts";
import { utcTime } from "../words.ts";
import { hanging } from "../wrap.ts";
import { indent, shortList, type TerminalOptions } from "./layout.ts";

/** What changed of the configuration, most suspicious first. */
export function configLines(
  { config, findings }: Analysis,
  { style, width, verbose }: TerminalOptions,
): string[] {
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
