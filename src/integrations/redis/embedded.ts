import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { lstat, mkdir, open, readFile, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { PortError } from "../../domain/errors.ts";
import type { CaptureLock } from "../../ports/capture-lock.ts";
import { redisError } from "./connection.ts";

export interface EmbeddedSettings {
  /** Absolute path of a redis-server or valkey-server. */
  readonly program: string;
  /** Where it keeps its data; made when missing. Two gofires with the same folder share one server. */
  readonly folder: string;
  /** A lock between processes of this machine. */
  readonly lock: CaptureLock;
  readonly onTrouble: (message: string) => void;
}

export interface EmbeddedRedis {
  readonly socketPath: string;
  /** Process id of the server. */
  readonly pid: number;
  /** False when it was running already. */
  readonly startedHere: boolean;
  /** Stops the server unless another gofire uses it. */
  leave(): Promise<void>;
}

/** sun_path holds 108 bytes on Linux and 104 on macOS (unix(7), sys/un.h). */
const longestSocketPath = 103;
/** Names the one connection by which each gofire is counted. */
const userPrefix = "gofire-user-";
const startMs = 20_000;
const stopMs = 10_000;
/** Somebody else may be starting or stopping it. */
const lockPatienceMs = 30_000;
const watchEveryMs = 1_000;

/**
 * Starts Redis on a unix socket, append-only file flushed every second, or joins the one that runs there already. It
 * outlives this process when that is killed, and the next gofire takes it over. Who uses it is known by connections,
 * which no crash leaves behind. When it dies it is started again. Throws PortError `unavailable`, with the end of its
 * log.
 */
export async function embeddedRedis(settings: EmbeddedSettings): Promise<EmbeddedRedis> {
  const folder = resolve(settings.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const socketPath = await socketFor(folder);
  const place: ServerPlace = { ...settings, folder, socketPath };
  const connectionName = `${userPrefix}${randomUUID()}`;
  const presence = new Redis({
    path: socketPath,
    lazyConnect: true,
    connectionName,
    maxRetriesPerRequest: null,
    retryStrategy: () => 200,
  });
  presence.on("error", () => {}); // the watch below says it in better words
  const startedHere = await locked(place, async () => {
    const started = await ensureServer(place);
    await presence.connect();
    return started;
  });
  const pid = Number(/^process_id:(\d+)/m.exec(await presence.info("server"))?.[1]);
  let left = false;
  let busy = false;
  const watch = setInterval(() => {
    if (left || busy || presence.status === "ready") return;
    busy = true;
    settings.onTrouble("Redis is gone; starting it again");
    locked(place, () => ensureServer(place))
      .catch((error: unknown) => settings.onTrouble(String(error)))
      .finally(() => {
        busy = false;
      });
  }, watchEveryMs);
  watch.unref();
  return {
    socketPath,
    pid,
    startedHere,
    async leave() {
      left = true;
      clearInterval(watch);
      await locked(place, () => stopUnlessUsed(place, connectionName));
      presence.disconnect();
    },
  };
}

interface ServerPlace extends EmbeddedSettings {
  readonly socketPath: string;
}

async function socketFor(folder: string): Promise<string> {
  const path = join(folder, "redis.sock");
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  const digest = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  const short = join(tmpdir(), `gofire-${userInfo().uid}-${digest}`);
  await mkdir(short, { recursive: true, mode: 0o700 });
  await checkOwned(short);
  return join(short, "redis.sock");
}

/**
 * In a folder that everybody may write to somebody else could have made it first, and put a server of theirs where
 * gofire's is expected. Throws PortError `forbidden`.
 */
async function checkOwned(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0) return;
  throw new PortError(
    "forbidden",
    folder,
    `${folder} is to hold the socket of gofire's Redis and is not this user's alone: remove it, or set GOFIRE_STATE to a shorter path`,
  );
}

/** One process at a time starts or stops the server: two on the same append-only file would destroy it. */
async function locked<T>({ lock, folder }: ServerPlace, work: () => Promise<T>): Promise<T> {
  const never = new AbortController().signal;
  for (let waitedMs = 0; ; waitedMs += 100) {
    const attempt = await lock.acquire(`redis in ${folder}`, Date.now() + lockPatienceMs, never);
    if (attempt.held) {
      try {
        return await work();
      } finally {
        await attempt.release();
      }
    }
    if (waitedMs > lockPatienceMs) {
      const { pid, host } = attempt.holder;
      throw new PortError(
        "unavailable",
        folder,
        `process ${pid} on ${host} has been starting or stopping the Redis in ${folder} for ${lockPatienceMs / 1000} s`,
      );
    }
    await sleep(100);
  }
}

/** True when it had to be started. */
async function ensureServer(place: ServerPlace): Promise<boolean> {
  if (await answers(place.socketPath)) return false;
  const { program, folder, socketPath } = place;
  await rm(socketPath, { force: true });
  const logPath = join(folder, "redis.log");
  const log = await open(logPath, "a", 0o600);
  const logBefore = (await log.stat()).size;
  try {
    const server = spawn(program, argumentsFor(folder, socketPath), {
      cwd: folder,
      detached: true, // Ctrl-C in the terminal is for gofire, which then still needs it
      stdio: ["ignore", log.fd, log.fd],
    });
    const ending: { how?: string } = {};
    server.once("error", (error) => {
      ending.how = error.message;
    });
    server.once("exit", (code, signal) => {
      ending.how = `it ended with ${signal ?? code}`;
    });
    for (let waitedMs = 0; waitedMs < startMs && ending.how === undefined; waitedMs += 50) {
      if (await answers(socketPath)) {
        server.unref();
        return true;
      }
      await sleep(50);
    }
    server.kill("SIGKILL");
    const tail = (await readFile(logPath, "utf8")).slice(logBefore).trim().split("\n").slice(-5).join("\n");
    throw new PortError(
      "unavailable",
      program,
      `${basename(program)} did not start in ${folder}: ${ending.how ?? `no answer within ${startMs / 1000} s`}\n${tail}`,
    );
  } finally {
    await log.close();
  }
}

function argumentsFor(folder: string, socketPath: string): string[] {
  const settings: Record<string, string> = {
    port: "0", // nobody else on the machine or the network can reach it
    unixsocket: socketPath,
    unixsocketperm: "700",
    dir: folder,
    pidfile: join(folder, "redis.pid"),
    daemonize: "no",
    appendonly: "yes",
    appendfsync: "everysec",
    save: "",
    "maxmemory-policy": "noeviction", // a queue must refuse rather than forget
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** True once it has loaded its data. */
async function answers(socketPath: string): Promise<boolean> {
  const client = await reached(socketPath);
  if (client === undefined) return false;
  try {
    return (await client.ping()) === "PONG";
  } catch {
    return false; // still loading
  } finally {
    client.disconnect();
  }
}

async function reached(socketPath: string): Promise<Redis | undefined> {
  const client = new Redis({
    path: socketPath,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    connectTimeout: 2_000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch {
    client.disconnect();
    return undefined;
  }
}

async function stopUnlessUsed({ socketPath, folder }: ServerPlace, besides: string): Promise<void> {
  const client = await reached(socketPath);
  if (client === undefined) return;
  try {
    const names = [...String(await client.client("LIST")).matchAll(/ name=(\S+)/g)].map(
      ([, name]) => name ?? "",
    );
    if (names.some((name) => name.startsWith(userPrefix) && name !== besides)) return;
    // Its answer is that the connection ends.
    await client.shutdown("NOSAVE").catch(() => {});
    for (let waitedMs = 0; waitedMs < stopMs; waitedMs += 50) {
      if (!(await answers(socketPath))) return;
      await sleep(50);
    }
    throw redisError(new Error(`the server in ${folder} did not stop within ${stopMs / 1000} s`));
  } finally {
    client.disconnect();
  }
}
