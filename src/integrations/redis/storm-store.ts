import { randomUUID } from "node:crypto";
import type { Storm, StormLimits, StormPage } from "../../domain/alerts/storm.ts";
import type { Storms } from "../../ports/storms.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import type { JobQueueSettings } from "./queues.ts";
import { updated } from "./updated.ts";
import { woken } from "./woken.ts";

/** As long as groups of alerts are kept. */
const retentionMs = 7 * 86_400_000;
/** Of one round trip: keeps what Redis does at once to a few milliseconds. */
const pagesAtOnce = 500;

const unsettledKey = key("storms", "unsettled");
const stormPrefix = key("storm", "");

/** Redis' own clock, so that workers need not agree on the time. */
const nowInScript = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * KEYS page, recent, facts of recent ones, current storm of the channel, unsettled; ARGV page, intent, service, withinMs,
 * how many, id of a new storm, channel, prefix of storms' keys (which lie in the same slot), retentionMs. Gives the id and
 * which page of the service is captured; nothing while pages are few.
 */
const joinScript = `${nowInScript}
local page, intent, service = ARGV[1], ARGV[2], ARGV[3]
local id = redis.call("GET", KEYS[1]) or redis.call("GET", KEYS[4])
local function add(storm, one, content)
  redis.call("HSETNX", storm .. ":pages", one, content)
  redis.call("HSETNX", storm .. ":captured", cjson.decode(content)["service"], one)
end
if not id then
  local old = redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", now - ARGV[4])
  for _, one in ipairs(old) do
    redis.call("ZREM", KEYS[2], one)
    redis.call("HDEL", KEYS[3], one)
  end
  redis.call("ZADD", KEYS[2], "NX", now, intent)
  redis.call("HSET", KEYS[3], intent, page)
  for at = 2, 3 do redis.call("PEXPIRE", KEYS[at], ARGV[9]) end
  if redis.call("ZCARD", KEYS[2]) < tonumber(ARGV[5]) then return {} end
  id = ARGV[6]
  local storm = ARGV[8] .. id
  local first = redis.call("ZRANGE", KEYS[2], 0, 0, "WITHSCORES")[2]
  redis.call("HSET", storm, "version", 1, "content", "{}", "channel", ARGV[7], "beganAtMs", first)
  redis.call("SET", KEYS[4], id, "PX", ARGV[9])
  for _, one in ipairs(redis.call("ZRANGE", KEYS[2], 0, -1)) do
    add(storm, one, redis.call("HGET", KEYS[3], one))
  end
end
local storm = ARGV[8] .. id
redis.call("SET", KEYS[1], id, "PX", ARGV[9])
if redis.call("HEXISTS", storm .. ":pages", intent) == 0 or redis.call("HEXISTS", storm, "lastPageAtMs") == 0 then
  redis.call("HSET", storm, "lastPageAtMs", now)
end
add(storm, intent, page)
for _, part in ipairs({"", ":pages", ":captured"}) do redis.call("PEXPIRE", storm .. part, ARGV[9]) end
redis.call("ZADD", KEYS[5], "NX", now, id)
return {id, redis.call("HGET", storm .. ":captured", service)}`;

/** KEYS storm; ARGV expected version, content. */
const updateScript = `
if redis.call("HGET", KEYS[1], "version") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "version", ARGV[1] + 1, "content", ARGV[2])
return 1`;

/** KEYS storm, current storm of the channel, recent, facts of recent ones; ARGV id, quietMs. */
const endScript = `${nowInScript}
local last = redis.call("HGET", KEYS[1], "lastPageAtMs")
if not last or now - last < tonumber(ARGV[2]) then return 0 end
if redis.call("GET", KEYS[2]) == ARGV[1] then redis.call("DEL", KEYS[2], KEYS[3], KEYS[4]) end
return redis.call("HSETNX", KEYS[1], "overAtMs", now)`;

/** KEYS unsettled; ARGV forMs. */
const unsettledScript = `${nowInScript}
local ids = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[1], "LIMIT", 0, 100)
for _, id in ipairs(ids) do redis.call("ZADD", KEYS[1], now, id) end
return ids`;

/**
 * Storms in Redis: which pages began lately in each channel, and of each storm a hash with what is shown, one with its
 * pages and one with which of them is captured for each service; and a `storm` job for each change.
 */
