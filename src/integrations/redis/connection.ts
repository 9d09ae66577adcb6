import { Cluster, Redis } from "ioredis";
import { PortError, reasonOf } from "../../domain/errors.ts";
import { bytesText } from "../../domain/units.ts";
import { addressText, type RedisAddress } from "./address.ts";

export type RedisClient = Redis | Cluster;

/** For servers whose certificate the system does not know, or that want one from us. PEM texts. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

export interface OpenRedis {
  readonly client: RedisClient;
  /** Without secrets. */
  readonly address: string;
  /** As the server says, e.g. `Redis 7.0.15` or `Valkey 8.1.1`. */
  readonly server: string;
  close(): Promise<void>;
}

/** Until a server that does not answer counts as not there. */
const connectTimeoutMs = 10_000;
const longestPauseMs = 2_000;
/** Streams and LMOVE need 6.2 (https://docs.bullmq.io/guide/redis-tm-compatibility). */
const leastVersion = [6, 2] as const;

/** Attempt 1, 2, ...: quick at first, because most outages are restarts. Never gives up. */
function pauseMs(attempt: number): number {
  return Math.min(longestPauseMs, 50 * 2 ** Math.min(attempt, 6));
}

/**
 * Connects and checks that this is a server the queue can work with. Afterwards commands wait for the server through
 * restarts and failovers instead of failing. A node of a Redis Cluster is recognised whatever the URL calls it. A server
 * that forgets when it is full is told to `onTrouble`.
 * Throws PortError `unavailable`, `forbidden` (wrong password) or `bad-response` (too old).
 */
export async function openRedis(
  address: RedisAddress,
  options: { readonly tls?: RedisTls; readonly onTrouble: (message: string) => void },
): Promise<OpenRedis> {
  const client = clientOf(address, options.tls);
  let lastError: Error | undefined;
  client.on("error", (error: Error) => {
    lastError = error;
    options.onTrouble(error.message);
  });
  const text = addressText(address);
  try {
    const info = await within(connectTimeoutMs, infoOf(client), () => lastError);
    checkVersion(info, text);
    if (address.kind === "single" && /^cluster_enabled:1/m.test(info)) {
      client.disconnect();
      const { host, port, kind: _, db: __, ...login } = address;
      return await openRedis({ kind: "cluster", nodes: [{ host, port }], ...login }, options);
    }
    const risk = forgetfulness(info);
    if (risk !== undefined) options.onTrouble(`${text} ${risk}`);
    return { client, address: text, server: serverName(info), close: () => closed(client) };
  } catch (error) {
    client.disconnect();
    throw notReached(redisError(error, text));
  }
}

/** In words for who starts gofire; a refusal of the server's says already what is wrong. */
function notReached(error: PortError): PortError {
  const { code, target, cause } = error;
  if (code !== "unavailable") return error;
  const reason = cause instanceof Error ? cause.message : error.message;
  return new PortError(
    code,
    target,
    `There is no Redis to work with at ${target} (${reason}). Start it, or change REDIS_URL; without REDIS_URL gofire ` +
      "starts one of its own where redis-server or valkey-server is installed.",
    { cause },
  );
}

function clientOf(address: RedisAddress, tls: RedisTls | undefined): RedisClient {
  const common = {
    connectionName: `gofire-${process.pid}`,
    connectTimeout: connectTimeoutMs,
    // The queue's workers wait with blocking commands for as long as it takes (BullMQ demands it).
    maxRetriesPerRequest: null,
    retryStrategy: pauseMs,
    // After a failover the old master refuses writes until it is left.
    reconnectOnError: (error: Error) => (error.message.startsWith("READONLY") ? (2 as const) : false),
  };
  if (address.kind === "socket") return new Redis({ ...common, path: address.path });
  const login = {
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.tls ? { tls: tlsOf(tls) } : {}),
  };
  if (address.kind === "single") {
    return new Redis({ ...common, ...login, host: address.host, port: address.port, db: address.db });
  }
  if (address.kind === "sentinel") {
    return new Redis({
      ...common,
      ...login,
      sentinels: [...address.nodes],
      name: address.master,
      db: address.db,
      sentinelRetryStrategy: pauseMs,
      ...(address.tls ? { sentinelTLS: tlsOf(tls), enableTLSForSentinelMode: true } : {}),
    });
  }
  const { retryStrategy: _, ...forNodes } = { ...common, ...login };
  return new Cluster([...address.nodes], {
    clusterRetryStrategy: pauseMs,
    redisOptions: forNodes,
    // Certificates are made out to names, so the names that the cluster announces must not be looked up here.
    ...(address.tls ? { dnsLookup: asAnnounced } : {}),
  });
}

function asAnnounced(host: string, callback: (error: null, address: string) => void): void {
  callback(null, host);
}

function tlsOf(tls: RedisTls = {}) {
  const { ca, cert, key, serverName } = tls;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

async function infoOf(client: RedisClient): Promise<string> {
  return await client.info();
}

function checkVersion(info: string, address: string): void {
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  if (major > leastVersion[0] || (major === leastVersion[0] && minor >= leastVersion[1])) return;
  throw new PortError(
    "bad-response",
    address,
    `${address} is Redis ${major}.${minor}; gofire needs ${leastVersion.join(".")} or newer`,
  );
}

/** What it does with keys when its memory is full, unless it refuses, which is what a queue needs. */
function forgetfulness(info: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? "noeviction";
  const bound = /^maxmemory:(\d+)/m.exec(info)?.[1] ?? "0";
  if (policy === "noeviction" || bound === "0") return undefined;
  return (
    `forgets keys when its ${bytesText(Number(bound))} are full (maxmemory-policy ${policy}): incidents, locks of targets ` +
    "and queued work would be lost without a word. Set maxmemory-policy to noeviction, or give gofire a Redis of its own."
  );
}

function serverName(info: string): string {
  const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
  return valkey === undefined
    ? `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1] ?? "of unknown version"}`
    : `Valkey ${valkey}`;
}

async function within<T>(ms: number, work: Promise<T>, lastError: () => Error | undefined): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lastError() ?? new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Says goodbye, and hangs up when that is not answered at once. */
async function closed(client: RedisClient): Promise<void> {
  await within(1_000, client.quit(), () => undefined).catch(() => client.disconnect());
}

/** By how its errors begin, as scripts and commands alike give them. */
const troubles: readonly (readonly [beginning: string, words: string])[] = [
  [
    "OOM ",
    "its memory is full (maxmemory), so it takes nothing new. Give it more, or find out who else fills it",
  ],
  [
    "MISCONF ",
    "it cannot write to its disk, so it takes nothing new. Its own log says why; most often the disk is full",
  ],
];

/** The one place that knows what Redis' and ioredis' errors mean. */
export function redisError(error: unknown, target = "Redis"): PortError {
  if (error instanceof PortError) return error;
  const message = reasonOf(error);
  if (/^(?:WRONGPASS|NOAUTH|NOPERM)\b/.test(message)) {
    return new PortError("forbidden", target, `${target} refuses gofire's user or password: ${message}`, {
      cause: error,
    });
  }
  const known = troubles.find(([beginning]) => message.startsWith(beginning))?.[1];
  return new PortError("unavailable", target, `${target} cannot be used: ${known ?? message}`, {
    cause: error,
  });
}
