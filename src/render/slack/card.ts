import { capitalised } from "../../domain/capitalised.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import { leadFinding } from "../../domain/findings/finding.ts";
import type { AnalysisSummary, FindingSummary, Incident } from "../../domain/incidents/incident.ts";
import { counted, countText } from "../../domain/units.ts";
import { usualBeside } from "../context-words.ts";
import { alertLines } from "./alert-words.ts";
import { beforeLines } from "./before-words.ts";
import { type Block, buttons, context, fitBlocks, header, section } from "./blocks.ts";
import { buttonsOf, feedbackButtons, menuOf } from "./card-buttons.ts";
import { cardText } from "./card-text.ts";
import { configLines, quietConfig } from "./config-lines.ts";
import { contextLines } from "./context-lines.ts";
import { bold, person, prose, stepProse, timeOfDay, words } from "./escape.ts";
import { tallyLine } from "./feedback.ts";
import { againstLimit, confidenceWords, firstSentences, furtherLine, whereLine } from "./finding-lines.ts";
import { comparisonLines, peerLines } from "./peer-words.ts";
import { progressWords, stepLines } from "./steps.ts";
import { unpostedOf } from "./unposted.ts";
import { afterWords, furtherOf, placeWords, verdictMarks, verdictSentence } from "./verdict-words.ts";

/** A card is read at a glance; the rest is in its thread. */
const mostFurther = 3;
const mostMissing = 3;
const summaryCharacters = 220;
const lineCharacters = 500;
const titleCharacters = 200;

/**
 * The one message that shows an incident; the same incident gives the same card. In this order: verdict, what against
 * which limit, how sure, where, what follows, what is missing, what to do next; then what was and was not captured,
 * and buttons that carry the incident's id.
 */
export function card(incident: Incident): MessageBody {
  return {
    text: cardText(incident),
    blocks: fitBlocks(bodyOf(incident), "… and more: see the findings in the thread.", [
      ...buttons(`${incident.state}-${incident.runs}`, buttonsOf(incident), menuOf(incident)),
      ...buttons(`feedback-${incident.state}-${incident.runs}`, feedbackButtons(incident)),
      ...context([footer(incident)]),
    ]),
  };
}

function bodyOf(incident: Incident): readonly Block[] {
  const { service, state, analysis, problem, waitsFor } = incident;
  switch (state) {
    case "queued":
      return [
        header(`⏳ ${service} · waiting to capture`),
        ...section([
          placeWords(incident),
          waitsFor === undefined ? "" : `Waits: ${words(waitsFor, lineCharacters)}`,
        ]),
        ...context([...alertLines(incident), ...beforeLines(incident)]),
      ];
    case "capturing":
      return [
        header(`🔍 ${service} · ${progressWords(incident.steps)}`),
        ...section(capturingLines(incident)),
        ...context([...alertLines(incident), ...beforeLines(incident)]),
      ];
    case "verdict":
      return analysis === undefined ? [header(`⚪️ ${service} · judged`)] : verdictBlocks(incident, analysis);
    case "failed":
      return [
        header(`⚪️ ${service} · no verdict`),
        ...section([words(problem ?? "It is not known why.", lineCharacters)]),
        ...context(storyLines(incident)),
      ];
    case "resolved":
      return [
        header(`✅ ${service} · resolved${afterWords(incident)}`),
        ...section(resolvedLines(incident)),
        ...context([...alertLines(incident), ...unpostedLines(incident)]),
      ];
  }
}

function capturingLines(incident: Incident): readonly string[] {
  const { runs, steps } = incident;
  return [
    runs > 1 ? `🔁 Attempt ${countText(runs)}: the worker of the one before went away.` : "",
    ...earlyLines(incident),
    ...stepLines(steps),
  ];
}

function verdictBlocks(incident: Incident, analysis: AnalysisSummary): readonly Block[] {
  const { verdict } = analysis;
  const lead = leadFinding(analysis);
  const title = lead === undefined || verdict !== "fail" ? "" : ` · ${lead.title}`;
  const step = lead?.next[0];
  return [
    header(`${verdictMarks[verdict]} ${verdict.toUpperCase()} · ${incident.service}${title}`),
    ...section([
      ...(verdict === "fail" ? [] : [verdictSentence(analysis, lead)]),
      ...(lead === undefined ? [] : leadLines(analysis, lead)),
      ...comparisonLines(incident),
      ...contextLines(incident, analysis, lead),
      ...configLines(incident, analysis),
    ]),
    ...section([
      lead === undefined ? "" : prose(firstSentences(lead.summary, summaryCharacters), lineCharacters),
      ...(verdict === "inconclusive" ? missingLines(analysis) : []),
    ]),
    ...section(furtherLines(analysis, lead)),
    ...section([step === undefined ? "" : `*Next:* ${stepProse(step, lineCharacters)}`]),
    ...context([factsLine(incident, analysis), ...storyLines(incident)]),
  ];
}

