import { createHash } from "node:crypto";
import type { Tellings } from "../../ports/tellings.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

/** Far longer than an answer is tried to be told. */
const retentionMs = 86_400_000;

/** A key for each answer to one person, which ends by itself. */
export function tellingStore(client: RedisClient): Tellings {
  return {
    async begin(intent, signal) {
      return (await ask(() => client.set(keyOf(intent), "1", "PX", retentionMs, "NX"), signal)) !== null;
    },
    async forget(intent, signal) {
      await ask(() => client.del(keyOf(intent)), signal);
    },
  };
}

function keyOf(intent: string): string {
  return key("telling", createHash("sha256").update(intent).digest("hex"));
}
