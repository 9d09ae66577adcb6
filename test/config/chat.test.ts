import { describe, expect, it } from "vitest";
import type { GofireConfig } from "../../src/config/gofire-config.ts";
import { ConfigError } from "../../src/config/mistake.ts";
import { parseConfig } from "../../src/config/parse.ts";

function config(source: string): GofireConfig {
  return parseConfig(source, "gofire.yaml", "/etc/gofire", []);
}

/** What stands after `gofire.yaml:`. */
function mistakes(source: string): readonly string[] {
  try {
    config(source);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll("gofire.yaml:", "").split("\n");
    throw error;
  }
  throw new Error("there is no mistake");
}

describe("slack", () => {
  it("is there when the file names it, with the usual variables", () => {
    expect(config("services: {}").slack).toBeUndefined();
    expect(config("slack: {}").slack).toEqual({
      mode: "socket",
      botToken: { env: "SLACK_BOT_TOKEN" },
      appToken: { env: "SLACK_APP_TOKEN" },
      signingSecret: { env: "SLACK_SIGNING_SECRET" },
    });
  });

  it("takes secrets from named variables and files, and another address of the Web API", () => {
    const { slack } = config(
      'slack: { mode: http, botTokenEnv: BOT, signingSecretFile: secrets/signing, listen: "[::1]:8443", apiUrl: http://127.0.0.1:9/api }',
    );
    expect(slack).toEqual({
      mode: "http",
      botToken: { env: "BOT" },
      appToken: { env: "SLACK_APP_TOKEN" },
      signingSecret: { file: "/etc/gofire/secrets/signing" },
      listen: { host: "::1", port: 8443 },
      apiUrl: "http://127.0.0.1:9/api/",
    });
  });

  it.each([
    ["slack: { mode: sockets }\n", ['1:16: "slack.mode" must be one of socket, http']],
    [
      "slack: { botToken: A }\n",
      ['1:10: "slack.botToken" would be a secret in this file: write botTokenEnv or botTokenFile instead'],
    ],
    [
      `slack: { botTokenEnv: ${["xoxb", "1234567890"].join("-")} }\n`,
      [
        "1:23: this looks like a secret, and secrets do not stand in this file: name an environment variable or a file",
      ],
    ],
    [
      "slack: { appTokenEnv: A, appTokenFile: b }\n",
      ['1:40: "slack.appTokenFile" stands beside appTokenEnv: keep one of the two'],
    ],
    [
      "slack: { listen: 127.0.0.1:65536 }\n",
      ['1:18: "slack.listen" must be HOST:PORT, for example 127.0.0.1:3000'],
    ],
    ["slack: { lisen: a:1 }\n", ['1:10: "slack.lisen" is not a setting; did you mean "listen"?']],
  ])("%j", (source, expected) => {
    expect(mistakes(source)).toEqual(expected);
  });
});

describe("access", () => {
  it("names people, user groups and channels for each right; an empty one lets nobody in", () => {
    const { access } = config(`
access:
  defaults: { users: [W012A3CDE] }
  snapshot: { users: [U024BE7LH], groups: [S0615G0KT], channels: [C0EAQDV4Z, G024BE91L] }
  mute: {}
  givenBy: { groups: [S0615G0KT] }
`);
    expect(access).toEqual({
      rights: {
        snapshot: { users: ["U024BE7LH"], groups: ["S0615G0KT"], channels: ["C0EAQDV4Z", "G024BE91L"] },
        mute: { users: [], groups: [], channels: [] },
      },
      others: { users: ["W012A3CDE"], groups: [], channels: [] },
      givenBy: { users: [], groups: ["S0615G0KT"], channels: [] },
    });
  });

  it.each([
    [
      "access: { snapshot: { users: ['@ana'] } }\n",
      '1:31: "access.snapshot.users[0]" must be the id of a person, like U024BE7LH: in Slack, open the profile, ⋮, Copy member ID',
    ],
    [
      "access: { mute: { groups: [sre] } }\n",
      `1:28: "access.mute.groups[0]" must be the id of a user group, like S0615G0KT: it ends the group's address in Slack`,
    ],
    [
      "access: { mute: { channels: ['#incidents'] } }\n",
      `1:30: "access.mute.channels[0]" must be the id of a channel, like C0EAQDV4Z: it is at the end of the channel's About tab`,
    ],
    ["access: { snapshots: {} }\n", '1:11: "access.snapshots" is not a setting; did you mean "snapshot"?'],
    ["access: { snapshot: [U024BE7LH] }\n", '1:21: "access.snapshot" must be a section of settings'],
    ["access: { status: }\n", '1:11: "access.status" is empty: write something below it, or leave it out'],
  ])("%j", (source, expected) => {
    expect(mistakes(source)).toEqual([expected]);
  });
});

describe("captures", () => {
  it("are bounded by what the file says", () => {
    expect(config("captures: { overall: 4, cooldownSeconds: 2.5 }").captures).toEqual({
      overall: 4,
      cooldownMs: 2_500,
    });
  });

  it.each([
    ["captures: { overall: 0 }\n", '1:22: "captures.overall" must be at least 1'],
    ["captures: { perNode: 0 }\n", '1:22: "captures.perNode" must be at least 1'],
    [
      "captures: { cooldownSecondsOf: { cpus: 1 } }\n",
      '1:34: "captures.cooldownSecondsOf.cpus" is not a setting; did you mean "cpu"?',
    ],
    ["captures: { perService: 1.5 }\n", '1:25: "captures.perService" must be a whole number'],
    ["captures: { waiting: 10001 }\n", '1:22: "captures.waiting" must be at most 10000'],
  ])("%j", (source, expected) => {
    expect(mistakes(source)).toEqual([expected]);
  });
});
