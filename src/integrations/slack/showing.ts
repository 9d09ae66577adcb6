import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { ChatRequest } from "../../domain/chat/chat-request.ts";
import type { MessageBody, Place } from "../../domain/chat/message.ts";
import { reasonOf } from "../../domain/errors.ts";
import type { Chat } from "../../ports/chat.ts";
import { nothingMore } from "./answers.ts";
import type { Channels } from "./channels.ts";
import type { SlackClient } from "./client.ts";
import { audienceOf, type Looks } from "./conversation.ts";
import { withFinding, withIncident } from "./feedback-form.ts";
import { answeringWithin } from "./in-time.ts";
import { withSpot } from "./snapshot-form.ts";
import type { Spot } from "./spot.ts";

export interface ShowingSettings {
  readonly client: SlackClient;
  readonly chat: Chat;
  readonly looks: Looks;
  readonly channels: Channels;
  /** How long people's requests may take; what Slack waits, less the way there and back, when absent. */
  readonly answerWithinMs?: number;
  readonly onTrouble: (message: string) => void;
}

/** How replies reach people, where an acknowledgement does not carry them. */
export interface Showing {
  /** Asks for what is missing; without a `spot` also for the channel. */
  openForm(
    reply: Extract<ChatReply, { kind: "ask" }>,
    triggerId: string,
    spot: Spot | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** Asks why a finding is wrong. */
  openComment(
    reply: Extract<ChatReply, { kind: "feedback" }>,
    triggerId: string,
    spot: Spot,
    signal: AbortSignal,
  ): Promise<void>;
  /** Says it in a modal: from App Home there is no channel to say it in. */
  openNotice(reply: ChatReply, triggerId: string, signal: AbortSignal): Promise<void>;
  /** Asks what the person says of each finding. */
  openOpinions(
    reply: Extract<ChatReply, { kind: "judging" }>,
    triggerId: string,
    spot: Spot,
    signal: AbortSignal,
  ): Promise<void>;
  /** `attemptedAtMs`: an earlier attempt may have got through. */
  show(
    reply: ChatReply,
    to: Pick<ChatRequest, "userId" | "intent"> & Spot,
    signal: AbortSignal,
    attemptedAtMs?: number,
  ): Promise<void>;
  /** The reply, with the mark that its card cannot appear, where that is so. */
  withReach(reply: ChatReply, signal: AbortSignal): Promise<ChatReply>;
  /** What keeps a form open. */
  problemOf(reply: ChatReply, signal: AbortSignal): Promise<string | undefined>;
  /** The words for somebody whose request failed. */
  troubled(error: unknown): MessageBody;
  /** Says them to the person alone, if that is possible at all. */
  tellTrouble(problem: unknown, aside: Place, userId: string): Promise<void>;
  /** The same for a click in App Home. */
  noticeTrouble(problem: unknown, triggerId: string): Promise<void>;
}

/** Those whose result is said later, where gofire may say something. */
type ComesLater = Extract<ChatReply, { isOutOfReach?: true }>;

function comesLater(reply: ChatReply): reply is ComesLater {
  return ["begun", "looking", "checking", "rollback-looking"].includes(reply.kind);
}

/** The command's own answer does not wait longer for this. */
const lookWithinMs = 800;

export function showing(settings: ShowingSettings): Showing {
  const { client, chat, looks, channels, onTrouble } = settings;
  const inTime = answeringWithin(settings.answerWithinMs);

  /**
   * As far as Slack tells in time; true when it does not. Commands can be given anywhere, also in private channels and
   * between two people, where gofire is not and its card would be refused.
   */
  async function canPost(channel: string, signal: AbortSignal): Promise<boolean> {
    const bound = AbortSignal.any([signal, AbortSignal.timeout(lookWithinMs)]);
    const known = await channels.recall(channel, bound).catch(() => undefined);
    return known === undefined || known.value.sight === "untold" || known.value.takesPosts;
  }

  async function withReach(reply: ChatReply, signal: AbortSignal): Promise<ChatReply> {
    if (!comesLater(reply)) return reply;
    const { channel } = reply.kind === "begun" ? reply.incident.place : reply.place;
    if (await canPost(channel, signal)) return reply;
    return { ...reply, isOutOfReach: true };
  }

  function troubleOf(error: unknown): ChatReply {
    const reason = reasonOf(error);
    onTrouble(`Slack: a request could not be answered: ${reason}`);
    return {
      kind: "refused",
      why: `gofire could not take this for certain: ${reason.replace(/\.$/, "")}.`,
      next: "If nothing shows up here within a minute, try again.",
    };
  }

  function troubled(error: unknown): MessageBody {
    return looks.reply(troubleOf(error));
  }

  async function open(view: object, triggerId: string, signal: AbortSignal): Promise<void> {
    const args = { trigger_id: triggerId, view };
    await client.call("views.open", args, nothingMore, signal, { patienceMs: 500 });
  }

  async function openNotice(reply: ChatReply, triggerId: string, signal: AbortSignal): Promise<void> {
    await open(looks.notice(reply), triggerId, signal);
  }

  return {
    withReach,
    openNotice,
    troubled,
    async openForm(reply, triggerId, spot, signal) {
      const form = looks.form(reply, { asksChannel: spot === undefined });
      await open(spot === undefined ? form : withSpot(form, spot), triggerId, signal);
    },
    async openComment(reply, triggerId, spot, signal) {
      const about = { incidentId: reply.incident.id, finding: reply.finding.id };
      await open(withFinding(looks.comment(reply), about, spot), triggerId, signal);
    },
    async openOpinions(reply, triggerId, spot, signal) {
      await open(withIncident(looks.opinions(reply), reply.incident.id, spot), triggerId, signal);
    },
    async show(reply, { place, aside, userId, intent }, signal, attemptedAtMs) {
      const audience = audienceOf(reply);
      if (audience === "person") await chat.tellOnly(aside, userId, looks.reply(reply), signal);
      if (audience === "place") {
        const posting = attemptedAtMs === undefined ? { intent } : { intent, attemptedAtMs };
        await chat.post(place, looks.reply(reply), posting, signal);
      }
    },
    async problemOf(reply, signal) {
      if (reply.kind === "refused") return `${reply.why} ${reply.next}`.trim();
      if (reply.kind === "ask" || reply.kind === "help") return reply.problem;
      const reached = await withReach(reply, signal);
      return reached.kind === "begun" && reached.isOutOfReach === true
        ? looks.reply(reached).text
        : undefined;
    },
    async tellTrouble(problem, aside, userId) {
      const words = troubled(problem);
      await inTime((signal) => chat.tellOnly(aside, userId, words, signal)).catch(() => {});
    },
    async noticeTrouble(problem, triggerId) {
      const reply = troubleOf(problem);
      await inTime((signal) => openNotice(reply, triggerId, signal)).catch(() => {});
    },
  };
}
