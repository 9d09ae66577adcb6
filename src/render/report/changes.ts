import type { Incident } from "../../domain/incidents/incident.ts";
import { durationText } from "../../domain/units.ts";
import { eventTexts, momentOf, trendText } from "../context-words.ts";
import { inline } from "../markdown-words.ts";
import { changeSentences } from "../slack/diff.ts";
import { comparisonSentences, peerSentence } from "../slack/peer-words.ts";
import { stamp } from "../words.ts";
import { configChangeLines } from "./config-changes.ts";
import type { ReportFacts } from "./report.ts";

/** What differs from before and from elsewhere, as far as gofire knows; what it cannot know is said. */
export function changeLines(facts: ReportFacts): readonly string[] {
  const { incident, previous } = facts;
  const compared = comparisonSentences(incident);
  const { analysis, service, createdAtMs } = incident;
  return [
    ...(previous === undefined
      ? analysis === undefined
        ? []
        : [`No earlier verdict on ${inline(service)} in this channel is kept to compare with`]
      : [
          `Compared with ${inline(previous.id)}, ${durationText(Math.max(0, createdAtMs - previous.createdAtMs))} before (${stamp(previous.createdAtMs)})`,
          ...changeSentences(previous.changes).map(inline),
          ...(previous.goVersion === analysis?.goVersion
            ? []
            : [
                `Go differs: ${inline(previous.goVersion ?? "unknown")} before, ${inline(analysis?.goVersion ?? "unknown")} now`,
              ]),
        ]),
    ...(compared.length === 0 ? [peerSentence(incident)] : compared)
      .filter((sentence) => sentence !== "")
      .map(inline),
    ...contextChangeLines(incident),
    analysis?.context === undefined
      ? "Deploys are not in gofire's record"
      : "Deploys are as far as Prometheus shows them",
    ...configChangeLines(facts),
  ];
}

/** What Prometheus knew: figures against other days, and what happened shortly before. */
function contextChangeLines({ origin, analysis }: Incident): readonly string[] {
  const context = analysis?.context;
  if (context === undefined) return [];
  const events = eventTexts(context, { moment: momentOf(origin), time: stamp, text: inline });
  return [
    ...context.trends.map((trend) => `By Prometheus: ${inline(trendText(trend))}`),
    ...(context.noBaseline === undefined ? [] : [`No baseline: ${inline(context.noBaseline)}`]),
    ...events.map((event) => `By Prometheus: ${event}`),
  ];
}
