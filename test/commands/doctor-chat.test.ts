import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { CommandContext, Ports } from "../../src/commands/context.ts";
import { chatChecks } from "../../src/commands/doctor-chat.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { type SlackStandIn, startSlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import { slackCheck } from "../../src/serve-parts.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

interface Manifest {
  oauth_config: { scopes: { bot: string[] } };
}

async function slackWith(drop: readonly string[] = []): Promise<SlackStandIn> {
  const manifest = parse(readFileSync("slack-manifest.yaml", "utf8")) as Manifest;
  const { scopes } = manifest.oauth_config;
  scopes.bot = scopes.bot.filter((scope) => !drop.includes(scope));
  const slack = await startSlackStandIn({ manifest });
  open.push(() => slack.close());
  return slack;
}

const context: CommandContext = {
  version: "0.0.0",
  signal: new AbortController().signal,
  progress() {},
};

/** What doctor says on a machine with these environment variables. */
async function checked(slack: SlackStandIn | undefined, environment: Readonly<Record<string, string>>) {
  const host = { ...thisHost, environment: (name: string) => environment[name] };
  const config =
    slack === undefined
      ? undefined
      : parseConfig(`slack: { apiUrl: "${slack.apiUrl}" }\n`, "gofire.yaml", "/etc/gofire", []);
  const ports: Pick<Ports, "host" | "chatCheck"> = {
    host: () => Promise.resolve(host),
    chatCheck: (of, tell, signal) => slackCheck(of, host, "0.0.0", tell, signal),
  };
  return await chatChecks(config, context, ports as Ports);
}

describe("doctor and Slack", () => {
  test("nothing is said where nobody wants Slack", async () => {
    expect(await checked(undefined, {})).toEqual([]);
  });

  test("as whom gofire is there", async () => {
    const slack = await slackWith();
    const { bot, app } = slack.tokens;
    expect(await checked(slack, { SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: app })).toEqual([
      { name: "slack", state: "ok", detail: "@gofire in the workspace Shop, in socket mode" },
    ]);
    expect(slack.problems()).toEqual([]);
  });

  test("what will not work for want of a scope", async () => {
    const slack = await slackWith(["usergroups:read"]);
    const { bot, app } = slack.tokens;
    expect(await checked(slack, { SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: app })).toMatchObject([
      {
        state: "warning",
        next: expect.stringMatching(/usergroups:read: nobody has rights through a user group/),
      },
    ]);
  });

  test.each([
    [{}, /SLACK_BOT_TOKEN is not set/],
    [{ SLACK_BOT_TOKEN: "xapp-1" }, /SLACK_APP_TOKEN is not set/],
    [{ SLACK_BOT_TOKEN: "xoxb-sandbox-bot" }, /SLACK_APP_TOKEN is not set/],
    [{ SLACK_BOT_TOKEN: "xapp-1", SLACK_APP_TOKEN: "xapp-1" }, /is none but the app-level token/],
    [{ SLACK_BOT_TOKEN: "xoxb-sandbox-bot", SLACK_APP_TOKEN: "xoxb-1" }, /needs an app-level token/],
    [
      { SLACK_BOT_TOKEN: "xoxb-sandbox-bot", SLACK_APP_TOKEN: "xapp-gone" },
      /does not take the app-level token/,
    ],
  ])("%o: what is wrong, in words", async (environment, words) => {
    const slack = await slackWith();
    expect(await checked(slack, environment)).toMatchObject([
      { name: "slack", state: "failed", detail: expect.stringMatching(words) },
    ]);
  });
});
