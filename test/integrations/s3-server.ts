import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { goPath } from "../live/lab.ts";
import { freePorts } from "../loopback.ts";

/**
 * versitygw, an S3 server over a folder: `go install github.com/versity/versitygw/cmd/versitygw@v1.8.0`. Undefined skips
 * what needs it, unless CI demands it.
 */
export const s3Program = ["versitygw", join(goPath(), "bin/versitygw")].find(
  (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0,
);
if (s3Program === undefined && process.env["GOFIRE_REQUIRE_S3"] === "1") {
  throw new Error("GOFIRE_REQUIRE_S3 is set and versitygw is neither on PATH nor where go install puts it");
}

export interface TestS3 {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where the bucket's objects are files. */
  readonly folder: string;
  remove(): Promise<void>;
}

/** A server of its own with one empty bucket. */
export async function testS3(): Promise<TestS3> {
  const root = await mkdtemp(join(tmpdir(), "gofire-s3-"));
  const bucket = "evidence";
  await mkdir(join(root, "buckets", bucket), { recursive: true });
  // Not every temporary folder has extended attributes.
  await mkdir(join(root, "attributes"));
  const [port = 0] = await freePorts(1);
  const credentials = { accessKeyId: "gofire", secretAccessKey: "only-in-this-test" };
  const words = ["--quiet", "-p", `127.0.0.1:${port}`, "posix", "--sidecar", join(root, "attributes")];
  const server = spawn(s3Program ?? "versitygw", [...words, join(root, "buckets")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      ROOT_ACCESS_KEY: credentials.accessKeyId,
      ROOT_SECRET_KEY: credentials.secretAccessKey,
    },
  });
  await listening(server, port);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    credentials,
    folder: join(root, "buckets", bucket),
    async remove() {
      if (server.exitCode === null) {
        const gone = once(server, "exit");
        server.kill("SIGKILL");
        await gone;
      }
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function listening(server: ChildProcess, port: number): Promise<void> {
  let said = "";
  server.stderr?.on("data", (text: Buffer) => (said += text.toString()));
  for (const endsAtMs = Date.now() + 20_000; ; await sleep(50)) {
    if (server.exitCode !== null) throw new Error(`the S3 server ended: ${said}`);
    if (await answers(port)) return;
    if (Date.now() > endsAtMs) throw new Error(`the S3 server does not answer: ${said}`);
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
