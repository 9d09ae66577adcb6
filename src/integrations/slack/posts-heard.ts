import type { Conversation } from "./conversation.ts";
import type { InTime } from "./in-time.ts";
import { messagePayload } from "./payloads.ts";

/** Of messages that bots post: with a name of their own, and changed. */
const pageSubtypes = new Set(["bot_message", "message_changed"]);

/**
 * Hands on what other bots post, new or changed, outside of threads: pages come that way. Rejects when it is to be delivered
 * again.
 */
export function postsHeard(
  conversation: Conversation,
  own: { readonly botId: string },
  inTime: InTime,
): (body: unknown) => Promise<void> {
  return async (body) => {
    if (conversation.page === undefined) return;
    const { event } = messagePayload.parse(body);
    const { channel, subtype } = event;
    // A change hides what it is about one level down; everything else that is hidden was taken away.
    const now = subtype === "message_changed" ? event.message : event;
    if (now === undefined || (subtype !== undefined && !pageSubtypes.has(subtype))) return;
    const { ts, thread_ts: thread, bot_id: botId, bot_profile: profile } = now;
    const appId = now.app_id ?? profile?.app_id;
    // Posts of an app under its own name have none here.
    const username = now.username ?? profile?.name;
    if (botId === own.botId || (botId === undefined && appId === undefined)) return;
    if (thread !== undefined && thread !== ts) return;
    const message = {
      channel,
      ts,
      saidTs: event.ts,
      text: plainWords(now.text),
      attachments: (now.attachments ?? []).map(({ title, fallback, text, color, fields = [] }) => ({
        ...(title === undefined ? {} : { title: plainWords(title) }),
        ...(fallback === undefined ? {} : { fallback: plainWords(fallback) }),
        ...(text === undefined ? {} : { text: plainWords(text) }),
        ...(color === undefined ? {} : { color }),
        fields: fields.map((field) => ({
          title: plainWords(field.title),
          value: plainWords(field.value),
        })),
      })),
    };
    const speaker = {
      ...(botId === undefined ? {} : { botId }),
      ...(appId === undefined ? {} : { appId }),
      ...(username === undefined ? {} : { username }),
    };
    await inTime(async (signal) => await conversation.page?.(speaker, message, signal));
  };
}

/** Without Slack's markup: links and mentions as they read, `&<>` as people wrote them. */
function plainWords(text = ""): string {
  return text
    .replace(/<(?:[^<>|]*\|)?([^<>]*)>/g, "$1")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
}
