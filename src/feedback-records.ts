/** What `gofire rules --stats` reads: the Redis that `gofire serve` on this machine would use. */
import { captureLock } from "./integrations/artifacts/capture-lock.ts";
import { thisHost } from "./integrations/host/this-host.ts";
import { feedbackStore } from "./integrations/redis/feedback-store.ts";
import { askKept } from "./integrations/redis/kept.ts";
import type { RuleRecords } from "./ports/rule-records.ts";

/** More than anybody reads at once. */
const mostComments = 500;

/** Reads them where `askKept` finds them. Throws as that does. */
export async function readRuleRecords(
  stateFolder: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<RuleRecords> {
  const lock = captureLock(`${stateFolder}/locks`);
  const kept = await askKept(
    thisHost,
    stateFolder,
    lock,
    tell,
    async (client, where): Promise<RuleRecords> => {
      const feedback = feedbackStore(client);
      const records = await feedback.records(signal);
      const comments = await feedback.comments(mostComments, signal);
      return { where, records, comments };
    },
  );
  return (
    kept ?? {
      where: `${stateFolder}, where no gofire serve ran yet (REDIS_URL is not set)`,
      records: [],
      comments: [],
    }
  );
}
