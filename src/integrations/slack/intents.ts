import type { Place } from "../../domain/chat/message.ts";
import { PortError } from "../../domain/errors.ts";
import type { Posting } from "../../ports/chat.ts";
import { type PastMessage, pastAnswer } from "./answers.ts";
import type { SlackClient } from "./client.ts";
import { isRefusal } from "./refusals.ts";
import type { SlackIdentity } from "./start-check.ts";

/** Marks gofire's messages among those with metadata (https://docs.slack.dev/messaging/message-metadata). */
const eventType = "gofire_message";

/** Travels with a message where nobody sees it; stays when the message is edited. */
export function metadataOf(intent: string): object {
  return { event_type: eventType, event_payload: { intent } };
}

export function hasIntent(message: PastMessage, intent: string): boolean {
  return message.metadata?.event_type === eventType && message.metadata.event_payload?.["intent"] === intent;
}

/** Clocks of workers and of Slack differ; so much earlier than the noted attempt the search begins. */
const clockSkewMs = 15 * 60_000;
/** Slack's recommendation is at most 200 (https://docs.slack.dev/reference/methods/conversations.history). */
const pageSize = 100;
/** So many pages of one place are read before gofire says that it cannot tell. */
const mostPages = 30;

/** What every message of gofire's own carries, one of them at least. */
export type OwnMark = Pick<SlackIdentity, "botId" | "botUserId">;

/** What an earlier attempt got through, by `isIt`, among the bot's own messages in `place`. */
export async function findEarlier(
  place: Place,
  { attemptedAtMs }: Posting,
  isIt: (message: PastMessage) => boolean,
  { client, own }: { readonly client: SlackClient; readonly own: OwnMark },
  signal: AbortSignal,
): Promise<PastMessage | undefined> {
  if (attemptedAtMs === undefined) return undefined;
  // Messages with files may name the bot's user only.
  const isOurs = (message: PastMessage) =>
    (message.bot_id === own.botId || message.user === own.botUserId) && isIt(message);
  try {
    return await search(place, attemptedAtMs, isOurs, client, signal);
  } catch (error) {
    // Without the message that the thread hangs on there is no reply to it either.
    if (isRefusal(error, "thread_not_found", "message_not_found")) return undefined;
    throw error;
  }
}

async function search(
  place: Place,
  attemptedAtMs: number,
  isIt: (message: PastMessage) => boolean,
  client: SlackClient,
  signal: AbortSignal,
): Promise<PastMessage | undefined> {
  const { channel, thread } = place;
  const oldest = String(Math.max(0, attemptedAtMs - clockSkewMs) / 1_000);
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const span = { channel, oldest, limit: pageSize, include_all_metadata: true, cursor };
    const { messages, response_metadata } = await (thread === undefined
      ? client.call("conversations.history", span, pastAnswer, signal)
      : client.call("conversations.replies", { ...span, ts: thread }, pastAnswer, signal));
    const found = messages.find(isIt);
    if (found !== undefined) return found;
    cursor = response_metadata?.next_cursor;
    if (cursor === undefined || cursor === "") return undefined;
  }
  throw new PortError(
    "bad-response",
    `Slack channel ${channel}`,
    `More than ${mostPages * pageSize} messages came after the first attempt to post this one, so gofire cannot tell whether it got through. Look in the channel.`,
  );
}
