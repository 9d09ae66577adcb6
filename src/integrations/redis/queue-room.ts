import type { Queue } from "bullmq";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import { hashedScript } from "./script.ts";

/** After this the place of a process that died before it could enqueue is free; longer than it would have waited. */
const comingMs = 60_000;

/**
 * KEYS wait, prioritized, delayed, coming; ARGV id, limit, comingMs. Gives how many wait when there is no room, else -1.
 * The clock is Redis' own.
 */
const takeScript = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("ZREMRANGEBYSCORE", KEYS[4], "-inf", now)
local waiting = redis.call("LLEN", KEYS[1])
for at = 2, 4 do waiting = waiting + redis.call("ZCARD", KEYS[at]) end
if waiting >= tonumber(ARGV[2]) then return waiting end
redis.call("ZADD", KEYS[4], now + ARGV[3], ARGV[1])
return -1`;

/** Room in a queue of limited length, given out one by one: of many who ask at once no more get in than fit. */
export interface QueueRoom {
  /** Runs `enqueue` when there is room for `id`; else gives how many wait, and runs nothing. */
  enter(id: string, enqueue: () => Promise<unknown>, signal: AbortSignal): Promise<number | undefined>;
}

export function queueRoom(queue: Queue, client: RedisClient, limit: number): QueueRoom {
  const coming = key("coming", queue.name);
  const keys = [...["wait", "prioritized", "delayed"].map((state) => queue.toKey(state)), coming];
  const take = hashedScript(client, takeScript);
  const never = new AbortController().signal;
  return {
    async enter(id, enqueue, signal) {
      const waiting = Number(await ask(() => take(keys, [id, limit, comingMs]), signal));
      if (waiting >= 0) return waiting;
      try {
        await enqueue();
      } finally {
        // It waits in the queue now, or not at all; what cannot be said now runs out by itself.
        await ask(() => client.zrem(coming, id), never).catch(() => {});
      }
      return undefined;
    },
  };
}
