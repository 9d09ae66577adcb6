import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/** Name of a server that is installed here; undefined skips what needs one, unless CI demands it. */
export const redisProgram = ["redis-server", "valkey-server"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);
if (redisProgram === undefined && process.env["GOFIRE_REQUIRE_REDIS"] === "1") {
  throw new Error("GOFIRE_REQUIRE_REDIS is set and neither redis-server nor valkey-server is on PATH");
}

export interface TestRedis {
  readonly socket: string;
  readonly url: string;
  /** With SIGKILL: what Redis had not handed to the kernel is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * A server of its own on a unix socket. Every change is handed to the kernel before it is answered, and survives `kill`; the disk
 * takes it when it likes. With everysec a disk that is slow for a second makes Redis hold changes back, though they are answered
 * (decision 28), and what a kill then takes is no fault of who is tested.
 */
export async function testRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), "gofire-redis-"));
  const socket = join(folder, "redis.sock");
  let server: ChildProcess | undefined;

  async function kill(): Promise<void> {
    if (server === undefined) return;
    const gone = new Promise((resolve) => server?.once("exit", resolve));
    server.kill("SIGKILL");
    await gone;
    server = undefined;
  }
  async function start(): Promise<void> {
    const words = [
      "--port",
      "0",
      "--unixsocket",
      socket,
      "--dir",
      folder,
      "--appendonly",
      "yes",
      "--appendfsync",
      "no",
      "--save",
      "",
    ];
    server = spawn(redisProgram ?? "redis-server", words, { stdio: "ignore" });
    await answering({ path: socket });
  }
  await start();
  return {
    socket,
    url: `unix:${socket}`,
    kill,
    start,
    async remove() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a server there has loaded its data. */
export async function answering(where: { path: string } | { port: number }): Promise<void> {
  const client = new Redis({ ...where, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on("error", () => {});
  try {
    await Promise.race([
      client.ping(),
      sleep(20_000, undefined, { ref: false }).then(() => Promise.reject(new Error("no Redis within 20 s"))),
    ]);
  } finally {
    client.disconnect();
  }
}
