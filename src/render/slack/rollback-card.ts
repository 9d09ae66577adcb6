import type { MessageBody } from "../../domain/chat/message.ts";
import {
  agreeWithinMs,
  type MeasuredAfter,
  mostShown,
  type RollbackRequest,
  type RollbackState,
  type VerifyingCapture,
} from "../../domain/configuration/rollback-request.ts";
import { counted, countText, durationText } from "../../domain/units.ts";
import { changeText } from "../config-words.ts";
import { type Block, type ButtonSpec, buttons, context, fitBlocks, header, section } from "./blocks.ts";
import { code, person, spoken, words } from "./escape.ts";
import { againstLimit } from "./finding-lines.ts";
import { slackLimits } from "./limits.ts";
import { backText } from "./rollback.ts";

type Text = (text: string) => string;

/** All values of a card fit: `mostShown` of them with what stands around them. */
const partCharacters = 40;
const reasonCharacters = 300;
const digestCharacters = 12;
const hashCharacters = 10;

const short: Text = (text) => words(text, partCharacters);
const same: Text = (text) => text;

/** The one message of a rollback, from the question on; the same request gives the same card. */
export function rollbackCard(request: RollbackRequest): MessageBody {
  const { state, id } = request;
  const title = titles[state](request);
  return {
    text: spoken(
      [
        `${title}.`,
        introduction(request, same),
        ...valueSentences(request),
        ...outcomeLines(request, same),
      ].join(" "),
      slackLimits.text,
    ),
    blocks: fitBlocks(
      [
        header(title),
        ...section([introduction(request, short), ...valueLines(request)]),
        ...stateBlocks(request),
      ],
      "… and more than fits here.",
      [...buttons(`rollback-${state}`, buttonsOf(request)), ...context([footer(id, request)])],
    ),
  };
}

/** What the thread hears once it is over; undefined where nothing was done and nobody waits for it. */
export function rollbackOutcome(request: RollbackRequest): MessageBody | undefined {
  const { state, asked, agreed } = request;
  if (state === "withdrawn") return undefined;
  const who = [asked, ...(agreed === undefined ? [] : [agreed])].map(({ userId }) => person(userId));
  const title = titles[state](request);
  return {
    text: spoken([`${title}.`, ...outcomeLines(request, same)].join(" "), slackLimits.text),
    blocks: [
      ...section([`*${words(title, 200)}*`, ...outcomeLines(request, short)]),
      ...context([who.join(" · ")]),
    ],
  };
}

const titles: Readonly<Record<RollbackState, (request: RollbackRequest) => string>> = {
  asked: ({ service }) => `⏪ ${service} · roll back? A second person has to agree`,
  agreed: ({ service }) => `⏪ ${service} · being rolled back`,
  pushed: ({ service }) => `⏪ ${service} · rolled back in the repository`,
  verifying: ({ service }) => `⏪ ${service} · rolled back, being measured`,
  verified: ({ service }) => `✅ ${service} · rolled back and verified`,
  unverified: ({ service }) => `🔴 ${service} · rolled back, NOT verified`,
  proposed: ({ service }) => `⏪ ${service} · rollback proposed, not merged yet`,
  failed: ({ service }) => `⚠️ ${service} · NOT rolled back`,
  withdrawn: ({ service }) => `⚪️ ${service} · not rolled back`,
};

function introduction({ plan, way, push, written }: RollbackRequest, text: Text): string {
  const what =
    way.kind === "revert" ? `${text(plan.way.name)} is taken back` : `Back to ${text(plan.way.name)}`;
  const where =
    push === "branch"
      ? `on ${text(written?.branch ?? plan.branch ?? "the branch")}`
      : `as a branch beside ${text(plan.branch ?? "the released one")}`;
  return `${what} ${where} of ${words(plan.repository, 120)}:`;
}

function valueLines({ plan }: RollbackRequest): readonly string[] {
  const { own, others, service } = plan;
  return [
    ...own.map((change) => `• ${backText(change, short)}`),
    ...(others.length === 0 ? [] : [`⚠️ Not of the files of ${words(service, 80)}, and taken back with it:`]),
    ...others.map((change) => `• ${backText(change, short)}`),
  ].slice(0, mostShown + 1);
}

function valueSentences({ plan: { own, others } }: RollbackRequest): readonly string[] {
  return [...own, ...others].map((change) => `${backText(change, same)}.`);
}

function stateBlocks(request: RollbackRequest): readonly Block[] {
  const lines = outcomeLines(request, (text) => words(text, reasonCharacters));
  return [...section(lines), ...context([peopleLine(request), ...laterLines(request)])];
}

/** What is in the way of nothing, but worth knowing before somebody agrees. */
function laterLines({ state, plan }: RollbackRequest): readonly string[] {
  if (state !== "asked") return [];
  const { later, way } = plan;
  return [
    ...(way.kind === "revert" && way.undoes !== undefined
      ? [`⚠️ ${short(way.name)} has itself rolled ${short(way.undoes)} back: its values come again.`]
      : []),
    ...(later.length === 0
      ? []
      : [`⚠️ ${counted(later.length, "later change")} of the same files: those values stay.`]),
  ];
}

function peopleLine({ asked, agreed, ended }: RollbackRequest): string {
  const end =
    ended === undefined ? "" : ended.how === "cancelled" ? ` · cancelled by ${person(ended.userId)}` : "";
  return `Asked for by ${person(asked.userId)}${agreed === undefined ? "" : ` · agreed to by ${person(agreed.userId)}`}${end}`;
}

