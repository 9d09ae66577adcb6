import { inline } from "../markdown-words.ts";
import type { ReportFacts } from "./report.ts";

/** What the records leave open, for the people who meet about it: nothing is guessed. */
export function openQuestions({ incident, analysis }: ReportFacts): readonly string[] {
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
    short?.context?.events.some(({ kind }) => kind === "deploy") === true
      ? "Did the deploy cause it? That it came before proves nothing. What was configured is not in gofire's record."
      : "What was deployed or configured before it? gofire's record does not say.",
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
