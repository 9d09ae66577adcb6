import type { AnalysisSummary } from "../../domain/incidents/incident.ts";
import { inline } from "../markdown-words.ts";
import { configQuestions } from "./config-changes.ts";
import type { ReportFacts } from "./report.ts";

/** What the records leave open, for the people who meet about it: nothing is guessed. */
export function openQuestions(facts: ReportFacts): readonly string[] {
  const { incident, analysis } = facts;
  const { analysis: short, resolvedAtMs, resolvedBy, origin, feedback, place, card } = incident;
  const findings = analysis?.findings ?? short?.findings ?? [];
  const roots = findings.filter(({ role, severity }) => role === "root" && severity !== "info");
  const open = short === undefined ? 0 : short.checks.inconclusive + short.checks.skipped;
  return [
    ...(short === undefined ? ["What was wrong? There is no verdict."] : []),
    ...(short !== undefined && findings.length === 0
      ? ["What was it? No rule found anything, which does not prove that nothing was wrong."]
      : []),
    ...roots
      .filter(({ confidence }) => confidence !== "proven")
      .map(
        ({ id, title, confidence }) =>
          `Is ${inline(id)} the cause (${inline(title)})? It is ${confidence}, not proven.`,
      ),
    ...roots
      .filter(({ id }) => feedback?.[id] === undefined)
      .map(({ id }) => `Was ${inline(id)} right? Nobody said so.`),
    ...configQuestions(facts),
    ...changeQuestions(short),
    ...(resolvedAtMs === undefined
      ? ["Is it over? It was not resolved when this was written."]
      : [
          resolvedBy === undefined && origin.page !== undefined
            ? "What ended it? The alerts ended; what was done outside gofire is not recorded."
            : "What ended it? What was done outside gofire is not recorded.",
        ]),
    ...(open > 0 ? [`Would the ${open} rules that could not judge have found something?`] : []),
    ...(card?.ref === undefined && incident.shadow !== true
      ? [`Did people see it? Its card did not appear in ${inline(place.channel)}.`]
      : []),
  ];
}

/** About what gofire does not know of the time before. */
function changeQuestions(analysis: AnalysisSummary | undefined): readonly string[] {
  const isConfigKnown = analysis?.config?.isPartial === false;
  if (analysis?.context?.events.some(({ kind }) => kind === "deploy") === true) {
    const rest = isConfigKnown ? "" : " What was configured is not in gofire's record.";
    return [`Did the deploy cause it? That it came before proves nothing.${rest}`];
  }
  return [
    `What was deployed${isConfigKnown ? "" : " or configured"} before it? gofire's record does not say.`,
  ];
}
