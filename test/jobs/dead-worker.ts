import { Redis } from "ioredis";
import { key, keyPrefix } from "../../src/integrations/redis/keys.ts";
import type { WorkerTimes } from "../../src/main.ts";

/**
 * For workers that are killed. None of them loses what it holds because it got no processor for a while: `freed` says when
 * one is dead, and time does not.
 */
export const patientTimes: WorkerTimes = {
  lockMs: 60_000,
  stalledCheckMs: 500,
  targetLockMs: 60_000,
  sendLockMs: 60_000,
};

/**
 * Does at once what else time would do after the only worker of a Redis died: its jobs' locks run out, and the places,
 * targets and messages that it held are free.
 */
export async function freed(redisSocket: string): Promise<void> {
  const client = new Redis({ path: redisSocket });
  try {
    const patterns = [
      `${keyPrefix}:*:lock`,
      `${key("lock")}:*`,
      `${key("sending")}:*`,
      `${key("capturing")}*`,
    ];
    const held = await Promise.all(patterns.map((pattern) => client.keys(pattern)));
    await Promise.all(held.flat().map((each) => client.del(each)));
  } finally {
    client.disconnect();
  }
}
