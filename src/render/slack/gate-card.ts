import type { MessageBody } from "../../domain/chat/message.ts";
import type { GateState } from "../../domain/configuration/gate.ts";
import type { FullList, GateView, ProposalReport } from "../../domain/configuration/gate-card.ts";
import { gateButtonIds } from "../../domain/configuration/gate-request.ts";
import type { ProposalEnvironment } from "../../domain/configuration/proposal.ts";
import { shortRevision } from "../../domain/configuration/short-revision.ts";
import { counted } from "../../domain/units.ts";
import { changeText } from "../config-words.ts";
import { gateVerdictText, unknownText } from "../gate-words.ts";
import { type Block, type ButtonSpec, buttons, context, divider, header, section } from "./blocks.ts";
import { bold, code, words } from "./escape.ts";
import { type ShortChanges, shortChanges } from "./gate-changes.ts";
import { approverLines, gateMarks, shownDigest } from "./gate-words.ts";
import { slackLimits } from "./limits.ts";
import { replyBody } from "./reply-body.ts";

/** More have to be decided by their digests: each takes up to six of a message's fifty blocks. */
const mostEnvironments = 6;
/** Values of each environment that are shown, as far as a message holds them. */
const changeCounts = [15, 10, 6, 4, 2, 1, 0];
const mostReasons = 6;
const reasonCharacters = 250;
const mostAddresses = 6;

/**
 * A proposal's card: environment by environment what would change, by value, and where it stands. `isWhole`: no change is left
 * out or shortened; else there are no buttons before all of it can be read in the thread.
 */
export function gateCard(view: GateView): { readonly body: MessageBody; readonly isWhole: boolean } {
  if ("problem" in view) return { body: problemBody(view), isWhole: true };
  if ("isOverheard" in view) return { body: overheardBody(view), isWhole: true };
  const { report, list } = view;
  for (const most of changeCounts) {
    const parts = report.proposal.environments.map((environment) => shortChanges(environment, most));
    const isWhole = parts.every((part) => part.isWhole) && report.states.length <= mostEnvironments;
    const isReadable = isWhole || list === "there";
    const blocks = blocksOf(report, parts, isReadable, isWhole ? "" : listText(list));
    if (JSON.stringify(blocks).length > slackLimits.messageCharacters && most > 0) continue;
    return { body: replyBody(sentences(report), blocks), isWhole };
  }
  throw new Error("a card of no changes is drawn");
}

function blocksOf(
  report: ProposalReport,
  parts: readonly ShortChanges[],
  isReadable: boolean,
  cutText: string,
): readonly Block[] {
  const { proposal, states } = report;
  const { name, subject, environments } = proposal;
  const rest = states.length - mostEnvironments;
  return [
    header(`${markOf(report)} Config change ${name} · ${verdictText(report)}`),
    ...section([words(subject, 300), words(whereText(report), 300)]),
    ...context([authorsText(report)]),
    ...states.slice(0, mostEnvironments).flatMap((state) => {
      const at = environments.findIndex((environment) => environment.name === state.environment);
      return environmentBlocks(state, environments[at], parts[at], report, isReadable);
    }),
    ...section([
      rest > 0
        ? `… and ${counted(rest, "more environment")}, in the file in the thread: decide by the digest.`
        : "",
      cutText,
    ]),
    ...context([howText(report)]),
  ];
}

function environmentBlocks(
  state: GateState,
  environment: ProposalEnvironment | undefined,
  changes: ShortChanges | undefined,
  report: ProposalReport,
  isReadable: boolean,
): readonly Block[] {
  const { reasons, environment: name, digest } = state;
  const services = environment?.services ?? [];
  return [
    divider,
    ...section([
      `${gateMarks[state.verdict]} ${bold(name, 80)} · ${words(gateVerdictText(state), 200)}`,
      services.length === 0 ? "" : `Services: ${words(services.join(", "), 300)}`,
      ...(changes?.lines ?? []),
    ]),
    ...section(cut(reasons, mostReasons, "reason").map((reason) => `✗ ${words(reason, reasonCharacters)}`)),
    ...context([
      ...approverLines(state, report.earlier.find((one) => one.environment === name)?.actors ?? []),
      digest === undefined ? "" : `Digest ${code(shownDigest(digest), 40)}`,
    ]),
    ...(isReadable ? decisionButtons(state, environment, report) : []),
  ];
}

