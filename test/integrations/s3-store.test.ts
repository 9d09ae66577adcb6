import { spawn } from "node:child_process";
import { once, setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { defaultArtifacts } from "../../src/config/resolve-artifacts.ts";
import { openArtifacts } from "../../src/integrations/artifacts/open.ts";
import { type S3Access, s3Client } from "../../src/integrations/artifacts/s3-client.ts";
import { dropLeftUploads, openS3Store } from "../../src/integrations/artifacts/s3-open.ts";
import { s3Store } from "../../src/integrations/artifacts/s3-store.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { s3Program, type TestS3, testS3 } from "./s3-server.ts";

const never = new AbortController().signal;
setMaxListeners(0, never);
const about = { contentType: "text/plain" };

describe.skipIf(s3Program === undefined)("a bucket of a real S3 server", () => {
  let server: TestS3;
  let access: S3Access;
  beforeAll(async () => {
    server = await testS3();
    const { endpoint, bucket, credentials } = server;
    access = { bucket, prefix: "gofire/", endpoint, pathStyle: true, credentials };
  });
  afterAll(() => server.remove());

  test("is shared by a worker on one machine and the web on another, encrypted", async () => {
    const key = "incidents/gf-1/bundle/heap.pb.gz";
    const config = {
      ...defaultArtifacts,
      place: {
        kind: "s3" as const,
        ...access,
        credentials: { accessKeyId: { env: "ID" }, secretAccessKey: { env: "SECRET" } },
      },
      encryption: { key: { env: "KEY" }, formerKeys: [] },
    };
    const secrets = {
      ID: server.credentials.accessKeyId,
      SECRET: server.credentials.secretAccessKey,
      KEY: Buffer.alloc(32, 7).toString("base64"),
    };
    const script = `
      import { openArtifacts } from ${JSON.stringify(new URL("../../src/integrations/artifacts/open.ts", import.meta.url).href)};
      const secret = ({ env }) => Promise.resolve(process.env[env]);
      const { artifacts } = await openArtifacts(${JSON.stringify(config)}, { stateFolder: "/nowhere", secret });
      async function* content() { for (let at = 0; at < 7; at++) yield Buffer.alloc(1 << 20, at); }
      const stored = await artifacts.put(${JSON.stringify(key)}, content(), { contentType: "application/gzip" }, new AbortController().signal);
      process.stdout.write(String(stored.bytes));`;
    const worker = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env["PATH"] ?? "", ...secrets },
    });
    let said = "";
    worker.stdout.on("data", (text: Buffer) => (said += text.toString()));
    expect(await once(worker, "exit")).toEqual([0, null]);
    expect(said).toBe(String(7 << 20));

    const web = await openArtifacts(config, {
      stateFolder: "/nowhere",
      secret: (reference) =>
        Promise.resolve("env" in reference ? ((secrets as Record<string, string>)[reference.env] ?? "") : ""),
    });
    expect(await web.artifacts.list("incidents/gf-1/", never)).toMatchObject([{ key, bytes: 7 << 20 }]);
    const read = Buffer.concat(await chunksOf(web.artifacts, key));
    expect(read.length).toBe(7 << 20);
    expect([0, 1, 6].map((at) => read[at << 20])).toEqual([0, 1, 6]);
    const plain = s3Store(s3Client(access), access.bucket, access.prefix);
    expect(
      Buffer.concat(await chunksOf(plain, key))
        .subarray(0, 7)
        .toString(),
    ).toBe("GFSEAL1");
  });

  test("keeps gofire below its prefix", async () => {
    const client = s3Client(access);
    await s3Store(client, access.bucket, "other/").put("incidents/gf-9/a.txt", of("a"), about, never);
    const own = s3Store(client, access.bucket, "gofire/");
    expect(await own.list("incidents/gf-9/", never)).toEqual([]);
    expect(await own.remove("incidents/gf-9/", never)).toBe(0);
    expect(await own.stat("incidents/gf-9/a.txt", never)).toBeUndefined();
    client.destroy();
  });

  test("removes more than one request may name", async () => {
    const client = s3Client(access);
    const store = s3Store(client, access.bucket, access.prefix);
    const names = Array.from({ length: 1_003 }, (_, number) => `incidents/gf-many/${number}.txt`);
    for (let from = 0; from < names.length; from += 20) {
      await Promise.all(names.slice(from, from + 20).map((key) => store.put(key, of("x"), about, never)));
    }
    expect(await store.list("incidents/gf-many/", never)).toHaveLength(1_003);
    expect(await store.remove("incidents/gf-many/", never)).toBe(1_003);
    expect(await store.list("incidents/gf-many/", never)).toEqual([]);
    client.destroy();
  }, 120_000);

  test("drops uploads whose writer died, and only those", async () => {
    const client = s3Client(access);
    for (const Key of ["gofire/incidents/gf-5/dump.txt", "elsewhere/dump.txt"]) {
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({ Bucket: access.bucket, Key }),
      );
      await client.send(
        new UploadPartCommand({
          Bucket: access.bucket,
          Key,
          UploadId,
          PartNumber: 1,
          Body: Buffer.alloc(5 << 20),
        }),
      );
    }
    await dropLeftUploads(client, access.bucket, access.prefix, Date.now() - 60_000);
    expect(await uploads(client, access.bucket)).toHaveLength(2);
    await dropLeftUploads(client, access.bucket, access.prefix, Date.now() + 60_000);
    expect(await uploads(client, access.bucket)).toEqual(["elsewhere/dump.txt"]);
    client.destroy();
  });

  test("leaves no parts behind when a source breaks", async () => {
    const client = s3Client(access);
    const before = await uploads(client, access.bucket);
    const put = s3Store(client, access.bucket, access.prefix).put(
      "incidents/gf-6/a.txt",
      breaking(),
      about,
      never,
    );
    await expect(put).rejects.toThrow("it broke");
    expect(await uploads(client, access.bucket)).toEqual(before);
    client.destroy();
  });

  test.each([
    [
      "a bucket that is not there",
      { bucket: "nowhere" },
      "forbidden",
      /s3:\/\/nowhere\/gofire\/: there is no such bucket/,
    ],
    [
      "a wrong secret",
      { credentials: { accessKeyId: "gofire", secretAccessKey: "wrong" } },
      "forbidden",
      /the secret access key is wrong/,
    ],
    [
      "an unknown key id",
      { credentials: { accessKeyId: "nobody", secretAccessKey: "wrong" } },
      "forbidden",
      /s3:\/\/evidence\/gofire\/: /, // each store has its own words for it
    ],
    ["a place where nothing listens", { endpoint: "http://127.0.0.1:1" }, "unavailable", /ECONNREFUSED/],
  ] as const)("says at the start what is wrong: %s", async (_what, change, code, message) => {
    await expect(openS3Store({ ...access, ...change })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe("a store that fails", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function storeAnswering(
    answer: (request: IncomingMessage, response: ServerResponse, number: number) => void,
  ): Promise<{ store: Artifacts; asked: string[] }> {
    const asked: string[] = [];
    server = createServer((request, response) => {
      request.resume();
      asked.push(`${request.method} ${request.headers.range ?? ""}`.trim());
      answer(request, response, asked.length);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const access: S3Access = {
      bucket: "evidence",
      prefix: "",
      endpoint: `http://127.0.0.1:${port}`,
      pathStyle: true,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    };
    return { store: s3Store(s3Client(access), "evidence", ""), asked };
  }

  test("is read on where the answer broke off, as long as it is the same object", async () => {
    const content = Buffer.from("goroutine ".repeat(100));
    const { store, asked } = await storeAnswering((request, response, number) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      expect(request.headers["if-match"]).toBe(number === 1 ? undefined : '"v1"');
      response.writeHead(from === 0 ? 200 : 206, { "content-length": content.length - from, etag: '"v1"' });
      if (number === 3) response.end(content.subarray(from));
      else response.write(content.subarray(from, from + 300), () => response.socket?.destroy());
    });
    expect(Buffer.concat(await chunksOf(store, "incidents/gf-1/a.txt")).equals(content)).toBe(true);
    expect(asked).toEqual(["GET", "GET bytes=300-", "GET bytes=600-"]);
  });

  test("is not read on when the object was replaced meanwhile", async () => {
    const { store } = await storeAnswering((_request, response, number) => {
      if (number > 1) return refuse(response, 412, "PreconditionFailed");
      response.writeHead(200, { "content-length": 1_000, etag: '"v1"' });
      response.write("half", () => response.socket?.destroy());
    });
    await expect(chunksOf(store, "incidents/gf-1/a.txt")).rejects.toMatchObject({ code: "bad-response" });
  });

  test("is given up after a few attempts", async () => {
    const { store, asked } = await storeAnswering((_request, response) => {
      response.writeHead(200, { "content-length": 1_000, etag: '"v1"' });
      response.write("x", () => response.socket?.destroy());
    });
    await expect(chunksOf(store, "incidents/gf-1/a.txt")).rejects.toMatchObject({ code: "unavailable" });
    expect(asked).toHaveLength(4);
  });

  test.each([
    [503, "ServiceUnavailable", "unavailable", 4],
    [503, "SlowDown", "rate-limited", 4],
    [403, "AccessDenied", "forbidden", 1],
    [403, "RequestTimeTooSkewed", "forbidden", 1],
    [400, "ExpiredToken", "forbidden", 1],
    [404, "NoSuchKey", "not-found", 1],
  ])("status %i %s is %s after %i requests", async (status, name, code, requests) => {
    const { store, asked } = await storeAnswering((_request, response) => refuse(response, status, name));
    await expect(chunksOf(store, "incidents/gf-1/a.txt")).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(requests);
  });

  test("puts again what the store did not take at first", async () => {
    const { store, asked } = await storeAnswering((_request, response, number) => {
      if (number < 3) return refuse(response, 500, "InternalError");
      response.writeHead(200, { etag: '"v1"' }).end();
    });
    expect(await store.put("incidents/gf-1/a.txt", of("once"), about, never)).toMatchObject({ bytes: 4 });
    expect(asked).toEqual(["PUT", "PUT", "PUT"]);
  });

  test("is left when the caller gives up", async () => {
    const stop = new AbortController();
    const { store } = await storeAnswering(() => stop.abort(new Error("stop")));
    await expect(store.put("incidents/gf-1/a.txt", of("x"), about, stop.signal)).rejects.toThrow("stop");
  });
});

function refuse(response: ServerResponse, status: number, name: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0"?><Error><Code>${name}</Code><Message>no</Message></Error>`);
}

async function uploads(client: S3Client, bucket: string): Promise<string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads.map(({ Key = "" }) => Key);
}

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.alloc(11 << 20));
  throw new Error("it broke");
}

async function* of(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function chunksOf(artifacts: Artifacts, key: string): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of artifacts.get(key, never)) chunks.push(chunk);
  return chunks;
}
