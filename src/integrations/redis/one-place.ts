import { PortError } from "../../domain/errors.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

/**
 * `log`, as long as all processes of this gofire keep it in one place: Redis is what they share, and whoever comes first
 * writes there which place that is. On another machine a log of the same name would sign another history with the same key:
 * there nothing is added, and nothing of it is believed. PortError `unavailable` until there is a client.
 */
export function inOnePlace(log: AuditLog, client: () => RedisClient | undefined): AuditLog {
  const placeKey = key("audit-log", log.origin);

  async function check(signal: AbortSignal): Promise<void> {
    const place = await log.place(signal);
    const redis = client();
    if (redis === undefined) throw new PortError("unavailable", "Redis", "Redis is not there yet.");
    await ask(() => redis.set(placeKey, place, "NX"), signal);
    const kept = await ask(() => redis.get(placeKey), signal);
    if (kept === place) return;
    throw new PortError(
      "forbidden",
      log.origin,
      `The audit log ${log.origin} is kept in another place, by a gofire with another state folder: approvals and rollbacks work only there. Let all web and worker processes have the same state folder, on one machine. If that place is gone for good, bring its audit folder and key here, and delete ${placeKey} in Redis.`,
    );
  }

  return {
    origin: log.origin,
    verifier: log.verifier,
    place: (signal) => log.place(signal),
    async append(event, signal) {
      await check(signal);
      return await log.append(event, signal);
    },
    async *entries(from, signal) {
      await check(signal);
      yield* log.entries(from, signal);
    },
    async checkpoint(signal) {
      await check(signal);
      return await log.checkpoint(signal);
    },
    close: () => log.close(),
  };
}
