import type { JobName } from "../../ports/worker.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { type JobContent, type JobQueueSettings, openQueue } from "./queues.ts";

/** Jobs that are woken with each change of what they look after. Close it before its connection. */
export interface Woken {
  /** There is one job for each id at a time: what changes before it runs adds none, what changes while it runs has it run again. */
  wake(id: string, content: JobContent, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export function woken(name: JobName, client: RedisClient, { retries, onTrouble }: JobQueueSettings): Woken {
  const queue = openQueue(name, client, onTrouble);
  const { attempts, backoffMs } = retries;
  return {
    async wake(id, content, signal) {
      const options = {
        attempts,
        backoff: { type: "exponential", delay: backoffMs },
        deduplication: { id, keepLastIfActive: true },
        // There are many, and what they did is kept elsewhere.
        removeOnComplete: { age: 3_600, count: 500 },
      };
      await ask(() => queue.add(name, content, options), signal);
    },
    close: () => queue.close(),
  };
}
