import { PortError } from "../../domain/errors.ts";
import type { TlsLooks } from "../../ports/tls-looks.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import type { QueueSettings } from "./queue.ts";
import { queueRoom } from "./queue-room.ts";
import { openQueue } from "./queues.ts";

/** Each takes 15 s at most; of more than these the last would wait for minutes. */
const mostWaiting = 20;
const fullRetryAfterMs = 30_000;

export interface TlsLooksSettings {
  readonly retries: QueueSettings["retries"]["tls-look"];
  readonly onTrouble: (message: string) => void;
}

/** The looks on BullMQ. Close it before its connection. */
export function redisTlsLooks(
  client: RedisClient,
  { retries: { attempts, backoffMs }, onTrouble }: TlsLooksSettings,
): TlsLooks & { close(): Promise<void> } {
  const queue = openQueue("tls-look", client, onTrouble);
  const room = queueRoom(queue, client, mostWaiting);
  return {
    async ask({ target, place, intent, askedAtMs }, signal) {
      const content = {
        host: target.host,
        port: String(target.port),
        channel: place.channel,
        thread: place.thread ?? "",
        intent,
        askedAtMs: String(askedAtMs),
      };
      // BullMQ takes no colon in an id.
      const jobId = `tls-${intent.replaceAll(":", "_")}`;
      const options = { jobId, attempts, backoff: { type: "exponential", delay: backoffMs } };
      const inLine = await room.enter(
        jobId,
        () => ask(() => queue.add("tls-look", content, options), signal),
        signal,
      );
      // Asked again about one that has its place already, the answer must not be a refusal.
      if (inLine === undefined || (await ask(() => queue.getJobState(jobId), signal)) !== "unknown") return;
      throw new PortError(
        "rate-limited",
        "queue",
        `${inLine} looks at TLS ports are waiting already, which is the limit.`,
        { retryAfterMs: fullRetryAfterMs },
      );
    },
    close: () => queue.close(),
  };
}