export function stormStore(
  client: RedisClient,
  limits: StormLimits,
  settings: JobQueueSettings,
): Storms & { close(): Promise<void> } {
  const jobs = woken("storm", client, settings);

  async function read(id: string, signal: AbortSignal): Promise<Storm | undefined> {
    return stormOf(id, await ask(() => client.hgetall(stormKey(id)), signal));
  }

  return {
    read,
    async join(channel, page, signal) {
      const { intent, service } = page;
      const keys = [key("storm-of", intent), recentKey(channel), factsKey(channel), currentKey(channel)];
      const answer = await ask(
        () =>
          client.eval(
            joinScript,
            keys.length + 1,
            ...keys,
            unsettledKey,
            JSON.stringify(page),
            intent,
            service,
            limits.withinMs,
            limits.pages,
            newId(),
            channel,
            stormPrefix,
            retentionMs,
          ),
        signal,
      );
      const [id, captured] = Array.isArray(answer) ? answer : [];
      return typeof id === "string" && typeof captured === "string" ? { id, captured } : undefined;
    },
    async pages(id, signal) {
      const pages = new Map<string, StormPage>();
      let cursor = "0";
      do {
        const [next, flat] = await ask(
          () => client.hscan(pagesKey(id), cursor, "COUNT", pagesAtOnce),
          signal,
        );
        // A scan may give one twice.
        for (let at = 0; at + 1 < flat.length; at += 2) {
          pages.set(flat[at] ?? "", JSON.parse(flat[at + 1] ?? "") as StormPage);
        }
        cursor = next;
      } while (cursor !== "0");
      return [...pages.values()];
    },
    async update(id, change, signal) {
      return await updated(
        id,
        id,
        {
          read: () => read(id, signal),
          async save({ version }, changed) {
            const content = JSON.stringify(contentOf(changed));
            const saved = await ask(
              () => client.eval(updateScript, 1, stormKey(id), version, content),
              signal,
            );
            return saved === 1 ? { ...changed, id, version: version + 1 } : undefined;
          },
        },
        change,
      );
    },
    async endIfQuiet(id, signal) {
      const storm = await read(id, signal);
      if (storm === undefined || storm.overAtMs !== undefined) return storm;
      const { channel } = storm;
      const keys = [stormKey(id), currentKey(channel), recentKey(channel), factsKey(channel)];
      await ask(() => client.eval(endScript, keys.length, ...keys, id, limits.quietMs), signal);
      return await read(id, signal);
    },
    wake: (id, signal) => jobs.wake(id, { stormId: id }, signal),
    async settle(id, signal) {
      await ask(() => client.zrem(unsettledKey, id), signal);
    },
    async unsettled(forMs, signal) {
      const ids = await ask(() => client.eval(unsettledScript, 1, unsettledKey, forMs), signal);
      return (Array.isArray(ids) ? ids : []).map(String);
    },
    close: () => jobs.close(),
  };
}

function newId(): string {
  return `storm-${randomUUID().slice(0, 8)}`;
}

function stormKey(id: string): string {
  return `${stormPrefix}${id}`;
}

function pagesKey(id: string): string {
  return `${stormKey(id)}:pages`;
}

function recentKey(channel: string): string {
  return key("storms", "recent", channel);
}

function factsKey(channel: string): string {
  return key("storms", "recent-facts", channel);
}

function currentKey(channel: string): string {
  return key("storms", "current", channel);
}

type Content = Pick<Storm, "card" | "replies" | "listed">;

function contentOf({ card, replies, listed }: Storm): Content {
  return {
    replies,
    ...(card === undefined ? {} : { card }),
    ...(listed === undefined ? {} : { listed }),
  };
}

/** What we wrote ourselves; a later version of gofire may add fields, never change one. */
function stormOf(id: string, fields: Readonly<Record<string, string>>): Storm | undefined {
  const { version, content, channel, beganAtMs, lastPageAtMs, overAtMs } = fields;
  if (content === undefined || channel === undefined) return undefined;
  return {
    replies: [],
    ...(JSON.parse(content) as Partial<Content>),
    id,
    version: Number(version),
    channel,
    beganAtMs: Number(beganAtMs),
    lastPageAtMs: Number(lastPageAtMs ?? beganAtMs),
    ...(overAtMs === undefined ? {} : { overAtMs: Number(overAtMs) }),
  };
}
