import type { BotSpeaker, PostedMessage } from "../../domain/alerts/page-message.ts";
import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type {
  CardClick,
  ChatRequest,
  GateClick,
  Judgement,
  RollbackClick,
} from "../../domain/chat/chat-request.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import { rates } from "./limits.ts";

/**
 * What gofire does with what people say. Each function checks anew whether the person may, keeps what is to happen
 * where a restart finds it, and returns. Called twice with the same intent, they act once.
 */
export interface Conversation {
  request(request: ChatRequest, signal: AbortSignal): Promise<ChatReply>;
  click(click: CardClick, signal: AbortSignal): Promise<ChatReply>;
  decide(click: GateClick, signal: AbortSignal): Promise<ChatReply>;
  rollback(click: RollbackClick, signal: AbortSignal): Promise<ChatReply>;
  judge(judgement: Judgement, signal: AbortSignal): Promise<ChatReply>;
  /** A view for the person's App Home. */
  home(userId: string, signal: AbortSignal): Promise<object>;
  /** What was done by the request with this intent stands where everybody there reads it. */
  announced(intent: string, signal: AbortSignal): Promise<void>;
  /** gofire came into a channel, invited or by itself: what it could not say there may be said now. */
  letIn(channel: string, signal: AbortSignal): Promise<void>;
  /** Something that another bot said or changed; absent where no pages are expected. */
  page?(speaker: BotSpeaker, message: PostedMessage, signal: AbortSignal): Promise<void>;
}

/** How answers look; all pure. */
export interface Looks {
  reply(reply: ChatReply): MessageBody;
  /** A modal view; `asksChannel` where it is not opened in a channel. */
  form(reply: Extract<ChatReply, { kind: "ask" }>, options: { readonly asksChannel: boolean }): object;
  /** A modal view that says the same as `reply`, for where there is no channel to say it in. */
  notice(reply: ChatReply): object;
  /** A modal view that asks why a finding is wrong. */
  comment(reply: Extract<ChatReply, { kind: "feedback" }>): object;
  /** A modal view that asks what the person says of each finding. */
  opinions(reply: Extract<ChatReply, { kind: "judging" }>): object;
}

/** So many cards Slack takes at once; who has more before theirs would wait without a word. */
const burst = rates["chat.postMessage"]?.most ?? 1;

/** Whether others have to hear of it: who is to tell them tells them until then, whoever dies. */
export function isAnnouncement({ kind }: ChatReply): boolean {
  return kind === "muted" || kind === "unmuted";
}

/** Who is to see a reply: only who asked, everybody there, or nobody because a card shows it. */
export function audienceOf(reply: ChatReply): "person" | "place" | "card" {
  switch (reply.kind) {
    case "begun":
      if (reply.isOutOfReach === true) return "person";
      return (reply.cardsBefore ?? 0) < burst ? "card" : "person";
    case "resolved":
    case "peer":
      return reply.isNew && reply.incident.shadow !== true ? "card" : "person";
    case "ask":
    case "already":
    case "feedback":
    case "judging":
    case "judged":
    case "shown":
    case "reporting":
    case "looking":
    case "rollback":
    case "checking":
    case "deciding":
    case "decided":
    case "rollback-looking":
    case "rollback-asked":
    case "rollback-decided":
    case "help":
    case "refused":
      return "person";
    case "status":
    case "explain":
    case "diff":
      return reply.inConfidence === true ? "person" : "place";
    case "muted":
      return "place";
    case "unmuted":
      // What changes nothing is news for nobody else.
      return reply.mute === undefined ? "person" : "place";
  }
}
