import { createHash } from "node:crypto";
import type { RedisClient } from "./connection.ts";

/** A script that is carried out often. */
export type Script = (keys: readonly string[], words: readonly (string | number)[]) => Promise<unknown>;

/** Sent by its hash, so that neither we write nor the server reads and hashes its text each time. */
export function hashedScript(client: RedisClient, text: string): Script {
  // The name that Redis knows a script by (https://redis.io/docs/latest/commands/evalsha/), no secret.
  const sha = createHash("sha1").update(text).digest("hex");
  return async (keys, words) => {
    try {
      return await client.evalsha(sha, keys.length, ...keys, ...words);
    } catch (error) {
      // A server that was restarted, or another one of a cluster, does not know it yet.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return await client.eval(text, keys.length, ...keys, ...words);
    }
  };
}
