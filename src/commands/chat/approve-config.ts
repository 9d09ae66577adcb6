import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { ChatRequest, GateClick } from "../../domain/chat/chat-request.ts";
import { fewestDigestCharacters, plainDigest } from "../../domain/configuration/gate-request.ts";
import { isOnePlace } from "../../domain/configuration/git-address.ts";
import { UsageError } from "../../domain/errors.ts";
import { refusalWhereOverheard } from "../../jobs/access/overheard.ts";
import { refusalFor } from "../../jobs/access/refusal.ts";
import { mayRead } from "../../jobs/access/sight.ts";
import { type ChatPorts, defineChatCommand } from "./chat-command.ts";

/** The answer to a command does not wait longer for the address of a card. */
const linkWithinMs = 800;

export const approveConfig = defineChatCommand({
  name: "approve-config",
  summary: "See what a configuration change would do, environment by environment, and approve or reject it",
  usage: "PR [DIGEST]",
  examples: [
    { line: "approve-config 42", does: "the card of pull request 42, with the buttons that decide" },
    {
      line: "approve-config 42 mD3nTcEq8v1KxW0aZr5uYg",
      does: "approves what has this digest, without the card",
    },
  ],
  // It shows what is in the repository; approving has a right of its own.
  whoMayUse: "explain",
  operands: { placeholder: "the number of a pull request", min: 1, max: 2 },
  options: {},
  async run(request, { operands: [typed = "", digest] }, ports, signal) {
    const { gate } = ports;
    if (gate === undefined) return noGate;
    const proposal = proposalIn(typed, gate.repository);
    return digest === undefined
      ? await show(request, proposal, gate.repository, ports, signal)
      : await approve(request, proposal, digest, ports, signal);
  },
});

const noGate: ChatReply = {
  kind: "refused",
  why: "gofire does not know what needs approval here: gofire.yaml has no gate.",
  next: "Approve the change where it is reviewed. Who looks after gofire can name environments and approvals under gate.",
};

async function show(
  request: ChatRequest,
  proposal: string,
  repository: string,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  const refusal = (await outOfReach(request, ports, signal)) ?? (await overheard(request, ports, signal));
  if (refusal !== undefined) return refusal;
  const { place } = request;
  await ports.gateRequests.ask(asked(request, proposal, ports), signal);
  const link = await linkTo(proposal, repository, request, ports, signal);
  return { kind: "checking", proposal, place, ...(link === undefined ? {} : { card: link }) };
}

/** Where the card is that there is already, as far as the chat says so in time. */
async function linkTo(
  proposal: string,
  repository: string,
  { place }: ChatRequest,
  { gateCards, chat }: ChatPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(linkWithinMs)]);
  try {
    const known = await gateCards.find({ repository, proposal, place }, inTime);
    const { ref, problem } = known?.card ?? {};
    return ref === undefined || problem !== undefined ? undefined : await chat.permalink(ref, inTime);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function approve(
  request: ChatRequest,
  proposal: string,
  digest: string,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  if (
    !/^[A-Za-z0-9+/]+=?$/.test(plainDigest(digest)) ||
    plainDigest(digest).length < fewestDigestCharacters
  ) {
    throw new UsageError(
      `"${digest}" is no digest: write at least ${fewestDigestCharacters} characters of what the card or gofire config gate shows.`,
    );
  }
  const refusal =
    (await mayNotDecide(request, ports, signal)) ??
    (await outOfReach(request, ports, signal)) ??
    (await overheard(request, ports, signal));
  if (refusal !== undefined) return refusal;
  const decides = { decision: "approve", digest } as const;
  await ports.gateRequests.ask({ ...asked(request, proposal, ports), decides }, signal);
  return { kind: "deciding", decision: "approve", proposal };
}

/** A click on a button of a proposal's card: what it carries is what was seen, and is compared with what is there by then. */
export async function answerGateClick(
  { intent, userId, place, aside, clicked, button }: GateClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  if (ports.gate === undefined) return noGate;
  const refusal =
    (await mayNotDecide({ userId, place }, ports, signal)) ?? (await overheard({ place }, ports, signal));
  if (refusal !== undefined) return refusal;
  const { decision, environment, digest, proposal } = button;
  const askedAtMs = ports.clock.nowMs();
  const decides = { decision, environment, digest };
  await ports.gateRequests.ask(
    { intent, userId, place, aside, proposal, askedAtMs, clicked, decides },
    signal,
  );
  return { kind: "deciding", decision, proposal, environment };
}

function mayNotDecide(
  { userId, place }: Pick<ChatRequest, "userId" | "place">,
  ports: ChatPorts,
  signal: AbortSignal,
): ReturnType<typeof refusalFor> {
  return refusalFor("approve", { userId, channel: place.channel }, ports, signal);
}

/** What comes of it is said later than the answer to a command can be, and only where gofire may say something. */
async function outOfReach(
  { userId, place }: ChatRequest,
  { rooms }: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply | undefined> {
  const reads = await mayRead({ userId, channel: place.channel }, rooms, signal);
  if (reads === true) return undefined;
  if (reads === undefined) return untold;
  return {
    kind: "refused",
    why: "gofire is not in this channel and could not tell you here what comes of it, so nothing was done.",
    next: "Write it in a channel that gofire is in, or invite it first: /invite @gofire",
  };
}

/** A card shows values of the configuration to everybody who reads there. */
async function overheard(
  { place: { channel } }: Pick<ChatRequest, "place">,
  { rooms }: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply | undefined> {
  const nothing = "gofire shows no configuration here, and nothing is decided";
  try {
    return await refusalWhereOverheard(nothing, channel, rooms, signal);
  } catch {
    signal.throwIfAborted();
    return untold;
  }
}

const untold: ChatReply = {
  kind: "refused",
  why: "Slack does not tell just now who reads in this channel, so nothing was done.",
  next: "Try again in a minute.",
};

function asked(
  { intent, userId, place, aside = place }: ChatRequest,
  proposal: string,
  { clock }: ChatPorts,
) {
  return { intent, userId, place, aside, proposal, askedAtMs: clock.nowMs() };
}

/** `42`, `#42` as GitHub writes it, `!42` as GitLab does, the address of its page; else a branch or commit. */
function proposalIn(typed: string, repository: string): string {
  const [, page, request] = requestPage.exec(typed) ?? [];
  if (page !== undefined && request !== undefined) {
    if (isOnePlace(page, repository)) return request;
    throw new UsageError(`${typed} is of another repository than ${repository}.`);
  }
  const name = /^[#!](\d+)$/.exec(typed)?.[1] ?? typed;
  if (name === "help" || !/^[^\s~^:?*[\\\p{Cc}-][^\s~^:?*[\\\p{Cc}]{0,254}$/u.test(name)) {
    throw new UsageError(
      `"${typed}" is no pull request: write its number, or the name of a branch of the configuration's repository.`,
    );
  }
  return name;
}

/** Of a pull or merge request, on GitHub, on Gitea and Forgejo, and on GitLab. */
const requestPage = /^(https?:\/\/[^\s?#]+?)\/(?:pull|pulls|-\/merge_requests)\/(\d+)(?:[/?#]\S*)?$/;
