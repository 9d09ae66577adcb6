import { createHash } from "node:crypto";
import * as z from "zod/mini";
import type { GateState } from "../domain/configuration/gate.ts";
import type { FullList, GateCard, GateView, ProposalReport } from "../domain/configuration/gate-card.ts";
import type { Card, Reply } from "../domain/incidents/incident.ts";
import type { GateCards } from "../ports/gate-cards.ts";
import type { Rooms } from "../ports/rooms.ts";
import type { TellingCards } from "./access/overheard.ts";
import type { GateLooks } from "./gate/looks.ts";
import { lookAt, type ReportPorts } from "./gate/report.ts";
import { defineJob, done } from "./job.ts";
import { putText } from "./thread/contents.ts";
import { type SendReplyPorts, sendReply } from "./thread/send-reply.ts";
import { isShown, refuses, showMessage } from "./thread/show-message.ts";

export interface GateCardJobPorts extends ReportPorts, SendReplyPorts {
  readonly rights: { readonly rooms: Pick<Rooms, "isOnlyOurs"> };
  readonly gateCards: GateCards;
  readonly cards: Pick<GateLooks, "gate" | "gateList" | "gateReply">;
}

/** So long may the chat or the repository be away. */
const tryForMs = 86_400_000;

/**
 * Makes a proposal's card say what it would change and where it stands now. What does not fit comes as a file into its thread, and
 * buttons only after that: nobody approves what they could not read. The queue runs it for one card at a time.
 */
export const gateCard = defineJob({
  name: "gate-card",
  payload: z.object({ cardId: z.string(), sinceMs: z.string() }),
  // About two minutes; after that it begins anew.
  attempts: 8,
  backoffMs: 500,
  timeoutMs: 150_000,
  concurrency: 4,
  async run({ cardId }, ports: GateCardJobPorts, { signal }) {
    const card = await ports.gateCards.read(cardId, signal);
    if (card === undefined) return done;
    if (!(await ports.rights.rooms.isOnlyOurs(card.place.channel, signal))) {
      if (card.card !== undefined) await show(card, overheard(card), ports, signal);
      return done;
    }
    const report = await reportOf(card, ports, signal);
    if ("problem" in report) {
      // Who asked is told; a card is for who may decide.
      if (card.card !== undefined) await show(card, report, ports, signal);
      return done;
    }
    const { isWhole } = ports.cards.gate({ report, list: "there" });
    let shown = await show(card, { report, list: listOf(card, report) }, ports, signal);
    shown = await withReplies(shown, await repliesTo(shown, report, isWhole, ports, signal), ports, signal);
    shown = await sendReplies(shown, ports, signal);
    await show(shown, { report, list: listOf(shown, report) }, ports, signal);
    return done;
  },
  async gaveUp({ cardId, sinceMs }, _reason, { gateCards, clock }: GateCardJobPorts, signal) {
    // The log has what was decided; after a day, the next command or click shows it.
    const since = Number(sinceMs);
    if (clock.nowMs() - since < tryForMs) await gateCards.wake(cardId, since, signal);
  },
});

function overheard({ proposal }: Pick<GateCard, "proposal">): GateView {
  return { proposal, isOverheard: true };
}

/** The cards of proposals, for what is done where others were let in. */
export function gateCardsTelling({
  gateCards,
  cards,
  clock,
}: Pick<GateCardJobPorts, "gateCards" | "cards" | "clock">): TellingCards {
  return {
    all: (signal) => gateCards.all(signal),
    async hushed(id, signal) {
      const card = await gateCards.read(id, signal);
      return card?.card && { card: card.card, body: cards.gate(overheard(card)).body };
    },
    wake: (id, signal) => gateCards.wake(id, clock.nowMs(), signal),
  };
}

async function reportOf(
  { proposal, repository }: GateCard,
  ports: GateCardJobPorts,
  signal: AbortSignal,
): Promise<ProposalReport | Extract<GateView, { problem: string }>> {
  const { gate, clock } = ports;
  if (gate?.repository !== repository) {
    return { repository, proposal, problem: "gofire.yaml has no gate for this repository any more" };
  }
  try {
    return (await lookAt(proposal, gate, clock.nowMs(), signal)).report;
  } catch (error) {
    if (!refuses(error)) throw error;
    return { repository, proposal, problem: error.message };
  }
}

