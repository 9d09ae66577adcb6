import * as z from "zod/mini";
import type { StormView } from "../domain/alerts/storm.ts";
import type { ChatReply } from "../domain/chat/chat-reply.ts";
import type { MessageBody, Place } from "../domain/chat/message.ts";
import type { LostRollback } from "../domain/configuration/lost-rollback.ts";
import type { RollbackRequest } from "../domain/configuration/rollback-request.ts";
import { PortError } from "../domain/errors.ts";
import { type Card, type Incident, isSettled, isWorkOver, type Reply } from "../domain/incidents/incident.ts";
import type { TlsAnswer } from "../domain/tls/look.ts";
import type { Urgency } from "../ports/chat.ts";
import type { OpenMute } from "../ports/open-acts.ts";
import type { JobOutcome } from "../ports/worker.ts";
import type { SettlePorts } from "./incidents/settle.ts";
import { defineJob, done, later } from "./job.ts";
import { markPage } from "./pages/page-mark.ts";
import { type ComparisonPorts, comparison, peerPicture } from "./peers/comparison.ts";
import { type StormPlacePorts, stormPlace } from "./storms/storm-card.ts";
import { type ReportPorts, reportReply } from "./thread/report.ts";
import { type SendReplyPorts, sendReply } from "./thread/send-reply.ts";
import { isShown, refuses, showMessage } from "./thread/show-message.ts";
import { pictureReply } from "./thread/thread.ts";
import { verdictPictures } from "./thread/verdict-pictures.ts";
import type { VerdictsFirst } from "./turns/verdicts-first.ts";

/** How incidents look in the chat. Pure: the same incident gives the same body. */
export interface Cards {
  card(incident: Incident): MessageBody;
  /** A reply without files. */
  reply(incident: Incident, reply: Reply): MessageBody;
  /** What a reply says above its files. */
  comment(reply: Reply): string;
  /** The digest of a storm. */
  storm(view: StormView): MessageBody;
  /** Every page of a storm, as the text of a Markdown file. */
  stormList(view: StormView): string;
  /** What a look at a TLS port brought. */
  tls(answer: TlsAnswer): MessageBody;
  /** That something is muted, or not any more. */
  announcement(act: OpenMute): MessageBody;
  /** The card of a rollback. */
  rollback(request: RollbackRequest): MessageBody;
  /** The same where people of other workspaces read: no more than where it stands. */
  overheardRollback(request: RollbackRequest): MessageBody;
  /** What its thread hears once it is over; undefined where nothing was done. */
  rollbackOutcome(request: RollbackRequest): MessageBody | undefined;
  /** In place of the card of a rollback that there are no records of any more. */
  lostRollback(lost: LostRollback): MessageBody;
  /** The same for its thread. */
  lostRollbackNote(lost: LostRollback): MessageBody;
  /** An answer to one person; `isAgain`: one that they may have read already. */
  answer(reply: ChatReply, isAgain: boolean): MessageBody;
}

export interface PublishJobPorts
  extends SettlePorts,
    Omit<ComparisonPorts, "incidents">,
    Omit<ReportPorts, "artifacts" | "clock" | "incidents">,
    SendReplyPorts,
    StormPlacePorts {
  readonly cards: Cards;
  readonly verdictsFirst: VerdictsFirst;
}

/** How soon replies that made way for verdicts look again. */
const replyWaitMs = 200;

/** Edits of the same state; a change of state is shown at once (Slack's own design guides: one edit per 3 s). */
const editEveryMs = 3_000;
const lookAgainMs = 1_000;

/**
 * Makes the chat show what the incident says: its card, posted once and edited from then on, and its replies in order. Of an
 * incident in shadow everything is made ready and nothing is said, but for what people asked for. The queue runs it for one
 * incident at a time. Before each message it notes that it is about to be sent, so that after a death in between the chat is
 * searched instead of told twice.
 */
export const publish = defineJob({
  name: "publish",
  payload: z.object({ incidentId: z.string() }),
  // About two minutes; after that the sweep begins anew.
  attempts: 8,
  backoffMs: 500,
  timeoutMs: 120_000,
  // It waits for the chat nearly all the time: piles of evidence must not keep other verdicts from their cards.
  concurrency: 50,
  async run({ incidentId }, ports: PublishJobPorts, { signal }): Promise<JobOutcome> {
    const incident = await ports.incidents.read(incidentId, signal);
    if (incident === undefined) return done;
    const tooSoonMs = waitMs(incident, ports.clock.nowMs());
    if (tooSoonMs > 0) return later(tooSoonMs, "the last edit is fresh");
    const placed = await stormPlace(incident, ports, signal);
    if (placed === "not yet") return later(lookAgainMs, "the digest of its storm comes first");
    if (placed === "in the digest") {
      if (isWorkOver(incident)) await ports.incidents.settle(incident.id, incident.version, signal);
      return done;
    }
    let shown = placed;
    if (placed.shadow !== true) {
      try {
        shown = await showCard(placed, ports, signal);
      } catch (error) {
        if (!isHeldBack(placed, error)) throw error;
        return later(lookAgainMs, "progress gives way to news");
      }
      shown = await markPage(shown, ports, refuses, signal);
    }
    for (;;) {
      const reply = shown.replies.find(({ state }) => state === "pending" || state === "posting");
      if (reply === undefined) break;
      if (ports.verdictsFirst.mustWait()) return later(replyWaitMs, "verdicts go first");
      shown = await send(shown, reply, ports, signal);
    }
    if (!isWorkOver(shown)) return done;
    // Otherwise it changed meanwhile, and what changed is to be shown, too: settled, nobody would look at it again.
    return isOnCard(shown, ports.cards) && (await ports.incidents.settle(shown.id, shown.version, signal))
      ? done
      : later(0, "the incident changed meanwhile");
  },
  async gaveUp() {
    // The incident stays unsettled, so the sweep wakes this job again until the chat takes it.
  },
});

