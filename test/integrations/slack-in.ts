import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod/mini";
import type { ChatReply } from "../../src/domain/chat/chat-reply.ts";
import type { CardClick, ChatRequest } from "../../src/domain/chat/chat-request.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { slackChannels } from "../../src/integrations/slack/channels.ts";
import { slackChat } from "../../src/integrations/slack/chat.ts";
import { slackClient } from "../../src/integrations/slack/client.ts";
import type { Conversation, Looks } from "../../src/integrations/slack/conversation.ts";
import { slackSide } from "../../src/integrations/slack/side.ts";
import type { SlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import { startSlack } from "../sandbox/slack/bolt.ts";

const never = new AbortController().signal;
export const mira = "U0MIRA0001";
export const incidents = "C0INCID001";

/** What was asked of gofire, and what it answers next. */
export interface ScriptedConversation extends Conversation {
  readonly requests: ChatRequest[];
  readonly clicks: CardClick[];
  /** Channels that gofire was told to have come into. */
  readonly letInto: string[];
  /** Intents of what everybody was told. */
  readonly announcements: string[];
  answer: (words: string, signal: AbortSignal) => ChatReply | Promise<ChatReply>;
}

export function scripted(): ScriptedConversation {
  const conversation: ScriptedConversation = {
    requests: [],
    clicks: [],
    letInto: [],
    announcements: [],
    answer: () => ({ kind: "help", commands: [] }),
    async request(request, signal) {
      conversation.requests.push(request);
      return await conversation.answer(request.words, signal);
    },
    async click(click, signal) {
      conversation.clicks.push(click);
      return await conversation.answer(`${click.action} ${click.incidentId}`, signal);
    },
    async decide({ button }, signal) {
      return await conversation.answer(`${button.decision} ${button.environment} ${button.proposal}`, signal);
    },
    async rollback({ action, about }, signal) {
      return await conversation.answer(`${action} ${about}`, signal);
    },
    async judge({ incidentId }, signal) {
      return await conversation.answer(`judge ${incidentId}`, signal);
    },
    async announced(intent) {
      await Promise.resolve();
      conversation.announcements.push(intent);
    },
    async letIn(channel) {
      await Promise.resolve();
      conversation.letInto.push(channel);
    },
    home: (userId) =>
      Promise.resolve({
        type: "home",
        blocks: [
          { type: "section", text: { type: "plain_text", text: `Hello ${userId}` } },
          { type: "actions", elements: [button("new-snapshot", "new-snapshot")] },
        ],
      }),
  };
  return conversation;
}

const channelInput = {
  type: "input",
  block_id: "channel",
  label: { type: "plain_text", text: "Channel" },
  element: { type: "conversations_select", action_id: "channel" },
};

const plainLooks: Looks = {
  reply: (reply) => ({
    text:
      reply.kind === "refused"
        ? `${reply.why} ${reply.next}`
        : `reply ${reply.kind}${"isOutOfReach" in reply ? " out of reach" : ""}`,
  }),
  notice: (reply) => ({
    type: "modal",
    title: { type: "plain_text", text: "gofire" },
    blocks: [{ type: "section", text: { type: "plain_text", text: plainLooks.reply(reply).text } }],
  }),
  opinions: () => ({ type: "modal", callback_id: "judge", blocks: [] }),
  comment: () => ({
    type: "modal",
    callback_id: "feedback",
    title: { type: "plain_text", text: "Why" },
    submit: { type: "plain_text", text: "Send" },
    blocks: [
      {
        type: "input",
        block_id: "comment",
        optional: true,
        label: { type: "plain_text", text: "Why" },
        element: { type: "plain_text_input", action_id: "comment" },
      },
    ],
  }),
  form: (_reply, { asksChannel }) => ({
    type: "modal",
    callback_id: "snapshot",
    title: { type: "plain_text", text: "Capture" },
    submit: { type: "plain_text", text: "Capture" },
    blocks: [
      {
        type: "input",
        block_id: "service",
        label: { type: "plain_text", text: "Service" },
        element: { type: "plain_text_input", action_id: "service" },
      },
      ...(asksChannel ? [channelInput] : []),
    ],
  }),
};

export interface HeardSlack {
  readonly slack: SlackStandIn;
  readonly conversation: ScriptedConversation;
  readonly troubles: string[];
  /** Where signed requests are taken, in http mode. */
  readonly requestUrl: string;
  /** Posts a message with these buttons as gofire, and returns its timestamp. */
  postButtons(buttons: Readonly<Record<string, string>>, thread?: string): Promise<string>;
  hush(): Promise<void>;
  close(): Promise<void>;
}

function button(id: string, value: string): object {
  return { type: "button", action_id: id, value, text: { type: "plain_text", text: id } };
}

/** A promise that the test resolves. */
export function promised<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: ((value: T) => void) | undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve: (value) => resolve?.(value) };
}

/** gofire's ears on a real stand-in, and a conversation that is scripted. */
export async function hearSlack(mode: "socket" | "http"): Promise<HeardSlack> {
  const slack = await startSlack({ limitsRates: false });
  const conversation = scripted();
  const troubles: string[] = [];
  const onTrouble = (message: string): void => void troubles.push(message);
  const clock = systemClock;
  const client = slackClient({ token: slack.tokens.bot, apiUrl: slack.apiUrl, clock });
  const appClient = slackClient({ token: slack.tokens.app, apiUrl: slack.apiUrl, clock });
  const { botId, botUserId } = slack.workspace.app;
  const side = slackSide({
    reach: mode === "socket" ? { mode, appClient } : { mode, signingSecret: slack.signingSecret },
    client,
    chat: slackChat({ client, own: { botId, botUserId }, clock, onTrouble }),
    looks: plainLooks,
    channels: slackChannels(client, clock),
    own: { teamId: slack.workspace.team.id, botId, botUserId },
    clock,
    onTrouble,
  });
  const server = createServer((request, response) => void side.answer?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const requestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  if (mode === "http") slack.deliverTo(requestUrl);
  await side.listen(conversation);
  let isQuiet = false;
  async function hush(): Promise<void> {
    if (!isQuiet) await side.hush();
    isQuiet = true;
  }
  return {
    slack,
    conversation,
    troubles,
    requestUrl,
    async postButtons(buttons, thread) {
      const elements = Object.entries(buttons).map(([id, value]) => button(id, value));
      const blocks = [{ type: "actions", elements }];
      const posted = { channel: incidents, text: "a card", blocks, thread_ts: thread };
      return (await client.call("chat.postMessage", posted, z.object({ ts: z.string() }), never)).ts;
    },
    hush,
    async close() {
      await hush();
      server.closeAllConnections();
      server.close();
      await Promise.all([client.close(), appClient.close()]);
      await slack.close();
    },
  };
}
