import { PortError } from "../../domain/errors.ts";
import type { GateRequests } from "../../ports/gate-requests.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import type { QueueSettings } from "./queue.ts";
import { queueRoom } from "./queue-room.ts";
import { openQueue } from "./queues.ts";

/** Each asks a repository; of more than these the last would wait for minutes. */
const mostWaiting = 50;
const fullRetryAfterMs = 30_000;

/** What is asked of the gate, on BullMQ. Close it before its connection. */
export function redisGateRequests(
  client: RedisClient,
  {
    retries: { attempts, backoffMs },
    onTrouble,
  }: { readonly retries: QueueSettings["retries"]["gate"]; readonly onTrouble: (message: string) => void },
): GateRequests & { close(): Promise<void> } {
  const queue = openQueue("gate", client, onTrouble);
  const room = queueRoom(queue, client, mostWaiting);
  return {
    async ask({ intent, userId, proposal, place, aside, askedAtMs, decides, clicked }, signal) {
      const content = {
        proposal,
        userId,
        intent,
        askedAtMs: String(askedAtMs),
        channel: place.channel,
        thread: place.thread ?? "",
        asideThread: aside.thread ?? "",
        decision: decides?.decision ?? "",
        environment: decides?.environment ?? "",
        digest: decides?.digest ?? "",
        clickedTs: clicked?.ts ?? "",
      };
      // BullMQ takes no colon in an id.
      const jobId = `gate-${intent.replaceAll(":", "_")}`;
      const options = { jobId, attempts, backoff: { type: "exponential", delay: backoffMs } };
      const inLine = await room.enter(
        jobId,
        () => ask(() => queue.add("gate", content, options), signal),
        signal,
      );
      // Asked again about one that has its place already, the answer must not be a refusal.
      if (inLine === undefined || (await ask(() => queue.getJobState(jobId), signal)) !== "unknown") return;
      throw new PortError(
        "rate-limited",
        "queue",
        `${inLine} questions to the gate are waiting already, which is the limit.`,
        {
          retryAfterMs: fullRetryAfterMs,
        },
      );
    },
    close: () => queue.close(),
  };
}