/** Id of the block differs between states, so that a stale click can be told. */
function decisionButtons(
  { environment, digest, verdict, approvals, rejections }: GateState,
  proposed: ProposalEnvironment | undefined,
  { proposal: { name, head } }: ProposalReport,
): readonly Block[] {
  if (digest === undefined || verdict === "refused" || verdict === "not-applicable") return [];
  const count = counted((proposed?.changes.length ?? 0) + (proposed?.uncompared.length ?? 0), "change");
  const about = `${environment}, digest ${shownDigest(digest)}, ${count}`;
  const button = (
    decision: "approve" | "reject" | "withdraw",
    label: string,
    asks: string,
    style?: ButtonSpec["style"],
  ): ButtonSpec => ({
    ...gateButtonIds({ decision, environment, digest, head, proposal: name }),
    label,
    spoken: `${label.replace("…", "")} config change ${name} for ${environment}`,
    ...(style === undefined ? {} : { style }),
    confirm: {
      title: `${label.replace("…", "")} ${name} for ${environment}?`,
      text: `${asks} ${about}.`,
      yes: label.replace("…", ""),
      no: "Cancel",
    },
  });
  const withdrawn = "What you decided is taken back:";
  return buttons(`gate ${environment} ${digest.slice(0, 40)}`, [
    ...(rejections.length > 0 || verdict === "approved"
      ? []
      : [button("approve", "Approve…", "This goes into the audit log, and may be released:", "primary")]),
    button(
      "reject",
      "Reject…",
      "This goes into the audit log. Nobody's approval counts until you withdraw it:",
    ),
    ...(approvals.length + rejections.length > 0 ? [button("withdraw", "Withdraw Mine…", withdrawn)] : []),
  ]);
}

function listText(list: FullList): string {
  if (list === "there")
    return "📎 This card leaves something out: every change in full is a file in the thread.";
  if (list === "coming") {
    return "📎 This card leaves something out: every change in full comes as a file into the thread, and the buttons after it.";
  }
  return `📎 This card leaves something out, and the file with every change could not be put into the thread, so nobody can decide here: ${words(list.problem, reasonCharacters)}`;
}

function markOf({ states }: ProposalReport): string {
  return gateMarks[worst(states)];
}

function verdictText({ states, proposal }: ProposalReport): string {
  if (states.length === 0) return "nothing to approve";
  if (states.length === 1) return gateVerdictText(states[0] as GateState);
  const open = states.filter(({ verdict }) => verdict !== "approved").length;
  return proposal.problems.length > 0
    ? "cannot be approved as it is"
    : open === 0
      ? "approved"
      : `${states.length - open} of ${counted(states.length, "environment")} approved`;
}

const order = ["refused", "rejected", "waiting", "approved", "not-applicable"] as const;

function worst(states: readonly GateState[]): GateState["verdict"] {
  return order.find((verdict) => states.some((state) => state.verdict === verdict)) ?? "not-applicable";
}

function whereText({ proposal: { repository, branch, head } }: ProposalReport): string {
  return `${shortRevision(head)} into ${branch ?? "the checked-out branch"} of ${repository}`;
}

function authorsText({ proposal: { addresses }, states }: ProposalReport): string {
  const listed = cut(addresses, mostAddresses, "author").join(", ");
  const [first] = states;
  const unknown = first === undefined ? "" : unknownText(first);
  return addresses.length === 0
    ? ""
    : words(`By ${listed}: authors do not decide${unknown === "" ? "" : `; ${unknown}`}`, 900);
}

function howText({ proposal: { name }, states }: ProposalReport): string {
  const open = states.find(({ verdict }) => verdict === "waiting" || verdict === "approved");
  if (open === undefined) return "";
  const digest = open.verdict === "waiting" ? open.digest : undefined;
  const by =
    digest === undefined
      ? ""
      : ` Without the card: ${code(`/approve-config ${name} ${shownDigest(digest)}`, 200)}.`;
  return `An approval is for exactly these files as merging would leave them; any other change of them voids it.${by} CI asks with ${code("gofire config gate", 40)}.`;
}

function sentences(report: ProposalReport): readonly string[] {
  const { proposal, states } = report;
  return [
    `Config change ${proposal.name}: ${verdictText(report)}.`,
    `${proposal.subject}.`,
    ...states.flatMap((state) => {
      const environment = proposal.environments.find(({ name }) => name === state.environment);
      return [
        `${state.environment}: ${gateVerdictText(state)}.`,
        ...state.reasons,
        ...(environment?.changes.map((change) => `${changeText(change)}.`) ?? []),
        ...(environment?.uncompared.map(({ file }) => `${file} could not be compared.`) ?? []),
      ];
    }),
  ];
}

function problemBody({ proposal, repository, problem }: Extract<GateView, { problem: string }>): MessageBody {
  return replyBody(
    [`Config change ${proposal} of ${repository} cannot be read any more: ${problem}.`],
    [
      header(`🟡 Config change ${proposal} · cannot be read any more`),
      ...section([words(problem, 1_000), words(repository, 300)]),
    ],
  );
}

function overheardBody({ proposal }: Extract<GateView, { isOverheard: true }>): MessageBody {
  const why = "People of other workspaces read here now, so nothing of it is shown or decided here.";
  return replyBody(
    [`Config change ${proposal} is not shown here. ${why}`],
    [
      header(`⚪️ Config change ${proposal} · not shown here`),
      ...section([
        why,
        `What was decided still counts. In a channel that is this workspace's alone: ${code(`/approve-config ${proposal}`, 200)}`,
      ]),
    ],
  );
}

function cut<Part>(parts: readonly Part[], most: number, what: string): readonly (Part | string)[] {
  const rest = parts.length - most;
  return rest > 0 ? [...parts.slice(0, most), `… and ${counted(rest, `more ${what}`)}`] : parts;
}
