import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod/mini";
import { PortError } from "../../domain/errors.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import { boltApp, listenWith, type OwnIdentity } from "./app.ts";
import type { Channels } from "./channels.ts";
import type { SlackClient } from "./client.ts";
import type { Conversation, Looks } from "./conversation.ts";
import { hearing } from "./hearing.ts";
import { httpReceiver } from "./receivers/http-receiver.ts";
import { socketReceiver } from "./receivers/socket-receiver.ts";

/**
 * How Slack reaches gofire.
 * - `socket`: over connections that gofire opens; `appClient` has the app-level token.
 * - `http`: by signed requests to gofire's own listener.
 */
export type Reach =
  | { readonly mode: "socket"; readonly appClient: SlackClient }
  | { readonly mode: "http"; readonly signingSecret: string };

export interface SlackSideSettings {
  readonly reach: Reach;
  /** With the bot token. */
  readonly client: SlackClient;
  readonly chat: Chat;
  readonly looks: Looks;
  readonly channels: Channels;
  readonly own: OwnIdentity;
  readonly clock: Clock;
  readonly answerWithinMs?: number;
  readonly onTrouble: (message: string) => void;
}

/** gofire's ears in Slack. */
export interface SlackSide {
  /** Hears people from now on. Throws PortError when Slack refuses the connection. */
  listen(conversation: Conversation): Promise<void>;
  /** Hears nobody any more; resolves when everything that was heard is answered, after 3 s in any case. */
  hush(): Promise<void>;
  /** Answers Slack's requests; absent in socket mode. Never rejects. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

const openAnswer = z.object({ url: z.string() });

/** An address to connect to, good once. Throws PortError, `forbidden` when the app-level token is not taken. */
export async function socketUrl(appClient: SlackClient, signal: AbortSignal): Promise<string> {
  try {
    return (await appClient.call("apps.connections.open", {}, openAnswer, signal)).url;
  } catch (error) {
    if (!(error instanceof PortError && error.code === "forbidden")) throw error;
    throw new PortError(
      "forbidden",
      "Slack",
      "Slack does not take the app-level token (xapp-…). Make one with the scope connections:write under Basic " +
        "Information > App-Level Tokens on the app's page at https://api.slack.com/apps, and see that Socket Mode is on.",
      { cause: error },
    );
  }
}

export function slackSide(settings: SlackSideSettings): SlackSide {
  const { reach, own, clock, onTrouble } = settings;
  const nowMs = () => clock.nowMs();
  if (reach.mode === "http") {
    const receiver = httpReceiver({ signingSecret: reach.signingSecret, nowMs, onTrouble });
    return { ...sideOf(receiver), answer: (request, response) => receiver.answer(request, response) };
  }
  return sideOf(
    socketReceiver({
      newUrl: (signal) => socketUrl(reach.appClient, signal),
      onTrouble,
    }),
  );

  function sideOf(receiver: ReturnType<typeof httpReceiver> | ReturnType<typeof socketReceiver>): SlackSide {
    return {
      async listen(conversation) {
        const app = boltApp(receiver, own, onTrouble);
        listenWith(app, hearing(conversation, settings));
        await receiver.start();
      },
      hush: () => receiver.stop(),
    };
  }
}
