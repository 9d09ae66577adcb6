/** The page that shows operators the queue: Bull Board over the bot's queues. */
import type { QueueBoardConfig } from "./config/artifacts-config.ts";
import type { Endpoint } from "./endpoints.ts";
import type { RedisClient } from "./integrations/redis/connection.ts";
import { openQueue } from "./integrations/redis/queues.ts";
import { retries } from "./jobs/index.ts";
import type { JobName } from "./ports/worker.ts";

/** Its configuration with the password itself. */
export interface BoardSettings extends Omit<QueueBoardConfig, "password"> {
  readonly password: string;
}

export interface Board extends Endpoint {
  close(): Promise<void>;
}

/** Throws UsageError for a password that could be guessed, PortError when the page is not installed. */
export async function openBoard(
  settings: BoardSettings,
  client: RedisClient,
  onTrouble: (message: string) => void,
): Promise<Board> {
  // Only where there is a board: its package is not part of the bundle.
  const { boardPath, queueBoard } = await import("./integrations/http/queue-board.ts");
  // Every job has its queue, and its retries.
  const names = Object.keys(retries) as JobName[];
  const queues = names.map((name) => openQueue(name, client, onTrouble));
  const close = async () => void (await Promise.all(queues.map((queue) => queue.close())));
  try {
    return {
      routes: { [boardPath]: await queueBoard(queues, settings) },
      listen: settings.listen,
      told: (url) => `The queue is shown to operators at ${url}${boardPath}.`,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
