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
        const taken = await ask(() => client.set(lock, content, "PX", Math.min(ttlMs, leftMs), "NX"), signal);
        if (taken === "OK") return { held: true, ...holding(client, lock, token, expiresAtMs, ttlMs) };
        const holder = holderOf(await ask(() => client.get(lock), signal));
        // Undefined: released in between.
        if (holder !== undefined) return { held: false, holder };
      }
    },
  };
}

function holding(client: RedisClient, lock: string, token: string, expiresAtMs: number, ttlMs: number) {
  const lost = new AbortController();
  const never = new AbortController().signal;
  // Redis counts down, so this does, too: a clock that is set back must not keep a lock that is gone.
  let goodUntil = performance.now() + ttlMs;

  async function renew(): Promise<void> {
    const sentAt = performance.now();
    const leftMs = Math.min(ttlMs, Math.floor(expiresAtMs - Date.now()));
    const kept =
      leftMs > 0 && (await ask(() => client.eval(renewScript, 1, lock, token, leftMs), never)) === 1;
    if (kept) goodUntil = sentAt + leftMs;
    else end(new Error("the lock of the target was lost"));
  }
  function end(reason: Error): void {
    clearInterval(timer);
    lost.abort(reason);
  }
  const timer = setInterval(() => {
    if (performance.now() > goodUntil) end(new Error("the lock of the target could not be renewed in time"));
    else void renew().catch(() => {}); // Redis is away for the moment: the next round decides
  }, ttlMs / 3);
  timer.unref();

  return {
    lost: lost.signal,
    async release(): Promise<void> {
      clearInterval(timer);
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
