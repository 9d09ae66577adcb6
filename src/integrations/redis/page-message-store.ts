import { createHash } from "node:crypto";
import { comparableTitle, type PageMessage } from "../../domain/alerts/page-message.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KeptPageMessage, PageMessages } from "../../ports/page-messages.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import type { JobQueueSettings } from "./queues.ts";
import { woken } from "./woken.ts";

/** A page that is older is answered by nobody any more. */
const retentionMs = 7 * 86_400_000;
const mostListed = 500;

/** Sorted set by age of the messages that are no group's page yet. */
const unclaimedKey = key("page-messages");
const messagePrefix = key("page-message", "");

/**
 * KEYS message, unclaimed, unclaimed of the title, title; ARGV content, nowMs, retentionMs, member, ts, status, saidTs. One that
 * is changed from its end back to firing is new in all but whose it is.
 */
const keepScript = `
local before = redis.call("HMGET", KEYS[1], "status", "saidTs")
if before[2] and ARGV[7] < before[2] then return 0 end
redis.call("HSET", KEYS[1], "content", ARGV[1], "status", ARGV[6], "saidTs", ARGV[7])
if before[1] == "resolved" and ARGV[6] == "firing" then
  redis.call("HDEL", KEYS[1], "firstTs", "seenAtMs")
  redis.call("HINCRBY", KEYS[1], "round", 1)
end
if redis.call("HEXISTS", KEYS[1], "firstTs") == 0 then
  redis.call("SET", KEYS[4], ARGV[5], "NX", "PX", ARGV[3])
  redis.call("HSET", KEYS[1], "firstTs", redis.call("GET", KEYS[4]))
end
if redis.call("HSETNX", KEYS[1], "seenAtMs", ARGV[2]) == 1 and redis.call("HEXISTS", KEYS[1], "groupId") == 0 then
  for at = 2, 3 do redis.call("ZADD", KEYS[at], ARGV[2], ARGV[4]) end
end
redis.call("PEXPIRE", KEYS[1], ARGV[3])
for at = 2, 3 do
  redis.call("ZREMRANGEBYSCORE", KEYS[at], "-inf", ARGV[2] - ARGV[3])
  redis.call("PEXPIRE", KEYS[at], ARGV[3])
end
return 1`;

/**
 * KEYS unclaimed; ARGV sinceMs, how many, prefix of the messages' keys, which lie in the same slot. Gives member and
 * fields of each.
 */
const unclaimedScript = `
local found = {}
for _, member in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], ARGV[1], "+inf", "LIMIT", 0, ARGV[2])) do
  found[#found + 1] = redis.call("HGETALL", ARGV[3] .. member)
end
return found`;

/** KEYS message, unclaimed, unclaimed of the title, claim of the group; ARGV group, member, retentionMs. */
const claimScript = `
redis.call("HSETNX", KEYS[1], "groupId", ARGV[1])
local owner = redis.call("HGET", KEYS[1], "groupId")
for at = 2, 3 do redis.call("ZREM", KEYS[at], ARGV[2]) end
if owner == ARGV[1] then redis.call("SET", KEYS[4], ARGV[2], "PX", ARGV[3]) end
return owner`;

/** KEYS title; ARGV ts. */
const overScript = `
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0`;

/** Page messages in Redis: a hash each, a list by age, and a `page-message` job for each change. */
export function pageMessageStore(
  client: RedisClient,
  clock: Clock,
  settings: JobQueueSettings,
): PageMessages & { close(): Promise<void> } {
  const jobs = woken("page-message", client, settings);

  async function kept(member: string, signal: AbortSignal): Promise<KeptPageMessage | undefined> {
    return messageOf(await ask(() => client.hgetall(messageKey(member)), signal));
  }

  async function work(channel: string, ts: string, signal: AbortSignal): Promise<void> {
    await jobs.wake(memberOf(channel, ts), { channel, ts }, signal);
  }

  return {
    async receive(message, signal) {
      const { channel, ts } = message;
      const member = memberOf(channel, ts);
      await ask(
        () =>
          client.eval(
            keepScript,
            4,
            messageKey(member),
            unclaimedKey,
            titledKey(message.title),
            titleKey(message),
            JSON.stringify(message),
            clock.nowMs(),
            retentionMs,
            member,
            ts,
            message.status,
            message.saidTs ?? ts,
          ),
        signal,
      );
      await work(channel, ts, signal);
    },
    async read(channel, ts, signal) {
      return await kept(memberOf(channel, ts), signal);
    },
    async unclaimed({ sinceMs, title }, signal) {
      const list = title === undefined ? unclaimedKey : titledKey(title);
      const found = await ask(
        () => client.eval(unclaimedScript, 1, list, sinceMs, mostListed, messagePrefix),
        signal,
      );
      return (Array.isArray(found) ? found : [])
        .map((fields) => messageOf(fieldsOf(fields)))
        .filter((message) => message !== undefined);
    },
    async claimedBy(groupId, signal) {
      const member = await ask(() => client.get(claimKey(groupId)), signal);
      return member === null ? undefined : await kept(member, signal);
    },
    async claim({ channel, ts, title }, groupId, signal) {
      const member = memberOf(channel, ts);
      const keys = [messageKey(member), unclaimedKey, titledKey(title), claimKey(groupId)];
      const owner = await ask(
        () => client.eval(claimScript, keys.length, ...keys, groupId, member, retentionMs),
        signal,
      );
      return typeof owner === "string" ? owner : groupId;
    },
    async over(channel, firstTs, signal) {
      const message = await kept(memberOf(channel, firstTs), signal);
      if (message === undefined) return;
      await ask(() => client.eval(overScript, 1, titleKey(message), firstTs), signal);
    },
    wake: work,
    async close() {
      await jobs.close();
    },
  };
}

function memberOf(channel: string, ts: string): string {
  return `${channel}/${ts}`;
}

function titleKey({ channel, title }: PageMessage): string {
  return key("page-message", "title", channel, digest(title));
}

/** Titles that are told apart by capitals and blanks alone are one. */
function titledKey(title: string): string {
  return key("page-messages", "titled", digest(comparableTitle(title)));
}

function claimKey(groupId: string): string {
  return key("page-messages", "of", groupId);
}

function messageKey(member: string): string {
  return `${messagePrefix}${member}`;
}

/** What we wrote ourselves; a later version of gofire may add fields, never change one. */
function messageOf(fields: Readonly<Record<string, string>>): KeptPageMessage | undefined {
  const { content, seenAtMs, groupId, firstTs, round } = fields;
  if (content === undefined) return undefined;
  const message = JSON.parse(content) as PageMessage;
  return {
    ...message,
    seenAtMs: Number(seenAtMs),
    firstTs: firstTs ?? message.ts,
    ...(groupId === undefined ? {} : { groupId }),
    ...(round === undefined ? {} : { round: Number(round) }),
  };
}

/** A script's answer to HGETALL: name, value, name, value. */
function fieldsOf(flat: unknown): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  if (!Array.isArray(flat)) return fields;
  for (let at = 0; at + 1 < flat.length; at += 2) fields[String(flat[at])] = String(flat[at + 1]);
  return fields;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