function leadLines({ verdict }: AnalysisSummary, lead: FindingSummary): readonly string[] {
  const sure = confidenceWords[lead.confidence];
  return [
    // The title of a failure is the header's already.
    verdict === "fail" ? "" : bold(lead.title, titleCharacters),
    lead.measured === undefined
      ? capitalised(sure)
      : `${bold(againstLimit(lead.measured), 80)}${usualWords(lead.measured)} · ${sure}`,
    whereLine(lead.where),
  ];
}

function usualWords({ usual, unit }: NonNullable<FindingSummary["measured"]>): string {
  return usual === undefined ? "" : ` (${words(usualBeside(usual, unit), 80)})`;
}

function missingLines({ missing }: AnalysisSummary): readonly string[] {
  const rest = missing.length - mostMissing;
  const reasons = missing.slice(0, mostMissing).map((reason) => words(reason, titleCharacters));
  if (reasons.length === 0) return [];
  return [`Missing: ${reasons.join("; ")}${rest > 0 ? `; and ${countText(rest)} more` : ""}`];
}

function furtherLines(analysis: AnalysisSummary, lead: FindingSummary | undefined): readonly string[] {
  const { shown, rest } = furtherOf(analysis, lead, mostFurther);
  return [...shown.map(furtherLine), rest > 0 ? `… and ${counted(rest, "more finding")} in the thread` : ""];
}

function factsLine({ instance }: Incident, analysis: AnalysisSummary): string {
  const { goVersion, goroutines } = analysis;
  return [
    instance === undefined ? "" : words(instance, 80),
    goroutines === undefined ? "" : `${counted(goroutines, "goroutine")} in all`,
    goVersion === undefined ? "" : words(goVersion, 40),
    quietConfig(analysis),
  ]
    .filter((fact) => fact !== "")
    .join(" · ");
}

/** Who asked, how the capture went, and what of it is not in the thread. */
function storyLines(incident: Incident): readonly string[] {
  return [
    ...alertLines(incident),
    ...earlyLines(incident),
    ...stepLines(incident.steps),
    ...(incident.analysis?.notes ?? []).map((note) => `ℹ️ ${words(note, lineCharacters)}`),
    ...peerLines(incident),
    ...unpostedLines(incident),
  ];
}

function earlyLines({ endedEarly }: Incident): readonly string[] {
  return endedEarly === undefined ? [] : [`⚠️ Ended early: ${words(endedEarly, titleCharacters)}`];
}

function unpostedLines(incident: Incident): readonly string[] {
  return unpostedOf(incident).map(
    ({ what, reason }) => `⚠️ Not in the thread: ${what}. ${words(reason, lineCharacters)}`,
  );
}

function resolvedLines(incident: Incident): readonly string[] {
  const { analysis, problem } = incident;
  if (analysis === undefined) return [words(problem ?? "", lineCharacters), resolverLine(incident)];
  const lead = leadFinding(analysis);
  const was = `It was *${analysis.verdict.toUpperCase()}*`;
  return [
    ...(lead === undefined
      ? [`${was}.`]
      : [`${was}: ${prose(lead.title, titleCharacters)}`, whereLine(lead.where)]),
    ...comparisonLines(incident),
    resolverLine(incident),
  ];
}

/** Slack calls nobody who is named by an edit, and a card is resolved by one. */
function resolverLine({ origin, resolvedBy }: Incident): string {
  if (resolvedBy !== undefined) return `Resolved by ${person(resolvedBy)}`;
  return origin.page === undefined ? "" : "The alert ended.";
}

function footer(incident: Incident): string {
  const { id, repeats, lastRepeatAtMs } = incident;
  const tally = tallyLine(incident);
  const last = lastRepeatAtMs === undefined ? "" : `, last ${timeOfDay(lastRepeatAtMs, "{time}")}`;
  return `${words(id, 40)}${repeats === 0 ? "" : ` · ${counted(repeats, "repeat")}${last}`}${tally === "" ? "" : ` · ${tally}`}`;
}
