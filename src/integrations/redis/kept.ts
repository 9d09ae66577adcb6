import { existsSync } from "node:fs";
import type { CaptureLock } from "../../ports/capture-lock.ts";
import type { Host } from "../../ports/host.ts";
import { chooseRedis } from "./chosen.ts";
import { openRedis, type RedisClient } from "./connection.ts";

/**
 * Asks what `gofire serve` on this machine keeps: in the Redis of REDIS_URL, else in the one of the state folder, which is
 * started for that long when no gofire runs. `ask` is told which one it is. Undefined where no gofire has run yet. Throws
 * UsageError and PortError in words for who asked.
 */
export async function askKept<T>(
  host: Host,
  stateFolder: string,
  lock: CaptureLock,
  tell: (line: string) => void,
  ask: (client: RedisClient, where: string) => Promise<T>,
): Promise<T | undefined> {
  const folder = `${stateFolder}/redis`;
  if (host.environment("REDIS_URL") === undefined && !existsSync(folder)) return undefined;
  const redis = await chooseRedis(host, stateFolder, lock, tell);
  try {
    const { address, tls } = redis;
    const opened = await openRedis(address, { onTrouble: tell, ...(tls === undefined ? {} : { tls }) });
    try {
      return await ask(opened.client, address.kind === "socket" ? folder : opened.address);
    } finally {
      await opened.close();
    }
  } finally {
    await redis.leave();
  }
}
