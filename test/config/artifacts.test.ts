import { describe, expect, test } from "vitest";
import type { GofireConfig } from "../../src/config/gofire-config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { defaultArtifacts } from "../../src/config/resolve-artifacts.ts";

function config(source: string): GofireConfig {
  return parseConfig(source, "gofire.yaml", "/etc/gofire", []);
}

describe("artifacts", () => {
  test("are a folder on this machine unless the file says otherwise", () => {
    expect(config("").artifacts).toEqual(defaultArtifacts);
    expect(defaultArtifacts).toEqual({
      place: { kind: "folder" },
      keep: { ageMs: 30 * 86_400_000, totalBytes: 20 * 2 ** 30 },
      maxFileBytes: 2 ** 30,
      maxIncidentBytes: 4 * 2 ** 30,
      redact: false,
    });
    expect(config("artifacts: { folder: /srv/evidence, keep: { days: 2 } }").artifacts).toMatchObject({
      place: { kind: "folder", path: "/srv/evidence" },
      keep: { ageMs: 2 * 86_400_000, totalBytes: 20 * 2 ** 30 },
    });
  });

  test("go to Amazon's S3, or to another store with the bucket in the path", () => {
    expect(config("artifacts: { s3: { bucket: evidence } }").artifacts.place).toEqual({
      kind: "s3",
      bucket: "evidence",
      prefix: "",
      pathStyle: false,
    });
    const other =
      "artifacts: { s3: { bucket: evidence, endpoint: http://s3.internal:9000, accessKeyIdEnv: ID, secretAccessKeyEnv: SECRET } }";
    expect(config(other).artifacts.place).toEqual({
      kind: "s3",
      bucket: "evidence",
      prefix: "",
      endpoint: "http://s3.internal:9000",
      pathStyle: true,
      credentials: { accessKeyId: { env: "ID" }, secretAccessKey: { env: "SECRET" } },
    });
  });

  test("are encrypted with a key that is never in the file itself", () => {
    const source = "artifacts: { encryption: { keyEnv: KEY, formerKeys: [{ keyFile: old.key }] } }";
    expect(config(source).artifacts.encryption).toEqual({
      key: { env: "KEY" },
      formerKeys: [{ file: "/etc/gofire/old.key" }],
    });
  });

  test.each([
    ["artifacts: { folder: /a, s3: { bucket: abc } }", "stands beside folder"],
    ["artifacts: { folder: evidence }", 'begins with "/"'],
    ["artifacts: { s3: { bucket: A_B } }", "is not the name of an S3 bucket"],
    ["artifacts: { s3: { bucket: abc, prefix: gofire } }", 'ending in "/"'],
    ["artifacts: { s3: { bucket: abc, accessKeyIdEnv: ID } }", "needs secretAccessKeyEnv too"],
    ["artifacts: { encryption: {} }", "needs keyEnv or keyFile"],
    ["queueBoard: { user: ana }", "needs passwordEnv or passwordFile"],
  ])("%s is refused", (source, words) => {
    expect(() => config(source)).toThrow(words);
  });
});

test("the queue's page is off unless it has a password, and only shows unless it is told otherwise", () => {
  expect(config("").queueBoard).toBeUndefined();
  expect(config("queueBoard: { passwordEnv: BOARD }").queueBoard).toEqual({
    listen: { host: "127.0.0.1", port: 8081 },
    user: "operator",
    password: { env: "BOARD" },
    mayChange: false,
  });
});
