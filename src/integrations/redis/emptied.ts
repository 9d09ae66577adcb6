import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

/**
 * Whether Redis has lost everything since this was last asked, by whichever process: the first who asks is told so, and so is
 * who asks for the first time of all. Throws PortError, and the signal's reason.
 */
export async function wasEmptied(client: RedisClient, signal: AbortSignal): Promise<boolean> {
  return (await ask(() => client.set(key("kept"), "1", "NX"), signal)) === "OK";
}
