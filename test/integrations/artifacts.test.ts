import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { fileStore } from "../../src/integrations/artifacts/file-store.ts";
import { s3Client } from "../../src/integrations/artifacts/s3-client.ts";
import { s3Store } from "../../src/integrations/artifacts/s3-store.ts";
import { artifactsContract } from "../contracts/artifacts.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { s3Program, testS3 } from "./s3-server.ts";

async function inFolder<Opened>(open: (folder: string) => Opened) {
  const folder = await mkdtemp(join(tmpdir(), "gofire-artifacts-"));
  return { artifacts: await open(folder), close: () => rm(folder, { recursive: true, force: true }) };
}

artifactsContract("the fake", () => inFolder(fakeArtifacts));
artifactsContract("the folder", () => inFolder((folder) => fileStore(join(folder, "not", "there", "yet"))));

describe.skipIf(s3Program === undefined)("a real S3 server", () => {
  artifactsContract("a bucket", async () => {
    const server = await testS3();
    const { endpoint, bucket, credentials } = server;
    const client = s3Client({ bucket, prefix: "team/gofire/", endpoint, pathStyle: true, credentials });
    return {
      artifacts: s3Store(client, bucket, "team/gofire/"),
      async close() {
        client.destroy();
        await server.remove();
      },
    };
  });
});
