import type { RollbackSteps } from "../../ports/rollback-steps.ts";
import { askedOnce, whoAsks } from "./asked-once.ts";
import type { RedisClient } from "./connection.ts";
import type { JobQueueSettings } from "./queues.ts";

/** Each asks a repository; of more than these the last would wait for minutes. */
const mostWaiting = 50;

/** What people want done about rollbacks, on BullMQ. Close it before its connection. */
export function redisRollbackSteps(
  client: RedisClient,
  settings: JobQueueSettings,
): RollbackSteps & { close(): Promise<void> } {
  const things = "commands and clicks about rollbacks";
  const steps = askedOnce(client, { ...settings, name: "rollback-step", things, mostWaiting });
  return {
    async ask(step, signal) {
      const content = { ...whoAsks(step), atMs: String(step.atMs), ...step.does };
      await steps.ask(step.intent, content, signal);
    },
    close: () => steps.close(),
  };
}
