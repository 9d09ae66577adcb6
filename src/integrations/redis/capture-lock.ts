import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { CaptureLock, LockHolder } from "../../ports/capture-lock.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import { takeLease } from "./lease.ts";

/** After this a lock whose holder died is free. */
const defaultTtlMs = 15_000;

/**
 * Locks over all workers. A holder that cannot renew in time (a paused process, a Redis that lost its data) is told by
 * `lost` and must stop: the incident's run number keeps what it still writes from being taken for somebody else's.
 */
export function redisCaptureLock(client: RedisClient, ttlMs = defaultTtlMs): CaptureLock {
  return {
    async acquire(target, expiresAtMs, signal) {
      const lock = key("lock", createHash("sha256").update(target).digest("hex").slice(0, 32));
      const holder: LockHolder = { pid: process.pid, host: hostname(), sinceMs: Date.now() };
      for (;;) {
        // A lock that is over already keeps nobody out.
        if (expiresAtMs - Date.now() < 1) return { held: true, release: async () => {} };
        const lease = await takeLease(
          client,
          { key: lock, name: "the lock of the target", holder, ttlMs, expiresAtMs },
          signal,
        );
        if (lease !== undefined) return { held: true, lost: lease.lost, release: () => lease.free() };
        const other = holderOf(await ask(() => client.get(lock), signal));
        // Undefined: released in between.
        if (other !== undefined) return { held: false, holder: other };
      }
    },
  };
}

function holderOf(content: string | null): LockHolder | undefined {
  if (content === null) return undefined;
  const { pid, host, sinceMs } = JSON.parse(content) as LockHolder;
  return { pid, host, sinceMs };
}
