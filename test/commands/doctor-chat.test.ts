import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import type { Ports } from "../../src/commands/context.ts";
import { chatChecks } from "../../src/commands/doctor/chat.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { type SlackStandIn, startSlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import { slackCheck } from "../../src/serve-parts.ts";
import { unheard } from "./unheard.ts";

interface Manifest {
  oauth_config: { scopes: { bot: string[] } };
}

async function slackWith(drop: readonly string[] = []): Promise<SlackStandIn> {
  const manifest = parse(readFileSync("slack-manifest.yaml", "utf8")) as Manifest;
  const { scopes } = manifest.oauth_config;
  scopes.bot = scopes.bot.filter((scope) => !drop.includes(scope));
  const slack = await startSlackStandIn({ manifest });
  onTestFinished(() => slack.close());
  return slack;
}

/** What doctor says on a machine with these environment variables. */
async function checked(
  slack: SlackStandIn | undefined,
  environment: Readonly<Record<string, string>>,
  more = "",
) {
  const host = { ...thisHost, environment: (name: string) => environment[name] };
  const config =
    slack === undefined
      ? undefined
      : parseConfig(`slack: { apiUrl: "${slack.apiUrl}" }\n${more}`, "gofire.yaml", "/etc/gofire", []);
  const ports: Pick<Ports, "host" | "chatCheck"> = {
    host: () => Promise.resolve(host),
    chatCheck: (of, tell, signal) => slackCheck(of, host, "0.0.0", tell, signal),
  };
  return await chatChecks(config, unheard, ports as Ports);
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

  test("who is kept out of the user groups that gofire.yaml gives rights to", async () => {
    const access =
      "access: { snapshot: { groups: [S0ONCALL01] }, defaults: { groups: [S0ONCALL01, S0GONE0001] } }\n";
    const slack = await slackWith();
    const { bot, app } = slack.tokens;
    const environment = { SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: app };
    const [gone] = await checked(slack, environment, access);
    expect(gone?.next?.split("\n")).toEqual([
      expect.stringMatching(/^There is no user group S0GONE0001, named by access\.defaults\.groups: nobody/),
    ]);

    const unseeing = await slackWith(["usergroups:read"]);
    const [blind] = await checked(unseeing, environment, access);
    expect(blind?.next?.split("\n")).toEqual([
      expect.stringMatching(/usergroups:read: nobody has rights through a user group/),
      "Nobody gets in by the user groups that gofire.yaml names (S0ONCALL01, S0GONE0001 in access.snapshot.groups, " +
        "access.defaults.groups) before gofire has the scope usergroups:read.",
    ]);
  });

  test("whether gofire is in every channel that pages are heard or answered in", async () => {
    const slack = await slackWith();
    const { bot, app } = slack.tokens;
    const environment = { SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: app };
    const oneChannel =
      "alerts: { channel: C0INCID001, bearerEnv: T, messages: { channels: [C0INCID001], senders: [Alertmanager] } }\n";
    expect(await checked(slack, environment, oneChannel)).toMatchObject([{ state: "ok" }]);

    const [check] = await checked(
      slack,
      environment,
      `
alerts:
  channel: C0INCID001
  bearerEnv: T
  routes: [{ match: { team: a }, channel: C0SECRT003 }, { match: { team: b }, channel: C0OLDIE004 }]
  messages: { channels: [C0GENRL002], senders: [Alertmanager] }
services:
  order: { channel: C0SHARE005 }
  cart: { channel: C0GENRL002 }
`,
    );
    expect(check?.state).toBe("warning");
    expect(check?.next?.split("\n")).toEqual([
      "gofire does not see the channel C0SECRT003, named by alerts.routes[0].channel: it is private and gofire is no " +
        "member, or there is none of that id. Type /invite @gofire in it.",
      "#old-outage (C0OLDIE004), named by alerts.routes[1].channel, is archived: nothing can be posted there.",
      "gofire is not in #general (C0GENRL002), named by services.cart.channel, alerts.messages.channels: it hears no " +
        "pages there. Type /invite @gofire in it.",
    ]);
    slack.faults.add({ on: "conversations.info", kind: "status", status: 503, when: "before" });
    const [unsure] = await checked(slack, environment, oneChannel);
    expect(unsure?.next).toMatch(/^Whether gofire is in C0INCID001.* could not be found out: /);
  });

  test.each([
    [{}, /SLACK_BOT_TOKEN is not set/],
    [{ SLACK_BOT_TOKEN: "xapp-1" }, /SLACK_APP_TOKEN is not set/],
    [{ SLACK_BOT_TOKEN: "xoxb-sandbox-bot" }, /SLACK_APP_TOKEN is not set/],
    [
      { SLACK_BOT_TOKEN: "xapp-1", SLACK_APP_TOKEN: "xapp-1" },
      /is the app-level token \(xapp-…\): bot tokens begin with xoxb-/,
    ],
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