async function show(
  card: GateCard,
  view: GateView,
  ports: GateCardJobPorts,
  signal: AbortSignal,
): Promise<GateCard> {
  const { id, place } = card;
  const { body } = ports.cards.gate(view);
  if (isShown(card.card, body)) return card;
  return await showMessage(
    {
      card: card.card,
      intent: id,
      place,
      body,
      urgency: "news",
      change: async (changed) =>
        await ports.gateCards.update(id, (now) => withCard(now, changed(now.card)), signal),
      ...(place.thread === undefined
        ? {}
        : {
            showElsewhere: async () =>
              await show(await ports.gateCards.update(id, outOfThread, signal), view, ports, signal),
          }),
    },
    ports,
    signal,
  );
}

/**
 * The full list where the card leaves something out, and word of each environment that is approved: each once for what it is
 * of.
 */
async function repliesTo(
  { id, card, replies }: GateCard,
  report: ProposalReport,
  isWhole: boolean,
  { cards, artifacts }: GateCardJobPorts,
  signal: AbortSignal,
): Promise<readonly Reply[]> {
  if (card?.ref === undefined) return [];
  const isNew = (intent: string) => !replies.some((reply) => reply.intent === intent);
  const found: Reply[] = [];
  const { intent, name } = listFile(id, report);
  if (!isWhole && isNew(intent)) {
    const artifact = await putText(`incidents/${id}/${name}`, cards.gateList(report), artifacts, signal);
    const title = `Changes of ${report.proposal.name}`;
    const text = "Everything that would change, value by value.";
    found.push({ intent, kind: "report", text, files: [{ artifact, name, title }], state: "pending" });
  }
  for (const state of report.states.filter(({ verdict }) => verdict === "approved")) {
    const approved = `${id}/approved-${state.environment}-${keyOf(state.digest ?? "")}`;
    if (!isNew(approved)) continue;
    found.push({ intent: approved, kind: "note", text: approvedText(state), files: [], state: "pending" });
  }
  return found;
}

async function withReplies(
  card: GateCard,
  further: readonly Reply[],
  { gateCards }: GateCardJobPorts,
  signal: AbortSignal,
): Promise<GateCard> {
  if (further.length === 0) return card;
  return await gateCards.update(
    card.id,
    (now) => {
      const fresh = further.filter(({ intent }) => !now.replies.some((reply) => reply.intent === intent));
      return { ...now, replies: [...now.replies, ...fresh] };
    },
    signal,
  );
}

async function sendReplies(card: GateCard, ports: GateCardJobPorts, signal: AbortSignal): Promise<GateCard> {
  let now = card;
  for (;;) {
    const ref = now.card?.ref;
    const reply = now.replies.find(({ state }) => state === "pending" || state === "posting");
    if (ref === undefined || reply === undefined) return now;
    now = await sendReply(
      reply,
      { channel: ref.channel, thread: now.place.thread ?? ref.ts },
      { body: () => ports.cards.gateReply(reply), comment: () => reply.text },
      async (changed) =>
        await ports.gateCards.update(now.id, (one) => withReply(one, reply, changed), signal),
      ports,
      signal,
    );
  }
}

function listOf({ id, replies }: GateCard, report: ProposalReport): FullList {
  const { intent } = listFile(id, report);
  const reply = replies.find((other) => other.intent === intent);
  if (reply?.state === "given-up") return { problem: reply.problem ?? "the chat did not take it" };
  return reply?.state === "posted" ? "there" : "coming";
}

/** Another one for each state that the environments could come to, from each that they are in. */
function listFile(
  id: string,
  { proposal }: ProposalReport,
): { readonly intent: string; readonly name: string } {
  const key = keyOf(
    JSON.stringify(proposal.environments.map(({ name, was, digest }) => [name, was, digest])),
  );
  return { intent: `${id}/list-${key}`, name: `changes-${key}.md` };
}

function approvedText({ environment, approvals }: GateState): string {
  const whose = approvals.map(({ actor }) => actor).join(" and ");
  return `${environment} is approved by ${whose}. CI: run its check again (gofire config gate).`;
}

function keyOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function withReply(now: GateCard, { intent }: Reply, changed: (reply: Reply) => Reply): GateCard {
  return {
    ...now,
    replies: now.replies.map((other) => (other.intent === intent ? changed(other) : other)),
  };
}

function withCard({ card: _before, ...rest }: GateCard, card: Card | undefined): GateCard {
  return card === undefined ? rest : { ...rest, card };
}

function outOfThread({ place: { channel }, ...rest }: GateCard): GateCard {
  return { ...rest, place: { channel } };
}
