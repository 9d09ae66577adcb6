import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { contentTypeOf } from "../domain/content-type.ts";
import { PortError } from "../domain/errors.ts";
import { type Incident, isSettled, isWorkOver, type Reply } from "../domain/incident.ts";
import type { MessageBody, MessageRef, Place } from "../domain/message.ts";
import type { Artifacts } from "../ports/artifacts.ts";
import type { Chat, ChatFile } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { type ComparisonPorts, comparison, peerPicture } from "./comparison.ts";
import { defineJob, done, later } from "./job.ts";
import { markPage } from "./page-mark.ts";
import { type ReportPorts, reportReply } from "./report.ts";
import type { SettlePorts } from "./settle.ts";
import { pictureReply } from "./thread.ts";
import { verdictPictures } from "./verdict-pictures.ts";

/** How incidents look in the chat. Pure: the same incident gives the same body. */
export interface Cards {
  card(incident: Incident): MessageBody;
  /** A reply without files. */
  reply(incident: Incident, reply: Reply): MessageBody;
  /** What a reply says above its files. */
  comment(reply: Reply): string;
}

export interface PublishJobPorts extends SettlePorts, Omit<ComparisonPorts, "incidents">, ReportPorts {
  readonly artifacts: Artifacts;
  readonly chat: Chat;
  readonly cards: Cards;
  readonly clock: Clock;
}

/** Edits of the same state; a change of state is shown at once (Slack's own design guides: one edit per 3 s). */
const editEveryMs = 3_000;

/**
 * Makes the chat show what the incident says: its card, posted once and edited from then on, and its replies in
 * order. Of an incident in shadow everything is made ready and nothing is said, but for what people asked for. The queue runs it for one incident at a time. Before each message it notes that it is about to be sent, so
 * that after a death in between the chat is searched instead of told twice.
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
    let shown = incident;
    if (incident.shadow !== true) {
      shown = await showCard(incident, ports, signal);
      shown = await markPage(shown, ports, refuses, signal);
    }
    for (;;) {
      const reply = shown.replies.find(({ state }) => state === "pending" || state === "posting");
      if (reply === undefined) break;
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

async function showCard(incident: Incident, ports: PublishJobPorts, signal: AbortSignal): Promise<Incident> {
  const { incidents, chat, clock } = ports;
  const { id, card, state } = incident;
  const body = ports.cards.card(incident);
  const digest = digestOf(body);
  if (card?.problem !== undefined || card?.digest === digest) return incident;

  async function remember(change: Partial<NonNullable<Incident["card"]>>): Promise<Incident> {
    return await incidents.update(
      id,
      (now) => ({ ...now, card: { attemptedAtMs: clock.nowMs(), ...now.card, ...change } }),
      signal,
    );
  }

  if (card === undefined) await remember({});
  try {
    const ref =
      card?.ref ?? (await chat.post(incident.place, body, postingOf(id, card?.attemptedAtMs), signal));
    // What an earlier attempt got through may have been older than this.
    if (card !== undefined) {
      if (card.ref === undefined) await remember({ ref });
      // Of the few edits that the chat takes, ends come first: who sees them knows that it began.
      const isNews = isSettled(state) && card.state !== state;
      await chat.edit(ref, body, isNews ? "news" : "progress", signal);
    }
    return await remember({ ref, digest, state, shownAtMs: clock.nowMs() });
  } catch (error) {
    if (refuses(error)) return await remember({ problem: error.message });
    if (card === undefined && wasNotTaken(error)) await incidents.update(id, withoutCard, signal);
    throw error;
  }
}

/** Whether the card shows what the incident says by now, or never will. */
function isOnCard(incident: Incident, cards: Cards): boolean {
  const { card, shadow } = incident;
  return shadow === true || card?.problem !== undefined || card?.digest === digestOf(cards.card(incident));
}

function digestOf(body: MessageBody): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}

async function send(
  incident: Incident,
  reply: Reply,
  ports: PublishJobPorts,
  signal: AbortSignal,
): Promise<Incident> {
  const { incidents, clock } = ports;

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
  if (reply.attemptedAtMs === undefined) await remember({ state: "posting", attemptedAtMs: clock.nowMs() });
  try {
    const ref = await sent(incident, reply, to, ports, signal);
    return await remember({ state: "posted", ref });
  } catch (error) {
    if (refuses(error)) return await remember({ state: "given-up", problem: error.message });
    if (reply.attemptedAtMs === undefined && wasNotTaken(error)) await change(unsent);
    throw error;
  }
}

/** `nowhere`: it is in shadow, and nobody asked for this reply. */
function destinationOf({ shadow, card, place }: Incident, { askedIn }: Reply): Place | "no card" | "nowhere" {
  if (shadow === true) return askedIn ?? "nowhere";
  const thread = place.thread ?? card?.ref?.ts;
  return card?.ref === undefined || thread === undefined ? "no card" : { channel: card.ref.channel, thread };
}

async function sent(
  incident: Incident,
  reply: Reply,
  place: Place,
  { chat, cards, artifacts }: PublishJobPorts,
  signal: AbortSignal,
): Promise<MessageRef> {
  const posting = postingOf(reply.intent, reply.attemptedAtMs);
  const files: ChatFile[] = [];
  for (const { artifact, name, title, altText } of reply.files) {
    const stored = await artifacts.stat(artifact, signal);
    if (stored === undefined || stored.bytes === 0) continue; // removed meanwhile
    files.push({
      name,
      title,
      contentType: contentTypeOf(name),
      bytes: stored.bytes,
      open: () => artifacts.get(artifact, signal),
      ...(altText === undefined ? {} : { altText }),
    });
  }
  return files.length === 0
    ? await chat.post(place, cards.reply(incident, reply), posting, signal)
    : await chat.upload(place, files, cards.comment(reply), posting, signal);
}

function postingOf(intent: string, attemptedAtMs: number | undefined) {
  return attemptedAtMs === undefined ? { intent } : { intent, attemptedAtMs };
}

/** The first attempt came to nothing for certain, so the next one need not search for it. */
function wasNotTaken(error: unknown): boolean {
  return error instanceof PortError && ["rate-limited", "locked-out"].includes(error.code);
}

function unsent({ attemptedAtMs: _attemptedAtMs, ...rest }: Reply): Reply {
  return { ...rest, state: "pending" };
}

function without(incident: Incident, { intent }: Reply): Incident {
  return { ...incident, replies: incident.replies.filter((other) => other.intent !== intent) };
}

function withoutCard({ card: _card, ...rest }: Incident): Incident {
  return rest;
}

/** Asking again would not help. */
function refuses(error: unknown): error is PortError {
  return error instanceof PortError && ["not-found", "forbidden", "bad-response"].includes(error.code);
}
