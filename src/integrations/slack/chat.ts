import type { MessageBody, MessageRef, Place } from "../../domain/chat/message.ts";
import { PortError } from "../../domain/errors.ts";
import type { Chat, Posting } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import { nothingMore, permalinkAnswer, postedAnswer } from "./answers.ts";
import type { Arguments, SlackClient } from "./client.ts";
import { fitBody, plainBody } from "./fit-body.ts";
import { findEarlier, hasIntent, metadataOf, type OwnMark } from "./intents.ts";
import { progressEdits } from "./limits.ts";
import { asMember } from "./membership.ts";
import { createOrder } from "./order.ts";
import { isRefusal } from "./refusals.ts";
import { slackUploads } from "./upload.ts";

export interface SlackChatSettings {
  readonly client: SlackClient;
  /** As `checkAccess` tells it: nobody else's messages are taken for gofire's. */
  readonly own: OwnMark;
  readonly clock: Clock;
  /** One line for who looks after gofire. */
  readonly onTrouble: (message: string) => void;
  /** How long a file may take to appear in its channel; default 12 s. */
  readonly shareWaitMs?: number;
}

/** Slack as the bot's chat. */
export function slackChat(settings: SlackChatSettings): Chat {
  const { client, own, onTrouble } = settings;
  const order = createOrder();
  const uploads = slackUploads(settings);

  /** The body as fitted; when Slack refuses its layout all the same, its text alone. */
  async function said<Answer>(
    body: MessageBody,
    send: (fitted: MessageBody) => Promise<Answer>,
  ): Promise<Answer> {
    if (body.text.trim() === "") {
      throw new PortError("bad-response", "Slack", "A message without text says nothing to screen readers.");
    }
    try {
      return await send(fitBody(body));
    } catch (error) {
      if (!isRefusal(error, ...refusedLayouts)) throw error;
      onTrouble(`Slack refused the layout of a message, so it went out as text: ${error.message}`);
      return await send(plainBody(body));
    }
  }

  async function posted(
    place: Place,
    body: MessageBody,
    { intent, beforeSending }: Posting,
    signal: AbortSignal,
  ): Promise<MessageRef> {
    const { channel, thread } = place;
    return await said(body, (fitted) =>
      client.call(
        "chat.postMessage",
        { ...shown(fitted), channel, thread_ts: thread, metadata: metadataOf(intent), ...withoutPreviews },
        postedAnswer,
        signal,
        { beforeSending },
      ),
    );
  }

  return {
    async post(place, body, posting, signal) {
      const { channel } = place;
      return await asMember(client, channel, signal, async () => {
        const earlier = await findEarlier(
          place,
          posting,
          (message) => hasIntent(message, posting.intent),
          { client, own },
          signal,
        );
        if (earlier !== undefined) return { channel, ts: earlier.ts };
        return await order.inOrder(channel, () => posted(place, body, posting, signal));
      });
    },
    async edit({ channel, ts }, body, urgency, signal) {
      await said(body, (fitted) =>
        client.call(
          "chat.update",
          // What is left out would be dropped or kept by rules of its own: say all.
          { ...shown({ blocks: [], attachments: [], ...fitted }), channel, ts },
          nothingMore,
          signal,
          urgency === "progress" ? { rate: progressEdits, patienceMs: 0 } : {},
        ),
      );
    },
    upload: uploads,
    async tellOnly({ channel, thread }, userId, body, signal) {
      await asMember(client, channel, signal, () =>
        said(body, (fitted) =>
          client.call(
            "chat.postEphemeral",
            { ...shown(fitted), channel, user: userId, thread_ts: thread },
            nothingMore,
            signal,
          ),
        ),
      );
    },
    async react(ref, emoji, signal) {
      await unless(
        "already_reacted",
        client.call("reactions.add", reaction(ref, emoji), nothingMore, signal),
      );
    },
    async unreact(ref, emoji, signal) {
      await unless("no_reaction", client.call("reactions.remove", reaction(ref, emoji), nothingMore, signal));
    },
    async permalink({ channel, ts }, signal) {
      const args = { channel, message_ts: ts };
      return (await client.call("chat.getPermalink", args, permalinkAnswer, signal)).permalink;
    },
  };
}

const refusedLayouts = [
  "invalid_blocks",
  "invalid_blocks_format",
  "invalid_attachments",
  "msg_blocks_too_long",
  "too_many_attachments",
] as const;

/** Links in evidence are not to be fetched and shown by Slack. */
const withoutPreviews = { unfurl_links: false, unfurl_media: false };

function shown({ text, blocks, attachments }: MessageBody): Arguments {
  return { text, blocks, attachments };
}

function reaction({ channel, ts }: MessageRef, emoji: string): Arguments {
  return { channel, timestamp: ts, name: emoji };
}

async function unless(refusal: string, call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isRefusal(error, refusal)) throw error;
  });
}
