/** What `gofire rules --stats` reads: the Redis that `gofire serve` on this machine would use. */
import { existsSync } from "node:fs";
import { captureLock } from "./integrations/artifacts/capture-lock.ts";
import { thisHost } from "./integrations/host/this-host.ts";
import { chooseRedis } from "./integrations/redis/chosen.ts";
import { openRedis } from "./integrations/redis/connection.ts";
import { feedbackStore } from "./integrations/redis/feedback-store.ts";
import type { RuleRecords } from "./ports/rule-records.ts";

/** More than anybody reads at once. */
const mostComments = 500;

/**
 * Reads them from the Redis of REDIS_URL, else from the one of the state folder, which is started for that long when no
 * gofire runs. Throws UsageError and PortError in words for who asked.
 */
export async function readRuleRecords(
  stateFolder: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<RuleRecords> {
  const folder = `${stateFolder}/redis`;
  if (thisHost.environment("REDIS_URL") === undefined && !existsSync(folder)) {
    return {
      where: `${stateFolder}, where no gofire serve ran yet (REDIS_URL is not set)`,
      records: [],
      comments: [],
    };
  }
  const redis = await chooseRedis(thisHost, stateFolder, captureLock(`${stateFolder}/locks`), tell);
  try {
    const { address, tls } = redis;
    const opened = await openRedis(address, {
      onTrouble: tell,
      ...(tls === undefined ? {} : { tls }),
    });
    try {
      const feedback = feedbackStore(opened.client);
      const records = await feedback.records(signal);
      const comments = await feedback.comments(mostComments, signal);
      return { where: address.kind === "socket" ? folder : opened.address, records, comments };
    } finally {
      await opened.close();
    }
  } finally {
    await redis.leave();
  }
}
