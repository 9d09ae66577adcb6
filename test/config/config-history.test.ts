import { describe, expect, test } from "vitest";
import type { GofireConfig } from "../../src/config/gofire-config.ts";
import { parseConfig } from "../../src/config/parse.ts";

function config(source: string): GofireConfig {
  return parseConfig(source, "gofire.yaml", "/etc/gofire", []);
}

describe("the history of configuration", () => {
  test("is asked nothing unless the file names a repository", () => {
    expect(config("").configHistory).toBeUndefined();
    expect(config("services: { order: {} }").services["order"]?.configPaths).toBeUndefined();
  });

  test("is a folder beside the file or an address, and paths of each service", () => {
    const source =
      "services: { order: { config: [env/prod, a.yaml] } }\nconfigHistory: { repository: ../config }\n";
    expect(config(source).configHistory).toEqual({
      at: "gofire.yaml: configHistory",
      repository: "/etc/config",
    });
    expect(config(source).services["order"]?.configPaths).toEqual(["env/prod", "a.yaml"]);
    const remote =
      "configHistory: { repository: 'git@git.internal:shop/config.git', branch: release/1, tags: 'v*-prod-*' }";
    expect(config(remote).configHistory).toEqual({
      at: "gofire.yaml: configHistory",
      repository: "git@git.internal:shop/config.git",
      branch: "release/1",
      tags: "v*-prod-*",
    });
  });

  test("is a private repository by https, with a token that stands elsewhere", () => {
    const repository = "https://git.internal/shop/config.git";
    const source = (rest: string) => `configHistory: { repository: '${repository}', ${rest} }`;
    const at = "gofire.yaml: configHistory";
    expect(config(source("tokenEnv: CONFIG_TOKEN")).configHistory).toEqual({
      at,
      repository,
      credentials: { user: "x-access-token", token: { env: "CONFIG_TOKEN" } },
    });
    expect(config(source("tokenFile: token, tokenUser: x-token-auth")).configHistory).toEqual({
      at,
      repository,
      credentials: { user: "x-token-auth", token: { file: "/etc/gofire/token" } },
    });
  });

  test.each([
    [
      "configHistory: { repository: 'http://git.internal/a.git', tokenEnv: T }",
      "1:69",
      "begins with https://",
    ],
    ["configHistory: { repository: 'git@git.internal:a.git', tokenFile: t }", "1:67", "begins with https://"],
    ["configHistory: { repository: ../a, tokenEnv: T }", "1:46", "begins with https://"],
    [
      "configHistory: { repository: 'https://c/d.git', tokenEnv: T, tokenFile: t }",
      "1:73",
      "stands beside tokenEnv",
    ],
    ["configHistory: { repository: 'https://c/d.git', tokenUser: x }", "1:60", "needs tokenEnv or tokenFile"],
    ["configHistory: { repository: 'https://c/d.git', tokenEnv: ghp_x }", "1:59", "never the secret itself"],
    ["configHistory: {}", "1:1", "repository"],
    ["configHistory: { repository: --upload-pack=x }", "1:30", "must be a folder, or an address"],
    ["configHistory: { repository: 'ext::sh -c x' }", "1:30", "must be a folder, or an address"],
    ["configHistory: { repository: 'https://a:b@c/d.git' }", "1:30", "looks like a secret"],
    ["configHistory: { repository: x, branch: --all }", "1:41", "is not the name of a branch"],
    ["configHistory: { repository: x, branch: a..b }", "1:41", "is not the name of a branch"],
    ["configHistory: { repository: x, tags: 'v 1' }", "1:39", "is not a pattern of tags"],
    ["configHistory: { repository: x }\nservices: { a: { config: [] } }", "2:26", "at least one path"],
    ["configHistory: { repository: x }\nservices: { a: { config: [/etc] } }", "2:27", "must be the path"],
    [
      "configHistory: { repository: x }\nservices: { a: { config: [a/../../b] } }",
      "2:27",
      "must be the path",
    ],
    ["services: { a: { config: [x] } }", "1:18", 'needs the section "configHistory"'],
  ])("%s is refused at %s", (source, place, message) => {
    expect(() => config(source)).toThrow(message);
    expect(() => config(source)).toThrow(`gofire.yaml:${place}: `);
  });
});

describe("rollbacks", () => {
  const repository = "https://git.internal/shop/config.git";
  const source = (rollback: string, history = "branch: main") =>
    `configHistory: { repository: '${repository}', ${history} }\nrollback: { ${rollback} }\naccess: { rollback: {} }\naudit: { origin: gofire.test/audit }`;

  test("are made in the repository of the history, and only where the file says so", () => {
    expect(config(`configHistory: { repository: '${repository}', branch: main }`).rollback).toBeUndefined();
    expect(config(source("push: proposal")).rollback).toEqual({
      at: "gofire.yaml: rollback",
      repository,
      branch: "main",
      push: "proposal",
      verifyWithinMs: 600_000,
    });
  });

  test("have a token of their own, or the history's", () => {
    const read = { user: "x-access-token", token: { env: "READ" } };
    const write = { user: "x-token-auth", token: { file: "/etc/gofire/write" } };
    const history = "branch: main, tokenEnv: READ";
    expect(config(source("push: branch, verifyWithin: 150s", history)).rollback).toMatchObject({
      credentials: read,
      verifyWithinMs: 150_000,
    });
    const own = source("push: branch, tokenFile: write, tokenUser: x-token-auth", history);
    expect(config(own).rollback?.credentials).toEqual(write);
    expect(config(own).configHistory?.credentials).toEqual(read);
  });

  test.each([
    ["rollback: { push: branch }", "1:1", 'needs "configHistory" with a "branch"'],
    [source("push: branch", "tags: v*"), "2:1", 'needs "configHistory" with a "branch"'],
    [source("push: branch").replace(/audit.*/, ""), "2:1", 'needs the section "audit"'],
    [source("push: branch").replace(/access.*/, ""), "2:1", 'needs "access.rollback"'],
    [source("verifyWithin: 5m"), "2:1", "push"],
    [source("push: force"), "2:19", "push"],
    [source("push: branch, verifyWithin: 1h"), "2:41", "a time like 10m"],
    [source("push: branch, verifyWithin: 90s"), "2:41", "at least 2m"],
    [source("push: branch, tokenEnv: T, tokenFile: t"), "2:51", "stands beside tokenEnv"],
    [source("push: branch, tokenUser: x"), "2:38", "needs tokenEnv or tokenFile"],
    [
      "configHistory: { repository: ../a, branch: main }\nrollback: { push: branch, tokenEnv: T }\naccess: { defaults: {} }\naudit: { origin: gofire.test/audit }",
      "2:27",
      "begins with https://",
    ],
  ])("%s is refused at %s", (text, place, message) => {
    expect(() => config(text)).toThrow(message);
    expect(() => config(text)).toThrow(`gofire.yaml:${place}: `);
  });
});
