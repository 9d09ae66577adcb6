/** Which rollbacks the Redis of `gofire serve` on this machine knows, for `gofire doctor`. */
import { existsSync } from "node:fs";
import { captureLock } from "./integrations/artifacts/capture-lock.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { thisHost } from "./integrations/host/this-host.ts";
import { chooseRedis } from "./integrations/redis/chosen.ts";
import { openRedis } from "./integrations/redis/connection.ts";
import { rollbackStore } from "./integrations/redis/rollback-store.ts";
import { retries } from "./jobs/index.ts";

/**
 * Of these ids those that there is a record of, in the Redis of REDIS_URL, else in the one of the state folder, which is
 * started for that long when no gofire runs. Throws UsageError and PortError in words for who asked.
 */
export async function knownRollbacks(
  ids: readonly string[],
  stateFolder: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (thisHost.environment("REDIS_URL") === undefined && !existsSync(`${stateFolder}/redis`))
    return new Set();
  const redis = await chooseRedis(thisHost, stateFolder, captureLock(`${stateFolder}/locks`), tell);
  try {
    const { address, tls } = redis;
    const opened = await openRedis(address, { onTrouble: tell, ...(tls === undefined ? {} : { tls }) });
    try {
      const settings = { retries: retries.rollback, onTrouble: tell };
      const store = rollbackStore(opened.client, systemClock, settings);
      try {
        const known = await Promise.all(ids.map((id) => store.read(id, signal)));
        return new Set(known.flatMap((request) => request?.id ?? []));
      } finally {
        await store.close();
      }
    } finally {
      await opened.close();
    }
  } finally {
    await redis.leave();
  }
}
