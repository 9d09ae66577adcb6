import { openCheckpointOf } from "../../audit/checkpoint.ts";
import { PortError } from "../../domain/errors.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

/** KEYS size; ARGV at least. */
const growScript = `
if tonumber(redis.call("GET", KEYS[1]) or "0") < tonumber(ARGV[1]) then redis.call("SET", KEYS[1], ARGV[1]) end
return 1`;

/**
 * `log`, as long as all processes of this gofire keep it in one place: Redis is what they share, and whoever comes first
 * writes there which place that is. On another machine a log of the same name would sign another history with the same key:
 * there nothing is added, and nothing of it is believed. Nor is it of an older copy that was put back in that place: Redis knows
 * how many entries there were, and a rejection may be among those that are gone. PortError `unavailable` until there is a client.
 */
export function inOnePlace(log: AuditLog, client: () => RedisClient | undefined): AuditLog {
  const placeKey = key("audit-log", log.origin);
  const sizeKey = key("audit-log-size", log.origin);

  async function check(signal: AbortSignal): Promise<void> {
    const place = await log.place(signal);
    const redis = client();
    if (redis === undefined) throw new PortError("unavailable", "Redis", "Redis is not there yet.");
    await ask(() => redis.set(placeKey, place, "NX"), signal);
    const kept = await ask(() => redis.get(placeKey), signal);
    if (kept === place) return await checkSize(redis, signal);
    throw new PortError(
      "forbidden",
      log.origin,
      `The audit log ${log.origin} is kept in another place, by a gofire with another state folder: approvals and rollbacks work only there. Let all web and worker processes have the same state folder, on one machine. If that place is gone for good, bring its audit folder and key here, and delete ${placeKey} in Redis.`,
    );
  }

  /** In this order: what Redis knows of stood in the log before. */
  async function checkSize(redis: RedisClient, signal: AbortSignal): Promise<void> {
    const known = Number((await ask(() => redis.get(sizeKey), signal)) ?? 0);
    if (known === 0) return;
    const checkpoint = openCheckpointOf(log, await log.checkpoint(signal));
    if (typeof checkpoint === "string")
      throw new PortError(
        "forbidden",
        log.origin,
        `The checkpoint of the audit log ${log.origin} ${checkpoint}.`,
      );
    const { size } = checkpoint;
    if (size >= known) return;
    throw new PortError(
      "forbidden",
      log.origin,
      `The audit log ${log.origin} has ${size} entries and had ${known}: an older copy of its folder was put back. Put the newer one back, with its claimed folder. If that is gone for good, so are the approvals and rejections after entry ${size}: delete ${sizeKey} in Redis to go on without them.`,
    );
  }

  return {
    origin: log.origin,
    verifier: log.verifier,
    place: (signal) => log.place(signal),
    async append(event, signal) {
      await check(signal);
      const logged = await log.append(event, signal);
      await ask(async () => await client()?.eval(growScript, 1, sizeKey, logged.index + 1), signal);
      return logged;
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
