/** Which rollbacks the Redis of `gofire serve` on this machine knows, for `gofire doctor`. */
import { captureLock } from "./integrations/artifacts/capture-lock.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { thisHost } from "./integrations/host/this-host.ts";
import { askKept } from "./integrations/redis/kept.ts";
import { rollbackStore } from "./integrations/redis/rollback-store.ts";
import { retries } from "./jobs/index.ts";

/** Of these ids those that there is a record of, where `askKept` finds them. Throws as that does. */
export async function knownRollbacks(
  ids: readonly string[],
  stateFolder: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const lock = captureLock(`${stateFolder}/locks`);
  const known = await askKept(thisHost, stateFolder, lock, tell, async (client) => {
    const settings = { retries: retries.rollback, onTrouble: tell };
    const store = rollbackStore(client, systemClock, settings);
    try {
      return await Promise.all(ids.map((id) => store.read(id, signal)));
    } finally {
      await store.close();
    }
  });
  return new Set(known?.flatMap((request) => request?.id ?? []));
}
