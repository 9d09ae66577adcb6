import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { CaptureLock, LockHolder } from "../../ports/capture-lock.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

/** After this a lock whose holder died is free. Renewed three times as often. */
const defaultTtlMs = 15_000;

/** KEYS lock; ARGV token, ttl. */
const renewScript = `
local lock = redis.call("GET", KEYS[1])
if lock and cjson.decode(lock).token == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return 0`;

/** KEYS lock; ARGV token. */
const releaseScript = `
local lock = redis.call("GET", KEYS[1])
if lock and cjson.decode(lock).token == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0`;

/**
 * Locks over all workers. A holder that cannot renew in time (a paused process, a Redis that lost its data) is told by
 * `lost` and must stop: the incident's run number keeps what it still writes from being taken for somebody else's.
 */
export function redisCaptureLock(client: RedisClient, ttlMs = defaultTtlMs): CaptureLock {
  return {
    async acquire(target, expiresAtMs, signal) {
      const lock = key("lock", createHash("sha256").update(target).digest("hex").slice(0, 32));
      const token = randomUUID();
      const mine: LockHolder = { pid: process.pid, host: hostname(), sinceMs: Date.now() };
      const content = JSON.stringify({ ...mine, token });
      for (;;) {
        const leftMs = Math.floor(expiresAtMs - Date.now());
        // A lock that is over already keeps nobody out.
        if (leftMs <= 0) return { held: true, release: async () => {} };
        const sentAt = performance.now();
        const goodForMs = Math.min(ttlMs, leftMs);
        const taken = await ask(() => client.set(lock, content, "PX", goodForMs, "NX"), signal);
        if (taken === "OK")
          return { held: true, ...holding(client, lock, token, expiresAtMs, ttlMs, sentAt + goodForMs) };
        const holder = holderOf(await ask(() => client.get(lock), signal));
        // Undefined: released in between.
        if (holder !== undefined) return { held: false, holder };
      }
    },
  };
}

/** `goodUntil` is counted from the question: Redis may have counted down for as long as its answer took. */
function holding(
  client: RedisClient,
  lock: string,
  token: string,
  expiresAtMs: number,
  ttlMs: number,
  goodUntil: number,
) {
  const lost = new AbortController();
  const never = new AbortController().signal;
  let isOver = false;
  let overdue = expiry(goodUntil);
  const renewal = setInterval(() => {
    void renew().catch(() => {}); // Redis is away for the moment: the next round, or the expiry, decides
  }, ttlMs / 3);
  renewal.unref();

  /** Redis counts down, so this does, too: a clock that is set back must not keep a lock that is gone. */
  function expiry(at: number): NodeJS.Timeout {
    const leftMs = Math.max(0, at - performance.now());
    return setTimeout(() => {
      lose(new Error("the lock of the target could not be renewed in time"));
    }, leftMs).unref();
  }

  async function renew(): Promise<void> {
    const sentAt = performance.now();
    const leftMs = Math.min(ttlMs, Math.floor(expiresAtMs - Date.now()));
    const kept =
      leftMs > 0 && (await ask(() => client.eval(renewScript, 1, lock, token, leftMs), never)) === 1;
    if (isOver) return;
    if (!kept) return lose(new Error("the lock of the target was lost"));
    clearTimeout(overdue);
    overdue = expiry(sentAt + leftMs);
  }

  function stop(): void {
    isOver = true;
    clearInterval(renewal);
    clearTimeout(overdue);
  }

  function lose(reason: Error): void {
    stop();
    lost.abort(reason);
  }

  return {
    lost: lost.signal,
    async release(): Promise<void> {
      stop();
      // A Redis that is away forgets the lock by itself.
      await ask(() => client.eval(releaseScript, 1, lock, token), never).catch(() => {});
    },
  };
}

function holderOf(content: string | null): LockHolder | undefined {
  if (content === null) return undefined;
  const { pid, host, sinceMs } = JSON.parse(content) as LockHolder;
  return { pid, host, sinceMs };
}
