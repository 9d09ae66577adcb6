import { PortError, UsageError } from "../../domain/errors.ts";
import { identityAnswer } from "./answers.ts";
import type { SlackClient } from "./client.ts";
import { neededScopes } from "./scopes.ts";

/** Who gofire is in the workspace it was installed in. */
export interface SlackIdentity {
  readonly teamId: string;
  readonly teamName: string;
  /** As in `<@U…>`. */
  readonly botUserId: string;
  readonly botName: string;
  /** Carried by every message of the bot. */
  readonly botId: string;
}

const repair =
  "Open the app at https://api.slack.com/apps, paste slack-manifest.yaml under App Manifest (or add the scopes under " +
  "OAuth & Permissions, Bot Token Scopes), press Reinstall to Workspace, then start gofire again.";

/** A bot token (https://docs.slack.dev/authentication/tokens), also one that is renewed by rotation. */
const botTokenShape = /^xoxb-|^xoxe\.xoxb-/;

/** Other tokens by how they begin, as people mix them up. */
const otherTokens: readonly (readonly [prefix: string, name: string])[] = [
  ["xapp-", "the app-level token"],
  ["xoxp-", "a user's token"],
  ["xoxe-", "a refresh token"],
];

/** Throws UsageError, in words for who installs gofire, when this cannot be a bot token. */
export function checkBotToken(token: string): void {
  if (botTokenShape.test(token)) return;
  const [prefix, other] = otherTokens.find(([beginning]) => token.startsWith(beginning)) ?? [];
  throw new UsageError(
    `What is set as Slack's bot token is ${other === undefined ? "none" : `${other} (${prefix}…)`}: bot tokens begin with xoxb-. ` +
      "Copy the Bot User OAuth Token from the app's page at https://api.slack.com/apps, OAuth & Permissions.",
  );
}

/**
 * Asks Slack who the token belongs to and what it may do. Throws UsageError when gofire cannot work with it, PortError
 * when Slack cannot be reached. Tells what will not work otherwise, one line each.
 */
export async function checkAccess(
  client: SlackClient,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<SlackIdentity> {
  const identity = await client.call("auth.test", {}, identityAnswer, signal).catch((error: unknown) => {
    if (error instanceof PortError && ["forbidden", "locked-out"].includes(error.code))
      throw new UsageError(error.message);
    throw error;
  });
  if (identity.bot_id === undefined) {
    throw new UsageError(
      "The Slack token belongs to a person, not to a bot. Copy the Bot User OAuth Token (xoxb-…) from the app's page " +
        "at https://api.slack.com/apps, OAuth & Permissions.",
    );
  }
  const granted = client.grantedScopes();
  const missing = granted === undefined ? [] : neededScopes.filter(({ scope }) => !granted.has(scope));
  const lines = missing.map(({ scope, lost }) => `${scope}: ${lost}`);
  if (missing.some(({ isEssential }) => isEssential)) {
    throw new UsageError(
      `The gofire app in the Slack workspace ${identity.team} lacks ${missing.length === 1 ? "a scope" : "scopes"}:\n` +
        `${lines.map((line) => `  ${line}\n`).join("")}${repair}`,
    );
  }
  for (const line of lines) tell(`Slack: without the scope ${line}. ${repair}`);
  return {
    teamId: identity.team_id,
    teamName: identity.team,
    botUserId: identity.user_id,
    botName: identity.user,
    botId: identity.bot_id,
  };
}
