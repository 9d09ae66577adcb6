import { leadFinding, type Measured } from "../../domain/findings/finding.ts";
import type { AnalysisSummary, CaptureStep, Incident } from "../../domain/incidents/incident.ts";
import { counted, countText } from "../../domain/units.ts";
import { usualBeside } from "../context-words.ts";
import { ended, utcTime } from "../words.ts";
import { alertSentences } from "./alert-words.ts";
import { beforeSentences } from "./before-words.ts";
import { configSentences } from "./config-lines.ts";
import { contextSentences } from "./context-lines.ts";
import { spoken } from "./escape.ts";
import { againstLimit, confidenceWords, firstSentences, wherePlain } from "./finding-lines.ts";
import { slackLimits } from "./limits.ts";
import { comparisonSentences, peerSentences } from "./peer-words.ts";
import { kindNames, progressWords, remarksOf, runningOf, troubleOf } from "./steps.ts";
import { unpostedOf } from "./unposted.ts";
import { afterWords, furtherOf, placeWords, verdictSentence } from "./verdict-words.ts";

const mostFurther = 3;
const mostReasons = 4;
const summaryCharacters = 600;

/** The card for screen readers and notifications: the same in plain sentences, the point first. */
export function cardText(incident: Incident): string {
  const sentences = [...sentencesOf(incident), ...alertSentences(incident)].filter(
    (sentence) => sentence !== "",
  );
  const last = [...repeatWords(incident), `${incident.id}.`].join(" ");
  return `${spoken(sentences.join(" "), slackLimits.text - last.length - 1)} ${last}`;
}

function sentencesOf(incident: Incident): readonly string[] {
  const { service, state, analysis, problem, waitsFor } = incident;
  switch (state) {
    case "queued":
      return [
        `${service}: waiting to capture.`,
        placeWords(incident),
        waitsFor === undefined ? "" : ended(`Waits: ${waitsFor}`),
        ...beforeSentences(incident),
      ];
    case "capturing":
      return [
        `${service}: ${progressWords(incident.steps)}.`,
        ...stepSentences(incident.steps),
        ...beforeSentences(incident),
      ];
    case "verdict":
      return analysis === undefined ? [`${service}: judged.`] : verdictSentences(incident, analysis);
    case "failed":
      return [
        `${service}: no verdict.`,
        ended(problem ?? "It is not known why."),
        ...earlySentences(incident),
        ...stepSentences(incident.steps),
        ...unpostedSentences(incident),
      ];
    case "resolved":
      return [
        `${service}: resolved${afterWords(incident)}.`,
        analysis === undefined
          ? ended(problem ?? "")
          : `It was ${analysis.verdict.toUpperCase()}${ended(titleOf(analysis))}`,
        ...comparisonSentences(incident),
        incident.origin.page !== undefined && incident.resolvedBy === undefined ? "The alert ended." : "",
        ...unpostedSentences(incident),
      ];
  }
}

function usualWords({ usual, unit }: Measured): string {
  return usual === undefined ? "" : ` (${usualBeside(usual, unit)})`;
}

function titleOf(analysis: AnalysisSummary): string {
  const lead = leadFinding(analysis);
  return lead === undefined ? "." : `: ${lead.title}`;
}

function verdictSentences(incident: Incident, analysis: AnalysisSummary): readonly string[] {
  const { verdict, missing, goroutines } = analysis;
  const lead = leadFinding(analysis);
  const { shown, rest } = furtherOf(analysis, lead, mostFurther);
  return [
    `${verdict.toUpperCase()}: ${incident.service}.`,
    verdict === "fail" ? "" : verdictSentence(analysis, lead),
    ...(lead === undefined
      ? []
      : [
          ended(`${lead.title}, ${confidenceWords[lead.confidence]}`),
          lead.measured === undefined
            ? ""
            : `Measured ${againstLimit(lead.measured)}${usualWords(lead.measured)}.`,
          wherePlain(lead.where),
          ended(firstSentences(lead.summary, summaryCharacters)),
        ]),
    ...comparisonSentences(incident),
    ...contextSentences(incident, analysis, lead),
    ...configSentences(incident, analysis),
    ...shown.map(({ role, title, confidence }) =>
      ended(`${role === "symptom" ? "It follows" : "Also"}: ${title}, ${confidenceWords[confidence]}`),
    ),
    rest > 0 ? `${counted(rest, "more finding")} in the thread.` : "",
    ...(verdict === "inconclusive"
      ? missing.slice(0, mostReasons).map((reason) => ended(`Missing: ${reason}`))
      : []),
    lead?.next[0] === undefined ? "" : ended(`Next: ${lead.next[0]}`),
    goroutines === undefined ? "" : `${counted(goroutines, "goroutine")} in all.`,
    ...earlySentences(incident),
    ...stepSentences(incident.steps),
    ...(analysis.notes ?? []),
    ...peerSentences(incident),
    ...unpostedSentences(incident),
  ];
}

function stepSentences(steps: readonly CaptureStep[]): readonly string[] {
  const whole = steps.filter(({ kind, state }) => kind !== "index" && state === "ok");
  const running = runningOf(steps);
  const trouble = troubleOf(steps);
  return [
    whole.length === 0 ? "" : `Captured: ${kindNames(whole)}.`,
    ...remarksOf(steps).map(({ kind, remark }) => ended(`Of ${kind}: ${remark}`)),
    running.length === 0 ? "" : `Capturing now: ${kindNames(running)}.`,
    ...trouble
      .slice(0, mostReasons)
      .map(({ words, same, reason }) => ended(`${kindNames(same, whole)} ${words}: ${reason}`)),
    trouble.length > mostReasons ? `${countText(trouble.length - mostReasons)} more: see the findings.` : "",
  ];
}

function earlySentences({ endedEarly }: Incident): readonly string[] {
  return endedEarly === undefined ? [] : [ended(`Ended early: ${endedEarly}`)];
}

function unpostedSentences(incident: Incident): readonly string[] {
  return unpostedOf(incident).map(({ what, reason }) => ended(`Not in the thread: ${what}. ${reason}`));
}

function repeatWords({ repeats, lastRepeatAtMs }: Incident): readonly string[] {
  if (repeats === 0) return [];
  return [
    `${counted(repeats, "repeat")}${lastRepeatAtMs === undefined ? "" : `, last ${utcTime(lastRepeatAtMs)}`}.`,
  ];
}
