/** The workspace that gofire is installed in, as configuration and secrets say, and whether gofire can work there. */

import type { SlackConfig } from "./config/gofire-config.ts";
import type { PageSource } from "./domain/alerts/page-message.ts";
import type { ChatAccess } from "./domain/chat/chat-rights.ts";
import type { People } from "./domain/configuration/gate.ts";
import { UsageError } from "./domain/errors.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { channelTrouble, type NamedChannel } from "./integrations/slack/channel-check.ts";
import type { SlackChatSettings } from "./integrations/slack/chat.ts";
import { type SlackClient, type SlackClientSettings, slackClient } from "./integrations/slack/client.ts";
import { groupTrouble, type NamedGroup } from "./integrations/slack/group-check.ts";
import { type Reach, type SlackSideSettings, socketUrl } from "./integrations/slack/side.ts";
import { checkAccess, checkBotToken } from "./integrations/slack/start-check.ts";
import type { Clock } from "./ports/clock.ts";

/** What configuration and secrets say about the workspace. */
export interface SlackInstallation {
  readonly slack: Pick<SlackConfig, "mode" | "listen" | "apiUrl">;
  readonly access: ChatAccess;
  /** Which addresses accounts commit with; absent: nobody says. */
  readonly accounts?: People;
  readonly botToken: string;
  /** For socket mode. */
  readonly appToken?: string;
  /** For http mode. */
  readonly signingSecret?: string;
  readonly version: string;
  /** Absent: what bots say is no page. */
  readonly pages?: PageSource;
  /** Channels that the configuration names; absent: none. */
  readonly channels?: readonly NamedChannel[];
  /** This machine's when absent. */
  readonly clock?: Clock;
  /** How long one call may take, a file to appear, and what people ask; the adapter's own figures when absent. */
  readonly patience?: Pick<SlackClientSettings, "deadlineMs"> &
    Pick<SlackChatSettings, "shareWaitMs"> &
    Pick<SlackSideSettings, "answerWithinMs">;
}

/** For what is asked of Slack before gofire hears anybody. */
export const startWithinMs = 15_000;

/**
 * Asks Slack whether gofire can work there, and tells as whom; what will not work goes to `tell`, a line each. Throws
 * UsageError and PortError as `openSlack` and its `listen` would.
 */
export async function checkSlack(
  installation: SlackInstallation,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const { slack, botToken } = installation;
  checkBotToken(botToken);
  const client = slackClient(clientSettings(installation, botToken));
  const opened = [client];
  try {
    const { teamName, botName } = await checkAccess(client, tell, signal);
    const reach = reachOf(installation);
    if (reach.mode === "socket") {
      opened.push(reach.appClient);
      await socketUrl(reach.appClient, signal);
    }
    for (const line of await namedTrouble(installation, client, signal)) tell(line);
    return `@${botName} in the workspace ${teamName}, in ${slack.mode} mode`;
  } finally {
    await Promise.all(opened.map((each) => each.close()));
  }
}

/** Told when gofire begins to hear, because a page at night is no time to find out. */
export async function troubleIn(
  installation: SlackInstallation,
  client: SlackClient,
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(startWithinMs);
  return await namedTrouble(installation, client, signal).catch(() => [
    "it could not be found out in time whether all is well with the channels and user groups that gofire.yaml names; gofire doctor asks again.",
  ]);
}

/** What is wrong with what the configuration names by its id in Slack. */
async function namedTrouble(
  { channels = [], access }: SlackInstallation,
  client: SlackClient,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return [
    ...(await channelTrouble(client, channels, signal)),
    ...(await groupTrouble(client, namedGroups(access), signal)),
  ];
}

function namedGroups({ rights, others }: ChatAccess): readonly NamedGroup[] {
  const audiences = [
    ...Object.entries(rights),
    ...(others === undefined ? [] : [["defaults", others] as const]),
  ];
  return audiences.flatMap(([right, { groups }]) =>
    groups.map((id) => ({ id, setting: `access.${right}.groups` })),
  );
}

/** How Slack and gofire reach each other. Throws UsageError when what the mode needs is missing. */
export function reachOf(installation: SlackInstallation): Reach {
  const { slack, appToken, signingSecret } = installation;
  if (slack.mode === "http") {
    if (signingSecret === undefined || signingSecret === "") {
      throw new UsageError(
        "Slack's http mode needs the signing secret: Basic Information > App Credentials on the app's page at " +
          "https://api.slack.com/apps. Put it into SLACK_SIGNING_SECRET.",
      );
    }
    return { mode: "http", signingSecret };
  }
  if (appToken?.startsWith("xapp-") !== true) {
    throw new UsageError(
      "Slack's socket mode needs an app-level token (xapp-…) with the scope connections:write: Basic Information > " +
        "App-Level Tokens on the app's page at https://api.slack.com/apps. Put it into SLACK_APP_TOKEN.",
    );
  }
  return { mode: "socket", appClient: slackClient(clientSettings(installation, appToken)) };
}

export function clientSettings(
  { slack, version, clock = systemClock, patience: { deadlineMs } = {} }: SlackInstallation,
  token: string,
): SlackClientSettings {
  return {
    token,
    ...(slack.apiUrl === undefined ? {} : { apiUrl: slack.apiUrl }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    clock,
    userAgent: `gofire/${version}`,
  };
}
