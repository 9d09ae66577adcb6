import type { Audience, ChatReply } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import { section } from "./blocks.ts";
import { channel, group, person, words } from "./escape.ts";
import { replyBody } from "./reply-body.ts";

const mostNamed = 8;

/**
 * Why something is not done and how to get there. Only who asked sees it, so the names in it call nobody
 * (https://docs.slack.dev/messaging/formatting-message-text#mentioning-users).
 */
export function refusedBody({
  why,
  next,
  askWhom,
  worksIn,
}: Extract<ChatReply, { kind: "refused" }>): MessageBody {
  const names = askWhom === undefined ? [] : namesOf(askWhom);
  const channels = worksIn ?? [];
  return replyBody(
    [why, next],
    section([
      `🚫 ${words(why, 1_000)}`,
      [words(next, 1_000), ...(names.length === 0 ? [] : [listed(names)])].join(" "),
      channels.length === 0 ? "" : `It works in ${listed(channels.map(channel))}`,
    ]),
  );
}

function namesOf({ users, groups, channels }: Audience): readonly string[] {
  return [...groups.map(group), ...users.map(person), ...channels.map(channel)];
}

function listed(names: readonly string[]): string {
  const rest = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
