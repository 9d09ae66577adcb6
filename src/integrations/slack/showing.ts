import type { ChatReply } from "../../domain/chat-reply.ts";
import type { ChatRequest } from "../../domain/chat-request.ts";
import type { Incident } from "../../domain/incident.ts";
import type { MessageBody, Place } from "../../domain/message.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import { nothingMore } from "./answers.ts";
import type { SlackClient } from "./client.ts";
import { audienceOf, type Looks } from "./conversation.ts";
import { withFinding } from "./feedback-form.ts";
import { inTime } from "./in-time.ts";
import { reachable } from "./reachable.ts";
import { withPlace } from "./snapshot-form.ts";

export interface ShowingSettings {
  readonly client: SlackClient;
  readonly chat: Chat;
  readonly looks: Looks;
  readonly clock: Clock;
  readonly onTrouble: (message: string) => void;
}

/** How replies reach people, where an acknowledgement does not carry them. */
export interface Showing {
  /** Asks for what is missing; without a `place` also for the channel. */
  openForm(
    reply: Extract<ChatReply, { kind: "ask" }>,
    triggerId: string,
    place: Place | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** Asks why a finding is wrong. */
  openComment(
    reply: Extract<ChatReply, { kind: "feedback" }>,
    triggerId: string,
    place: Place,
    signal: AbortSignal,
  ): Promise<void>;
  /** `attemptedAtMs`: an earlier attempt may have got through. */
  show(
    reply: ChatReply,
    to: Pick<ChatRequest, "place" | "userId" | "intent">,
    signal: AbortSignal,
    attemptedAtMs?: number,
  ): Promise<void>;
  /** How to get at the verdict where the card cannot appear; undefined where it can. */
  hintAt(incident: Incident, signal: AbortSignal): Promise<string | undefined>;
  /** What keeps a form open. */
  problemOf(reply: ChatReply, signal: AbortSignal): Promise<string | undefined>;
  /** The words for somebody whose request failed. */
  troubled(error: unknown): MessageBody;
  /** Says them, if that is possible at all. */
  tellTrouble(problem: unknown, place: Place, userId: string): Promise<void>;
}

export function showing({ client, chat, looks, clock, onTrouble }: ShowingSettings): Showing {
  const canPost = reachable(client, clock);

  async function hintAt({ id, service, place }: Incident, signal: AbortSignal): Promise<string | undefined> {
    if (await canPost(place.channel, signal)) return undefined;
    return (
      `${service} is captured as ${id}, but gofire cannot post here. Invite it (/invite @gofire) for the next time; ` +
      `what this capture finds: /gofire explain ${id}`
    );
  }

  function troubled(error: unknown): MessageBody {
    const reason = error instanceof Error ? error.message : String(error);
    onTrouble(`Slack: a request could not be answered: ${reason}`);
    return {
      text: `gofire could not take this for certain: ${reason}. If nothing shows up here within a minute, try again.`,
    };
  }

  async function open(view: object, triggerId: string, signal: AbortSignal): Promise<void> {
    const args = { trigger_id: triggerId, view };
    await client.call("views.open", args, nothingMore, signal, { patienceMs: 500 });
  }

  return {
    hintAt,
    troubled,
    async openForm(reply, triggerId, place, signal) {
      const form = looks.form(reply, { asksChannel: place === undefined });
      await open(place === undefined ? form : withPlace(form, place), triggerId, signal);
    },
    async openComment(reply, triggerId, place, signal) {
      const about = { incidentId: reply.incident.id, finding: reply.finding.id };
      await open(withFinding(looks.comment(reply), about, place), triggerId, signal);
    },
    async show(reply, { place, userId, intent }, signal, attemptedAtMs) {
      const audience = audienceOf(reply);
      if (audience === "person") await chat.tellOnly(place, userId, looks.reply(reply), signal);
      if (audience === "place") {
        const posting = attemptedAtMs === undefined ? { intent } : { intent, attemptedAtMs };
        await chat.post(place, looks.reply(reply), posting, signal);
      }
    },
    async problemOf(reply, signal) {
      if (reply.kind === "refused") return `${reply.why} ${reply.next}`.trim();
      if (reply.kind === "ask" || reply.kind === "help") return reply.problem;
      return reply.kind === "begun" ? await hintAt(reply.incident, signal) : undefined;
    },
    async tellTrouble(problem, place, userId) {
      const words = troubled(problem);
      await inTime((signal) => chat.tellOnly(place, userId, words, signal)).catch(() => {});
    },
  };
}