function outcomeLines(request: RollbackRequest, text: Text): readonly string[] {
  const { state, service, problem, ended, written, captures, plan } = request;
  const again = `/gofire rollback ${service}`;
  switch (state) {
    case "asked":
      return [
        `Anybody but who asked, with the right to (access.rollback), may agree within ${durationText(agreeWithinMs)}. The same is worked out anew with the click.`,
      ];
    case "agreed":
      return ["It is being written."];
    case "pushed":
      return [`${pushedText(request, text)}. The audit log is told next.`];
    case "verifying":
      return [
        `${pushedText(request, text)}. It is captured again to see whether it helped, once it has had time to reach the processes.`,
        ...captures.slice(-1).map((one) => captureText(one, text)),
      ];
    case "verified":
      return [`${pushedText(request, text)}.`, ...measuredLines(request, text)];
    case "unverified":
      return [
        `${pushedText(request, text)}.`,
        ...measuredLines(request, text),
        `Whether it was released, says what releases it; then look once more: /gofire snapshot ${service}.`,
      ];
    case "proposed":
      return [
        `It stands on the branch ${text(written?.branch ?? "")} (${(written?.commit ?? "").slice(0, hashCharacters)}) of ${text(plan.repository)}. Merge it; then: /gofire snapshot ${service}.`,
      ];
    case "failed":
      return [text(problem ?? "It is not known why."), `To see how things stand: ${again}.`];
    case "withdrawn":
      return [
        ended?.how === "changed"
          ? `The repository changed, so that something else would be written than was agreed to. Nothing was pushed. The plan anew: ${again}.`
          : ended?.how === "expired"
            ? `Nobody agreed within ${durationText(agreeWithinMs)}. Nothing was pushed. To ask again: ${again}.`
            : "Nothing was pushed.",
      ];
  }
}

function pushedText({ written }: RollbackRequest, text: Text): string {
  const { branch = "", commit = "" } = written ?? {};
  return `${text(branch)} has it as ${commit.slice(0, hashCharacters)}`;
}

function captureText({ incidentId, result }: VerifyingCapture, text: Text): string {
  if (result === undefined) return `${incidentId} is being captured.`;
  if (result.helped === "yes") return `${incidentId} shows that it helped.`;
  return result.helped === "no"
    ? `${incidentId} still shows it; it is captured once more.`
    : `${incidentId} could not tell (${text(result.problem ?? reasonOf(result.measured))}); it is captured once more.`;
}

/** What the last capture says, number before and after. */
function measuredLines({ captures, incident }: RollbackRequest, text: Text): readonly string[] {
  const last = captures.findLast(({ result }) => result !== undefined);
  const { result } = last ?? {};
  if (last === undefined || result === undefined) return ["It could not be captured in time."];
  const whose = result.instance === undefined ? "" : ` of ${text(result.instance)}`;
  const loaded =
    result.configuration === undefined
      ? "Measured, not which configuration the process has loaded: it does not say."
      : `The process says of its configuration: ${text(result.configuration)}.`;
  const { goroutines: before } = incident ?? {};
  return [
    ...(result.problem === undefined ? [] : [`${last.incidentId}${whose}: ${text(result.problem)}`]),
    ...result.measured.map((one) => `${markOf(one)} ${measuredText(one, text)}.`),
    ...(result.helped === "yes" && result.measured.length === 0
      ? [`${last.incidentId}${whose} has no finding of warning or above.`]
      : []),
    ...(before === undefined || result.goroutines === undefined
      ? []
      : [`Goroutines in all: ${countText(before)} → ${countText(result.goroutines)}.`]),
    `By ${last.incidentId}${whose}, capture ${captures.length} since the push. ${loaded}`,
  ];
}

function markOf({ state }: MeasuredAfter): string {
  return { gone: "✅", still: "🔴", unseen: "⚪️" }[state];
}

function measuredText({ rule, title, state, before, after, reason }: MeasuredAfter, text: Text): string {
  const name = `${text(title)} (${text(rule)})`;
  switch (state) {
    case "gone":
      return `gone: ${name}${before === undefined ? "" : `: ${text(againstLimit(before))} → not found any more`}`;
    case "still": {
      const from = before === undefined ? "" : `${text(againstLimit(before))} → `;
      return `still there: ${name}${after === undefined ? "" : `: ${from}${text(againstLimit(after))}`}`;
    }
    case "unseen":
      return `not seen: ${name}: ${text(reason ?? "")}`;
  }
}

function reasonOf(measured: readonly MeasuredAfter[]): string {
  return measured.find(({ state }) => state === "unseen")?.reason ?? "not all of it could be judged";
}

function buttonsOf({ id, state, service, plan, push }: RollbackRequest): readonly ButtonSpec[] {
  if (state !== "asked") return [];
  const values = [...plan.own, ...plan.others].map((change) => changeText(change)).join("; ");
  const where = push === "branch" ? `onto ${plan.branch ?? "the branch"}` : "as a branch to be merged";
  return [
    {
      action: "rollback-go",
      label: "Roll Back Now…",
      spoken: `Agree to the rollback of ${service} and have it pushed`,
      value: id,
      style: "danger",
      confirm: {
        title: `Roll ${service} back?`,
        text: `It is pushed ${where}: ${values}`,
        yes: "Roll back now",
        no: "Not yet",
      },
    },
    { action: "rollback-cancel", label: "Cancel", spoken: `Cancel the rollback of ${service}`, value: id },
  ];
}

function footer(id: string, { digest, incident }: RollbackRequest): string {
  const whose = incident === undefined ? "" : ` · for ${words(incident.id, 40)}`;
  return `rollback ${id}${whose} · plan ${code(digest.slice(0, digestCharacters), 40)}`;
}
