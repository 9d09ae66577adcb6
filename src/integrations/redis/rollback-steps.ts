import type { RollbackSteps } from "../../ports/rollback-steps.ts";
import { askedOnce } from "./asked-once.ts";
import type { RedisClient } from "./connection.ts";
import type { QueueSettings } from "./queue.ts";

/** Each asks a repository; of more than these the last would wait for minutes. */
const mostWaiting = 50;

export interface RollbackStepsSettings {
  readonly retries: QueueSettings["retries"]["rollback-step"];
  readonly onTrouble: (message: string) => void;
}

/** What people want done about rollbacks, on BullMQ. Close it before its connection. */
export function redisRollbackSteps(
  client: RedisClient,
  settings: RollbackStepsSettings,
): RollbackSteps & { close(): Promise<void> } {
  const things = "commands and clicks about rollbacks";
  const steps = askedOnce(client, { ...settings, name: "rollback-step", things, mostWaiting });
  return {
    async ask({ intent, userId, place, aside, atMs, does }, signal) {
      const { kind, ...about } = does;
      const content = {
        intent,
        userId,
        channel: place.channel,
        thread: place.thread ?? "",
        asideThread: aside.thread ?? "",
        atMs: String(atMs),
        kind,
        ...about,
      };
      await steps.ask(intent, content, signal);
    },
    close: () => steps.close(),
  };
}
