import { App, HTTPReceiver, LogLevel } from "@slack/bolt";
import {
  type SlackStandIn,
  type SlackStandInOptions,
  startSlackStandIn,
} from "../../../src/sandbox/slack/stand-in.ts";

export const testManifest = {
  display_information: { name: "gofire" },
  features: {
    bot_user: { display_name: "gofire" },
    slash_commands: [{ command: "/gofire", description: "Captures a Go service", should_escape: true }],
    shortcuts: [
      { name: "Capture with gofire", type: "message", callback_id: "capture", description: "Capture" },
    ],
  },
  oauth_config: {
    scopes: {
      bot: [
        "commands",
        "chat:write",
        "files:write",
        "files:read",
        "channels:history",
        "channels:read",
        "channels:join",
        "reactions:write",
        "users:read",
        "usergroups:read",
      ],
    },
  },
  settings: {
    event_subscriptions: {
      bot_events: ["message.channels", "app_home_opened", "app_mention", "member_joined_channel"],
    },
    socket_mode_enabled: true,
  },
};

export const mira = "U0MIRA0001";
export const incidents = "C0INCID001";

export function startSlack(options: Partial<SlackStandInOptions> = {}): Promise<SlackStandIn> {
  return startSlackStandIn({ manifest: testManifest, ...options });
}

const writeOptions = { retryConfig: { retries: 0 }, rejectRateLimitedCalls: true };

/** The real Bolt app over one real socket. */
export function socketApp(slack: SlackStandIn): App {
  return new App({
    token: slack.tokens.bot,
    appToken: slack.tokens.app,
    socketMode: true,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.apiUrl },
  });
}

/** The real Bolt app behind signed HTTP; `start` it and the stand-in delivers to it. */
export async function startHttpApp(slack: SlackStandIn, prepare: (app: App) => void): Promise<App> {
  const receiver = new HTTPReceiver({ signingSecret: slack.signingSecret, logLevel: LogLevel.ERROR });
  const clientOptions = { slackApiUrl: slack.apiUrl, ...writeOptions };
  const app = new App({ token: slack.tokens.bot, receiver, clientOptions, logLevel: LogLevel.ERROR });
  prepare(app);
  const server = await receiver.start({ port: 0, host: "127.0.0.1" });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The app listens nowhere.");
  slack.deliverTo(`http://127.0.0.1:${address.port}/slack/events`);
  return app;
}
