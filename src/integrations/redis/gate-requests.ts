import type { GateRequests } from "../../ports/gate-requests.ts";
import { askedOnce, whoAsks } from "./asked-once.ts";
import type { RedisClient } from "./connection.ts";
import type { JobQueueSettings } from "./queues.ts";

/** Each asks a repository; of more than these the last would wait for minutes. */
const mostWaiting = 50;

/** What is asked of the gate, on BullMQ. Close it before its connection. */
export function redisGateRequests(
  client: RedisClient,
  settings: JobQueueSettings,
): GateRequests & { close(): Promise<void> } {
  const things = "questions to the gate";
  const questions = askedOnce(client, { ...settings, name: "gate", things, mostWaiting });
  return {
    async ask(request, signal) {
      const { proposal, askedAtMs, decides, clicked } = request;
      const content = {
        ...whoAsks(request),
        proposal,
        askedAtMs: String(askedAtMs),
        decision: decides?.decision ?? "",
        environment: decides?.environment ?? "",
        digest: decides?.digest ?? "",
        clickedTs: clicked?.ts ?? "",
      };
      await questions.ask(request.intent, content, signal);
    },
    close: () => questions.close(),
  };
}
