import type { AnalysisSummary, FindingSummary, Incident } from "../../domain/incidents/incident.ts";
import { eventTexts, momentOf, trendText, type Written } from "../context-words.ts";
import { utcTime } from "../words.ts";
import { timeOfDay, words } from "./escape.ts";

const lineCharacters = 400;
const detailCharacters = 80;
/** A card is read at a glance; the findings have the rest. */
const mostEvents = 4;

/** What Prometheus knows: figures against other days, and what happened shortly before; at most two lines. */
export function contextLines(
  incident: Incident,
  { context }: AnalysisSummary,
  lead: FindingSummary | undefined,
): readonly string[] {
  if (context === undefined) return [];
  const { figures, events } = told(incident, context, lead, {
    time: (atMs) => timeOfDay(atMs, "{time}"),
    text: (text) => words(text, detailCharacters),
  });
  const why = context.noBaseline === undefined ? [] : [`no baseline: ${context.noBaseline}`];
  const facts = [...figures, ...why];
  // Why there is nothing names it already.
  const source = figures.length === 0 ? "" : " · Prometheus";
  return [
    facts.length === 0 ? "" : `📈 ${words(facts.join(" · "), lineCharacters)}${source}`,
    events.length === 0 ? "" : `🕘 ${events.join(" · ")}`,
  ];
}

/** The same for who hears it read. */
export function contextSentences(
  incident: Incident,
  { context }: AnalysisSummary,
  lead: FindingSummary | undefined,
): readonly string[] {
  if (context === undefined) return [];
  const { figures, events } = told(incident, context, lead, { time: utcTime, text: (text) => text });
  return [
    figures.length === 0 ? "" : `By Prometheus: ${figures.join("; ")}.`,
    context.noBaseline === undefined ? "" : `No baseline: ${context.noBaseline}.`,
    events.length === 0 ? "" : `Before: ${events.join("; ")}.`,
  ];
}

/** What a card has room for, as a medium writes it. */
function told(
  { origin }: Incident,
  context: NonNullable<AnalysisSummary["context"]>,
  lead: FindingSummary | undefined,
  written: Omit<Written, "moment">,
): { readonly figures: readonly string[]; readonly events: readonly string[] } {
  return {
    figures: trendsBeside(context.trends, lead).map((trend) => trendText(trend)),
    events: eventTexts(context, { moment: momentOf(origin), ...written }).slice(0, mostEvents),
  };
}

/** Without the figure that stands beside the finding's own already, unless it still grows. */
function trendsBeside(
  trends: NonNullable<AnalysisSummary["context"]>["trends"],
  lead: FindingSummary | undefined,
): typeof trends {
  const told = lead?.measured?.usual === undefined ? undefined : lead.measured.unit;
  return trends.filter(({ unit, rise }) => unit !== told || rise !== undefined);
}
