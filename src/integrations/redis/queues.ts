import { Queue as BullQueue } from "bullmq";
import type { JobName } from "../../ports/worker.ts";
import type { RedisClient } from "./connection.ts";
import { keyPrefix } from "./keys.ts";

/** What a job carries: ids, e.g. `{ incidentId: "gf-3fa9" }`. */
export type JobContent = Readonly<Record<string, string>>;

/** How a job that failed is tried again (the job's own figures), and who hears of lost connections. */
export interface JobQueueSettings {
  readonly retries: { readonly attempts: number; readonly backoffMs: number };
  readonly onTrouble: (message: string) => void;
}

/** Kept for `status` and for who looks after a night: a day of what went well, a week of what did not. */
const kept = {
  removeOnComplete: { age: 86_400, count: 2_000 },
  removeOnFail: { age: 7 * 86_400, count: 2_000 },
};

/** A queue's handle. `onTrouble` hears of lost connections, which mend themselves. */
export function openQueue(
  name: JobName,
  client: RedisClient,
  onTrouble: (message: string) => void,
): BullQueue<JobContent> {
  const queue = new BullQueue<JobContent>(name, {
    connection: client,
    prefix: keyPrefix,
    defaultJobOptions: kept,
    streams: { events: { maxLen: 1_000 } },
  });
  queue.on("error", (error) => onTrouble(error.message));
  return queue;
}
