import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod/mini";
import { UsageError } from "../../src/domain/errors.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { slackClient } from "../../src/integrations/slack/client.ts";
import { checkAccess, checkBotToken } from "../../src/integrations/slack/start-check.ts";
import { testManifest } from "../sandbox/slack/bolt.ts";
import { type SlackWorld, slackWorld } from "./slack-world.ts";

const never = new AbortController().signal;

let world: SlackWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

function manifestWith(scopes: readonly string[]) {
  return { ...testManifest, oauth_config: { scopes: { bot: scopes } } };
}

describe("what Slack lets gofire do, checked at the start", () => {
  test("tells who gofire is, and what will not work without a scope", async () => {
    world = await slackWorld();
    const lines: string[] = [];
    const { workspace } = world.slack;
    expect(await checkAccess(world.client, (line) => lines.push(line), never)).toEqual({
      teamId: workspace.team.id,
      teamName: "Shop",
      botUserId: workspace.app.botUserId,
      botName: "gofire",
      botId: workspace.app.botId,
    });
    expect(lines).toEqual([
      expect.stringMatching(/^Slack: without the scope app_mentions:read: gofire does not hear/),
      expect.stringMatching(/^Slack: without the scope groups:history: private channels/),
      expect.stringMatching(/^Slack: without the scope groups:read: gofire cannot see who is in a private/),
    ]);
  });

  test("says nothing about an app that was made from the manifest", async () => {
    const manifest: unknown = parse(await readFile("slack-manifest.yaml", "utf8"));
    world = await slackWorld({ manifest });
    const lines: string[] = [];
    await checkAccess(world.client, (line) => lines.push(line), never);
    expect(lines).toEqual([]);
  });

  test("names each missing scope, what it is for, and how to repair it", async () => {
    world = await slackWorld({ manifest: manifestWith(["commands", "chat:write"]) });
    const check = checkAccess(world.client, () => {}, never);
    await expect(check).rejects.toBeInstanceOf(UsageError);
    const words = await check.catch(String);
    expect(words).toContain("workspace Shop lacks scopes");
    expect(words).toContain("files:write: flame graphs");
    expect(words).toContain("channels:history");
    expect(words).toContain("https://api.slack.com/apps");
    expect(words).toContain("Reinstall to Workspace");
  });

  test("a token that Slack does not know is said so, and never repeated", async () => {
    world = await slackWorld();
    const token = "xoxb-of-another-workspace";
    const client = slackClient({ token, apiUrl: world.slack.apiUrl, clock: systemClock });
    const words = await checkAccess(client, () => {}, never).catch(String);
    expect(words).toContain("UsageError: Slack does not accept the bot token");
    expect(words).not.toContain(token);
    await client.close();
  });

  test("an app-level token that Slack does not take is told from the bot token", async () => {
    world = await slackWorld();
    const client = slackClient({ token: "xoxb-1", apiUrl: world.slack.apiUrl, clock: systemClock });
    const opening = client.call("apps.connections.open", {}, z.object({}), never);
    await expect(opening).rejects.toThrow(/app-level token.*connections:write.*invalid_auth/);
    await client.close();
  });

  test.each([
    ["xapp-1-A", "the app-level token"],
    ["xoxp-1", "a user's token"],
    ["secret", "is none: bot tokens begin with xoxb-"],
  ])("%s is no bot token", (token, words) => {
    expect(() => checkBotToken(token)).toThrow(words);
    expect(() => checkBotToken(token)).not.toThrow(new RegExp(`${token}\\b.*${token}`));
  });

  test("bot tokens pass, renewed ones, too", () => {
    for (const token of ["xoxb-1-2-abc", "xoxe.xoxb-1-abc"]) expect(() => checkBotToken(token)).not.toThrow();
  });
});
