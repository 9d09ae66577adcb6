import { type ConfigLine, configLine, suspectsFirst } from "../../domain/configuration/config-summary.ts";
import { counted, durationText } from "../../domain/units.ts";
import { changeText, configLineText, noChangeText, revisionText, suspicionText } from "../config-words.ts";
import { momentOf } from "../context-words.ts";
import { inline } from "../markdown-words.ts";
import type { ReportFacts } from "./report.ts";
import type { Row } from "./timeline.ts";

type Facts = Pick<ReportFacts, "incident" | "analysis">;

/** All that is known where the whole analysis is kept, else what the card tells. */
function linesOf({ incident, analysis }: Facts): readonly ConfigLine[] {
  return analysis?.config === undefined
    ? (incident.analysis?.config?.lines ?? [])
    : suspectsFirst(analysis.config.revisions).map(configLine);
}

/** Each revision when it took effect, by who is its author. */
export function configRows(facts: Facts): readonly Row[] {
  return linesOf(facts).map((line) => ({
    atMs: line.atMs,
    what: `config: ${revisionText(line, inline)}${suspicionText(line, undefined)}`,
    who: line.author === "" ? "not known" : `${inline(line.author)} (by Git)`,
  }));
}

/** What changed before it, what could explain a finding first, and how far that is the whole story. */
export function configChangeLines(facts: Facts): readonly string[] {
  const { incident, analysis } = facts;
  const summary = incident.analysis?.config;
  if (summary === undefined) return ["Configuration changes are not in gofire's record"];
  const { atMs, windowMs, isPartial, more } = summary;
  const lines = linesOf(facts);
  const moment = momentOf(incident.origin);
  const left = analysis?.config === undefined ? more : 0;
  return [
    ...lines.map(
      (line) =>
        `Config: ${configLineText(line, { moment, momentMs: atMs, text: inline })}${suspicionText(line, undefined)}`,
    ),
    ...(left === 0 ? [] : [`and ${counted(left, "more config change")}, which are not kept any more`]),
    ...(lines.length === 0 && !isPartial ? [`Config: ${noChangeText(windowMs)} before ${moment}`] : []),
    ...(analysis?.config?.notes ?? []).map(inline),
    `Configuration changes are ${isPartial ? "in part, " : ""}as the repository tells them of ${durationText(windowMs)} before ${moment}; whether the process had loaded them is not known`,
  ];
}

/** One question for each change that is suspected. */
export function configQuestions(facts: Facts): readonly string[] {
  return linesOf(facts).flatMap(({ change }) =>
    change?.couldExplain === undefined
      ? []
      : [
          `Did ${changeText(change, inline)} cause ${inline(change.couldExplain.finding)}? It is suspected for its name and its time, which proves nothing.`,
        ],
  );
}