function waitMs({ card, state }: Incident, nowMs: number): number {
  if (card?.shownAtMs === undefined || card.state !== state) return 0;
  const restMs = card.shownAtMs + editEveryMs - nowMs;
  // Far more than the pause itself is another machine's clock: every look would find it as far away.
  return restMs > 2 * editEveryMs ? 0 : Math.min(editEveryMs, Math.max(0, restMs));
}

/**
 * The chat takes no progress for now, maybe for a minute. A verdict that came while it was asked was told to a run that was under
 * way, and would wait as long: the queue wakes only those that wait already.
 */
function isHeldBack(incident: Incident, error: unknown): boolean {
  const isProgress = incident.card?.ref !== undefined && urgencyOf(incident) === "progress";
  return isProgress && error instanceof PortError && error.code === "rate-limited";
}

/** Of the few edits that the chat takes, ends come first: who sees them knows that it began. */
function urgencyOf({ state, card }: Incident): Urgency {
  return isSettled(state) && card?.state !== state ? "news" : "progress";
}

async function showCard(incident: Incident, ports: PublishJobPorts, signal: AbortSignal): Promise<Incident> {
  const { incidents } = ports;
  const { id, card, state, place } = incident;
  const body = ports.cards.card(incident);
  if (isShown(card, body)) return incident;
  return await showMessage(
    {
      card,
      intent: id,
      place,
      body,
      tells: { state },
      urgency: urgencyOf(incident),
      change: async (changed) =>
        await incidents.update(id, (now) => withCard(now, changed(now.card)), signal),
      // Who deletes it before it says what was found cannot have meant the verdict: that comes in a new card, once.
      ...(card?.ref === undefined || incident.cardDeleted === true || isVerdictShown(card)
        ? {}
        : {
            showAnew: async () =>
              await showCard(await incidents.update(id, withoutCard(card), signal), ports, signal),
          }),
      ...(place.thread === undefined
        ? {}
        : {
            // Somebody deleted the page, or locked its thread: the answer stands where the page stood.
            showElsewhere: async () =>
              await showCard(await incidents.update(id, outOfThread, signal), ports, signal),
          }),
    },
    ports,
    signal,
  );
}

/** Whether the card shows what the incident says by now, or never will. */
function isOnCard(incident: Incident, cards: Cards): boolean {
  return incident.shadow === true || isShown(incident.card, cards.card(incident));
}

async function send(
  incident: Incident,
  reply: Reply,
  ports: PublishJobPorts,
  signal: AbortSignal,
): Promise<Incident> {
  const { incidents, cards } = ports;

  async function change(changed: (now: Reply) => Reply): Promise<Incident> {
    return await incidents.update(
      incident.id,
      (now) => ({
        ...now,
        replies: now.replies.map((other) => (other.intent === reply.intent ? changed(other) : other)),
      }),
      signal,
    );
  }

  async function remember(what: Partial<Reply>): Promise<Incident> {
    return await change((now) => ({ ...now, ...what }));
  }

  const to = destinationOf(incident, reply);
  if (to === "no card") {
    const problem = incident.card?.problem ?? "There is no card to reply to.";
    return await remember({ state: "given-up", problem });
  }
  if (reply.comparesWith !== undefined) {
    const drawn = await comparison(incident, reply.comparesWith, ports, signal);
    return await change(({ comparesWith: _comparesWith, ...rest }) => ({ ...rest, ...drawn }));
  }
  if (reply.reports === true) {
    const written = await reportReply(incident, reply, ports, signal);
    return await change(({ reports: _reports, ...rest }) => ({ ...rest, ...written }));
  }
  if (reply.draws === true || reply.comparesWithPeer === true) {
    const pictures =
      reply.draws === true
        ? await verdictPictures(incident, ports, signal)
        : [await peerPicture(incident, ports, signal)].filter((picture) => picture !== undefined);
    if (pictures.length > 0) {
      return await change(({ draws: _draws, comparesWithPeer: _peer, ...rest }) => ({
        ...rest,
        ...pictureReply(pictures),
      }));
    }
    return await incidents.update(incident.id, (now) => without(now, reply), signal);
  }
  if (to === "nowhere") return await remember({ state: "withheld" });
  const looks = { body: () => cards.reply(incident, reply), comment: () => cards.comment(reply) };
  return await sendReply(reply, to, looks, change, ports, signal);
}

/** `nowhere`: it is in shadow, and nobody asked for this reply. */
function destinationOf({ shadow, card, place }: Incident, { askedIn }: Reply): Place | "no card" | "nowhere" {
  if (shadow === true) return askedIn ?? "nowhere";
  const thread = place.thread ?? card?.ref?.ts;
  return card?.ref === undefined || thread === undefined ? "no card" : { channel: card.ref.channel, thread };
}

function without(incident: Incident, { intent }: Reply): Incident {
  return { ...incident, replies: incident.replies.filter((other) => other.intent !== intent) };
}

function outOfThread({ place: { channel }, ...rest }: Incident): Incident {
  return { ...rest, place: { channel } };
}

function isVerdictShown({ state }: Card): boolean {
  return state !== undefined && isSettled(state);
}

function withoutCard({ ref }: Card): (now: Incident) => Incident {
  return (now) => (now.card?.ref?.ts === ref?.ts ? { ...withCard(now, undefined), cardDeleted: true } : now);
}

function withCard({ card: _before, ...rest }: Incident, card: Card | undefined): Incident {
  return card === undefined ? rest : { ...rest, card };
}
