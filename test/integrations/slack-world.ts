import { type SlackChatSettings, slackChat } from "../../src/integrations/slack/chat.ts";
import { type SlackClient, slackClient } from "../../src/integrations/slack/client.ts";
import type { Chat } from "../../src/ports/chat.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { type FakeClock, fakeClock } from "../../src/sandbox/slack/clock.ts";
import type { Fault, FaultEffect } from "../../src/sandbox/slack/faults.ts";
import type { SlackStandIn, SlackStandInOptions } from "../../src/sandbox/slack/stand-in.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import type { ChatWorld, Mishap, ShownMessage } from "../contracts/chat.ts";
import { incidents, mira, startSlack } from "../sandbox/slack/bolt.ts";

/** The adapter against the stand-in, over the wire. Time is the stand-in's: it passes when somebody sleeps. */
export interface SlackWorld extends ChatWorld {
  readonly slack: SlackStandIn;
  readonly client: SlackClient;
  readonly clock: FakeClock;
  readonly troubles: readonly string[];
  fault(fault: Fault): void;
  /** Another process with the same settings, which remembers nothing. */
  another(): Chat;
}

const hangDeadlineMs = 1_500;

export async function slackWorld(
  options: Partial<SlackStandInOptions> = {},
  settings: Partial<SlackChatSettings> = {},
): Promise<SlackWorld> {
  const clock = fakeClock(1_716_261_120_000);
  const slack = await startSlack({ clock, ...options });
  const troubles: string[] = [];
  const clients: SlackClient[] = [];

  function newClient(): SlackClient {
    const client = slackClient({
      token: slack.tokens.bot,
      apiUrl: slack.apiUrl,
      clock: sleepingClock(clock),
      deadlineMs: hangDeadlineMs,
    });
    clients.push(client);
    return client;
  }

  function newChat(client: SlackClient): Chat {
    return slackChat({
      client,
      own: slack.workspace.app,
      clock: sleepingClock(clock),
      onTrouble: (message) => troubles.push(message),
      ...settings,
    });
  }

  const client = newClient();
  return {
    slack,
    client,
    clock,
    troubles,
    chat: newChat(client),
    another: () => newChat(newClient()),
    channels: { home: incidents, unseen: "C0SECRT003", archived: "C0OLDIE004" },
    people: { member: mira, outsider: "U0STRNG005" },
    nowMs: () => clock.nowMs(),
    elapse: (ms) => clock.advance(ms),
    shown: (channel) =>
      messagesOf(slack, channel)
        .filter(({ onlyFor }) => onlyFor === undefined)
        .map((message) => shownMessage(slack, message)),
    whispers: (channel) =>
      messagesOf(slack, channel).flatMap(({ onlyFor, text }) =>
        onlyFor === undefined ? [] : [{ userId: onlyFor, text }],
      ),
    spoil: (call, mishap) => slack.faults.add({ on: methods[call], ...effectOf(mishap) }),
    fault: (fault) => slack.faults.add(fault),
    async close() {
      await Promise.all(clients.map((one) => one.close()));
      await slack.close();
    },
  };
}

const methods = {
  post: "chat.postMessage",
  edit: "chat.update",
  upload: "files.completeUploadExternal",
} as const;

function effectOf(mishap: Mishap): FaultEffect {
  const when = mishap.endsWith("after") ? "after" : "before";
  if (mishap === "limited") return { kind: "rate-limited", retryAfterS: 2 };
  if (mishap.startsWith("reset")) return { kind: "reset", when };
  if (mishap.startsWith("hang")) return { kind: "hang", when };
  return { kind: "status", status: 503, when };
}

function messagesOf(slack: SlackStandIn, channel: string): readonly SlackMessage[] {
  return slack.workspace.channels.get(channel)?.messages ?? [];
}

function shownMessage({ workspace }: SlackStandIn, message: SlackMessage): ShownMessage {
  return {
    ts: message.ts,
    ...(message.threadTs === undefined ? {} : { thread: message.threadTs }),
    text: message.text,
    files: (message.files ?? []).flatMap((id) => {
      const file = workspace.files.get(id);
      if (file === undefined) return [];
      const { name, bytes, altText } = file;
      return [{ name, bytes: bytes.length, ...(altText === undefined ? {} : { altText }) }];
    }),
    reactions: message.reactions.map(({ name }) => name),
  };
}

function sleepingClock(clock: FakeClock): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.nowMs(),
    async sleep(ms, signal) {
      signal.throwIfAborted();
      clock.advance(ms);
      await Promise.resolve();
      signal.throwIfAborted();
    },
  };
}
