import { capitalised } from "../../domain/capitalised.ts";
import {
  agreeWithinMs,
  type MeasuredAfter,
  type RollbackRequest,
  type VerifyingCapture,
} from "../../domain/configuration/rollback-request.ts";
import { shortRevision } from "../../domain/configuration/short-revision.ts";
import { countText, durationText } from "../../domain/units.ts";
import { quantity } from "../words.ts";
import { againstLimit } from "./finding-lines.ts";

/** How a medium writes what is from outside, and what is to be typed. */
export interface Medium {
  readonly text: (text: string) => string;
  readonly command: (line: string) => string;
}

const markOf: Readonly<Record<MeasuredAfter["state"], string>> = { gone: "✅", still: "🔴", unseen: "⚪️" };

/** Where a rollback stands, what came of it by number before and after, and what to do next; sentences. */
export function outcomeLines(request: RollbackRequest, medium: Medium): readonly string[] {
  const { state, service, problem, ended, written, captures, plan } = request;
  const { text, command } = medium;
  const again = command(`/gofire rollback ${service}`);
  const look = command(`/gofire snapshot ${service}`);
  switch (state) {
    case "asked":
      return [
        `Within ${durationText(agreeWithinMs)} anybody else with the right (access.rollback) can agree. What is pushed is worked out anew at that click, and has to be the same.`,
      ];
    case "agreed":
      return ["It is being written."];
    case "pushed":
      return [`${pushedText(request, medium)}. The audit log is told next.`];
    case "verifying":
      return [
        `${pushedText(request, medium)}. It is captured again to see whether it helped, once it has had time to reach the processes.`,
        ...captures.slice(-1).map((one) => captureText(one, medium)),
      ];
    case "verified":
      return [`${pushedText(request, medium)}.`, ...measuredLines(request, medium)];
    case "unverified":
      return [
        `${pushedText(request, medium)}.`,
        ...measuredLines(request, medium),
        `See whether it was released to the processes; then look once more: ${look}.`,
      ];
    case "proposed":
      return [
        `It stands on the branch ${text(written?.branch ?? "")} (${shortRevision(written?.commit ?? "")}) of ${text(plan.repository)}. Merge it; then: ${look}.`,
      ];
    case "failed":
      return [text(capitalised(problem ?? "It is not known why.")), `To see how things stand: ${again}.`];
    case "withdrawn":
      if (ended?.how === "changed") {
        return [
          `The repository changed: something else would be pushed by now, so nothing was pushed. The plan anew: ${again}.`,
        ];
      }
      return [
        ended?.how === "expired"
          ? `Nobody agreed within ${durationText(agreeWithinMs)}, so nothing was pushed. To ask again: ${again}.`
          : "Nothing was pushed.",
      ];
  }
}

function pushedText({ written }: RollbackRequest, { text }: Medium): string {
  const { branch = "", commit = "" } = written ?? {};
  return `${text(branch)} has it as ${shortRevision(commit)}`;
}

function captureText({ incidentId, result }: VerifyingCapture, { text }: Medium): string {
  if (result === undefined) return `${incidentId} is being captured.`;
  if (result.helped === "yes") return `${incidentId} shows that it helped.`;
  return result.helped === "no"
    ? `${incidentId} still shows it; it is captured once more.`
    : `${incidentId} could not tell (${text(result.problem ?? reasonOf(result.measured))}); it is captured once more.`;
}

/** What the last capture says. */
function measuredLines({ captures, incident }: RollbackRequest, { text }: Medium): readonly string[] {
  const last = captures.findLast(({ result }) => result !== undefined);
  const { result } = last ?? {};
  if (last === undefined || result === undefined) return ["It could not be captured in time."];
  const whose = result.instance === undefined ? "" : ` of ${text(result.instance)}`;
  const loaded =
    result.configuration === undefined
      ? "Which configuration the process has loaded is not known: it does not say."
      : `The process says of its configuration: ${text(result.configuration)}.`;
  const before = incident?.goroutines;
  return [
    ...(result.problem === undefined ? [] : [`${last.incidentId}${whose}: ${text(result.problem)}`]),
    ...result.measured.map((one) => `${markOf[one.state]} ${measuredText(one, text)}.`),
    ...(result.helped === "yes" && result.measured.length === 0
      ? [`✅ ${last.incidentId}${whose} has no finding of warning or above.`]
      : []),
    ...(before === undefined || result.goroutines === undefined
      ? []
      : [`Goroutines in all: ${countText(before)} → ${countText(result.goroutines)}.`]),
    `By ${last.incidentId}${whose}, capture ${captures.length} since the push. ${loaded}`,
  ];
}

function measuredText(
  { rule, title, state, before, after, reason }: MeasuredAfter,
  text: Medium["text"],
): string {
  const name = `${text(title)} (${text(rule)})`;
  switch (state) {
    case "gone":
      return `gone: ${name}${before === undefined ? "" : `: ${text(againstLimit(before))} → not found any more`}`;
    case "still": {
      const from = before === undefined ? "" : `${text(quantity(before.value, before.unit))} → `;
      return `still there: ${name}${after === undefined ? "" : `: ${from}${text(againstLimit(after))}`}`;
    }
    case "unseen":
      return `not seen: ${name}: ${text(reason ?? "")}`;
  }
}

function reasonOf(measured: readonly MeasuredAfter[]): string {
  return measured.find(({ state }) => state === "unseen")?.reason ?? "not all of it could be judged";
}
