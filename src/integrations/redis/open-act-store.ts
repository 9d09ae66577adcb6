import type { OpenAct, OpenActs } from "../../ports/open-acts.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

/** What nobody could tell for so long is no news any more. */
const retentionMs = 7 * 86_400_000;
const mostAtOnce = 100;

/** Intents by when they were noted, and what each is about. */
export const openActKeys = [key("open-acts"), key("open-acts", "content")] as const;

/**
 * For scripts that carry out what somebody does: `open(keys, intent, content)` notes that it is to be told. The clock is
 * Redis' own.
 */
export const openActScript = `
local function open(ages, contents, intent, content)
  local time = redis.call("TIME")
  redis.call("ZADD", ages, time[1] * 1000 + math.floor(time[2] / 1000), intent)
  redis.call("HSET", contents, intent, content)
  for _, each in ipairs({ages, contents}) do redis.call("PEXPIRE", each, ${retentionMs}) end
end`;

/** KEYS ages, contents; ARGV forMs, how many. */
const leftScript = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local intents = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[1], "LIMIT", 0, ARGV[2])
if #intents == 0 then return {} end
return redis.call("HMGET", KEYS[2], unpack(intents))`;

/** KEYS ages, contents; ARGV intent. */
const closeScript = `
redis.call("ZREM", KEYS[1], ARGV[1])
return redis.call("HDEL", KEYS[2], ARGV[1])`;

/** Acts in Redis that are still to be told. */
export function openActStore(client: RedisClient): OpenActs {
  return {
    async left(forMs, signal) {
      const found = await ask(() => client.eval(leftScript, 2, ...openActKeys, forMs, mostAtOnce), signal);
      return (Array.isArray(found) ? found : [])
        .filter((content) => typeof content === "string")
        .map((content) => JSON.parse(content) as OpenAct);
    },
    async close(intent, signal) {
      await ask(() => client.eval(closeScript, 2, ...openActKeys, intent), signal);
    },
  };
}
