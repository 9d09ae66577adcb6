import type { Place } from "../../domain/chat/message.ts";
import { PortError } from "../../domain/errors.ts";
import type { JobName } from "../../ports/worker.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { queueRoom } from "./queue-room.ts";
import { type JobContent, type JobQueueSettings, openQueue } from "./queues.ts";

const fullRetryAfterMs = 30_000;

/** What people ask for and wait for, done by whichever worker is free. Close it before its connection. */
export interface AskedOnce {
  /**
   * Asked for twice with the same intent, it is done once. Throws PortError `rate-limited` when as many as may wait do, and
   * `unavailable`.
   */
  ask(intent: string, content: JobContent, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface AskedOnceSettings extends JobQueueSettings {
  readonly name: JobName;
  /** What waits, in words. */
  readonly things: string;
  readonly mostWaiting: number;
}

/** Who asks, as a job's `askedBy` reads it (jobs/asked/asked-by.ts). */
export function whoAsks({
  intent,
  userId,
  place,
  aside,
}: {
  readonly intent: string;
  readonly userId: string;
  readonly place: Place;
  /** Where only the person is answered, in the same channel. */
  readonly aside: Place;
}): JobContent {
  return {
    intent,
    userId,
    channel: place.channel,
    thread: place.thread ?? "",
    asideThread: aside.thread ?? "",
  };
}

export function askedOnce(
  client: RedisClient,
  { name, things, mostWaiting, retries: { attempts, backoffMs }, onTrouble }: AskedOnceSettings,
): AskedOnce {
  const queue = openQueue(name, client, onTrouble);
  const room = queueRoom(queue, client, mostWaiting);
  return {
    async ask(intent, content, signal) {
      // BullMQ takes no colon in an id.
      const jobId = `${name}-${intent.replaceAll(":", "_")}`;
      const options = { jobId, attempts, backoff: { type: "exponential", delay: backoffMs } };
      const inLine = await room.enter(
        jobId,
        () => ask(() => queue.add(name, content, options), signal),
        signal,
      );
      // Asked again about one that has its place already, the answer must not be a refusal.
      if (inLine === undefined || (await ask(() => queue.getJobState(jobId), signal)) !== "unknown") return;
      throw new PortError(
        "rate-limited",
        "queue",
        `${inLine} ${things} are waiting already, which is the limit.`,
        { retryAfterMs: fullRetryAfterMs },
      );
    },
    close: () => queue.close(),
  };
}
