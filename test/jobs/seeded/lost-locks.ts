import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { keyPrefix } from "../../../src/integrations/redis/keys.ts";
import { dice } from "./dice.ts";

const lookEveryMs = 20;
/** In percent, each time it is looked: before most of the work is done, and not always at its beginning. */
const lostEachTime = 20;

/**
 * Has Redis lose the lock of each job once, at some moment of its work: who does it is taken for dead, lives, and does it beside
 * its successor. Goes on until `signal` is aborted; a Redis that is away meanwhile has lost nothing.
 */
export async function loseLocks(redisSocket: string, seed: number, signal: AbortSignal): Promise<void> {
  const chance = dice(seed);
  const lost = new Set<string>();
  const client = new Redis({ path: redisSocket, maxRetriesPerRequest: 0 });
  client.on("error", () => {});
  try {
    while (!signal.aborted) {
      const locks = await client.keys(`${keyPrefix}:*:lock`).catch(() => []);
      for (const lock of locks) {
        if (lost.has(lock) || !chance.chance(lostEachTime)) continue;
        lost.add(lock);
        await client.del(lock).catch(() => {});
      }
      await sleep(lookEveryMs);
    }
  } finally {
    client.disconnect();
  }
}
