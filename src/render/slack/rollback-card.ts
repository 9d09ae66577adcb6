import type { MessageBody } from "../../domain/chat/message.ts";
import {
  longestShown,
  type RollbackRequest,
  type RollbackState,
} from "../../domain/configuration/rollback-request.ts";
import { counted } from "../../domain/units.ts";
import { changeText } from "../config-words.ts";
import { type Block, type ButtonSpec, buttons, context, fitBlocks, header, section } from "./blocks.ts";
import { code, person, spoken, words } from "./escape.ts";
import { slackLimits } from "./limits.ts";
import { backText } from "./rollback.ts";
import { type Medium, outcomeLines } from "./rollback-outcome.ts";

/** Written out: what is agreed to is cut nowhere, see `inTheWay`. */
const partCharacters = 6 * longestShown;
const digestCharacters = 12;

const shown: Medium = {
  text: (text) => words(text, partCharacters),
  command: (line) => code(line, 200),
};
const spokenOut: Medium = { text: (text) => text, command: (line) => line };

/** The one message of a rollback, from the question on; the same request gives the same card. */
export function rollbackCard(request: RollbackRequest): MessageBody {
  const title = titles[request.state](request);
  const body = [
    header(title),
    ...wholeSections([introduction(request, shown), ...valueLines(request)]),
    ...section(outcomeLines(request, shown)),
    ...context([peopleLine(request), ...laterLines(request)]),
  ];
  const sentences = [
    `${title}.`,
    introduction(request, spokenOut),
    ...[...request.plan.own, ...request.plan.others].map((change) => `${backText(change, spokenOut.text)}.`),
    ...outcomeLines(request, spokenOut),
  ];
  const whole = [...body, ...ending(request, buttonsOf(request))];
  const blocks = fitBlocks(whole, more);
  return {
    text: spoken(sentences.join(" "), slackLimits.text),
    // What nobody sees whole nobody can agree to.
    blocks:
      blocks.length === whole.length
        ? blocks
        : fitBlocks(
            body,
            more,
            ending(
              request,
              buttonsOf(request).filter(({ action }) => action !== "rollback-go"),
            ),
          ),
  };
}

/** What is left of it where people of other workspaces read: where it stands, and no value, branch or person. */
export function overheardRollbackCard(request: RollbackRequest): MessageBody {
  const { id, service, state } = request;
  const title = titles[state](request);
  const why =
    "People of other workspaces read here now, so what it puts back is not shown here, and nobody agrees to it here.";
  return {
    text: spoken(`${title}. ${why}`, slackLimits.text),
    blocks: [
      header(title),
      ...section([
        why,
        `In a channel that is this workspace's alone: ${code(`/gofire rollback ${service}`, 200)}`,
      ]),
      ...buttons(
        `rollback-${state}-overheard`,
        buttonsOf(request).filter(({ action }) => action === "rollback-cancel"),
      ),
      ...context([`rollback ${id}`]),
    ],
  };
}

const more = "… and more than fits here, so nobody can agree to it: roll it back in the repository.";

function ending(request: RollbackRequest, specs: readonly ButtonSpec[]): readonly Block[] {
  return [...buttons(`rollback-${request.state}`, specs), ...context([footer(request)])];
}

/** What the thread hears once it is over; undefined where nothing was done and nobody waits for it. */
export function rollbackOutcome(request: RollbackRequest): MessageBody | undefined {
  const { state, asked, agreed } = request;
  if (state === "withdrawn") return undefined;
  const who = [asked, ...(agreed === undefined ? [] : [agreed])].map(({ userId }) => person(userId));
  const title = titles[state](request);
  return {
    text: spoken([`${title}.`, ...outcomeLines(request, spokenOut)].join(" "), slackLimits.text),
    blocks: [
      ...section([`*${words(title, 200)}*`, ...outcomeLines(request, shown)]),
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

function introduction({ plan, way, push, written }: RollbackRequest, { text }: Medium): string {
  const verb = written === undefined ? "would be" : push === "proposal" ? "is to be" : "is";
  const name = text(plan.way.name);
  const what = way.kind === "revert" ? `${name} ${verb} taken back` : `Back to ${name}`;
  const branch = text(plan.branch ?? "the released branch");
  const where = push === "branch" ? `on ${branch}` : `by a branch beside ${branch}`;
  return `${what} ${where} of ${text(plan.repository)}:`;
}

function valueLines({ plan }: RollbackRequest): readonly string[] {
  const { own, others, service } = plan;
  return [
    ...own.map((change) => `• ${backText(change, shown.text)}`),
    ...(others.length === 0 ? [] : [`⚠️ Taken back with it, outside of the files of ${words(service, 80)}:`]),
    ...others.map((change) => `• ${backText(change, shown.text)}`),
  ];
}

/** As many blocks as it takes to leave out no line. */
function wholeSections(lines: readonly string[]): readonly Block[] {
  const blocks: Block[] = [];
  let some: string[] = [];
  for (const line of lines) {
    if ([...some, line].join("\n").length > slackLimits.section) {
      blocks.push(...section(some));
      some = [];
    }
    some.push(line);
  }
  return [...blocks, ...section(some)];
}

/** What is in the way of nothing, but worth knowing before somebody agrees. */
function laterLines({ state, plan }: RollbackRequest): readonly string[] {
  if (state !== "asked") return [];
  const { later, way } = plan;
  return [
    ...(way.kind === "revert" && way.undoes !== undefined
      ? [`⚠️ ${shown.text(way.name)} has itself rolled ${shown.text(way.undoes)} back: its values come again.`]
      : []),
    ...(later.length === 0
      ? []
      : [`⚠️ ${counted(later.length, "later change")} of the same files: those values stay.`]),
  ];
}

function peopleLine({ asked, agreed, ended }: RollbackRequest): string {
  return [
    `Asked for by ${person(asked.userId)}`,
    agreed === undefined ? "" : `agreed to by ${person(agreed.userId)}`,
    ended?.how === "cancelled" ? `cancelled by ${person(ended.userId)}` : "",
  ]
    .filter((part) => part !== "")
    .join(" · ");
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

function footer({ id, digest, incident }: RollbackRequest): string {
  const whose = incident === undefined ? "" : ` · for ${words(incident.id, 40)}`;
  return `rollback ${id}${whose} · plan ${code(digest.slice(0, digestCharacters), 40)}`;
}
