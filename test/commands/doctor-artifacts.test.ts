import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { artifactChecks } from "../../src/commands/doctor/artifacts.ts";
import type { DoctorCheck } from "../../src/commands/reply.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { configuredArtifacts } from "../../src/configured-artifacts.ts";
import { PortError } from "../../src/domain/errors.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { s3Program, testS3 } from "../integrations/s3-server.ts";
import { unheard } from "./unheard.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "gofire-doctor-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** What doctor says with this gofire.yaml; `spoil` changes the store that it makes. */
async function checks(
  source: string,
  environment: Readonly<Record<string, string>> = {},
  spoil: (artifacts: Artifacts) => Artifacts = (artifacts) => artifacts,
): Promise<readonly DoctorCheck[]> {
  const host = {
    ...thisHost,
    environment: (name: string) => ({ GOFIRE_STATE: "/nowhere", ...environment })[name],
  };
  return await artifactChecks(parseConfig(source, "gofire.yaml", "/etc/gofire", []), unheard, {
    host: () => Promise.resolve(host),
    artifacts: async (config, state) => spoil((await configuredArtifacts(config, host, state)).artifacts),
  });
}

function refuse(): never {
  throw new PortError("forbidden", "store", "not today");
}

describe("doctor and the artifacts", () => {
  test("nothing is said where nobody serves", async () => {
    expect(await checks("artifacts: { folder: /nowhere }")).toEqual([]);
  });

  test("a folder is written to, read, and left as it was", async () => {
    const path = await folder();
    expect(await checks(`slack: {}\nartifacts: { folder: ${path} }`)).toEqual([
      { name: "artifacts", state: "ok", detail: `${path} can be written to, read and deleted from` },
    ]);
    expect((await readdir(path, { recursive: true, withFileTypes: true })).filter((e) => e.isFile())).toEqual(
      [],
    );
  });

  test("a folder that cannot be used is told, with what to do", async () => {
    const path = join(await folder(), "a-file");
    await writeFile(path, "");
    const [check] = await checks(`slack: {}\nartifacts: { folder: ${path} }`);
    expect(check).toMatchObject({
      state: "failed",
      detail: expect.stringContaining(`${path}: `),
      next: expect.stringContaining("writable for the user that runs gofire serve"),
    });
  });

  test("a key that is missing is told", async () => {
    const path = await folder();
    const [check] = await checks(
      `slack: {}\nartifacts: { folder: ${path}, encryption: { keyEnv: NO_SUCH_KEY } }`,
    );
    expect(check).toMatchObject({
      state: "failed",
      detail: expect.stringContaining("NO_SUCH_KEY is not set"),
      next: expect.stringContaining("does not start until"),
    });
  });

  test.each([
    ["put", "cannot be written to: not today"],
    ["get", "what was written cannot be read: not today"],
    ["remove", "was written and cannot be deleted: not today"],
  ] as const)("%s that fails is told by name", async (method, words) => {
    const path = await folder();
    const [check] = await checks(`slack: {}\nartifacts: { folder: ${path} }`, {}, (artifacts) => ({
      ...artifacts,
      [method]: refuse,
    }));
    expect(check).toMatchObject({ state: "failed", detail: expect.stringContaining(words) });
  });

  test("what comes back changed is told, and deleted", async () => {
    const path = await folder();
    const [check] = await checks(`slack: {}\nartifacts: { folder: ${path} }`, {}, (artifacts) => ({
      ...artifacts,
      async *get() {
        yield await Promise.resolve(Buffer.from("something else"));
      },
    }));
    expect(check?.detail).toContain("it is not what was written");
    expect((await readdir(path, { recursive: true, withFileTypes: true })).filter((e) => e.isFile())).toEqual(
      [],
    );
  });

  test.skipIf(s3Program === undefined)("a bucket, and one that is not there", async () => {
    const server = await testS3();
    onTestFinished(() => server.remove());
    const { accessKeyId, secretAccessKey } = server.credentials;
    const source = (bucket: string) => `slack: {}
artifacts:
  s3: { bucket: ${bucket}, prefix: gofire/, region: us-east-1, endpoint: "${server.endpoint}", accessKeyIdEnv: ID, secretAccessKeyEnv: KEY }
`;
    const environment = { ID: accessKeyId, KEY: secretAccessKey };
    expect(await checks(source(server.bucket), environment)).toEqual([
      {
        name: "artifacts",
        state: "ok",
        detail: "s3://evidence/gofire/ can be written to, read and deleted from",
      },
    ]);
    const left = await readdir(server.folder, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
    expect(await checks(source("no-such-bucket"), environment)).toMatchObject([
      {
        state: "failed",
        detail: expect.stringContaining("there is no such bucket"),
        next: expect.stringContaining("s3:PutObject"),
      },
    ]);
    const wrong = await checks(source(server.bucket), { ...environment, KEY: "wrong-secret" });
    expect(wrong[0]?.detail).toContain("the secret access key is wrong");
  });
});
