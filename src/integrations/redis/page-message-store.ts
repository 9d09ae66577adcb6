import { createHash } from "node:crypto";
import type { PageMessage } from "../../domain/page-message.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KeptPageMessage, PageMessages } from "../../ports/page-messages.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import { openQueue } from "./queues.ts";

/** A page that is older is answered by nobody any more. */
const retentionMs = 7 * 86_400_000;
const mostListed = 500;

const seenKey = key("page-messages");

/** KEYS message, seen, title; ARGV content, nowMs, retentionMs, member, ts. */
const keepScript = `
redis.call("HSET", KEYS[1], "content", ARGV[1])
if redis.call("HEXISTS", KEYS[1], "firstTs") == 0 then
  redis.call("SET", KEYS[3], ARGV[5], "NX", "PX", ARGV[3])
  redis.call("HSET", KEYS[1], "firstTs", redis.call("GET", KEYS[3]))
end
if redis.call("HSETNX", KEYS[1], "seenAtMs", ARGV[2]) == 1 then redis.call("ZADD", KEYS[2], ARGV[2], ARGV[4]) end
redis.call("PEXPIRE", KEYS[1], ARGV[3])
redis.call("ZREMRANGEBYSCORE", KEYS[2], "-inf", ARGV[2] - ARGV[3])
return 1`;

/** KEYS title; ARGV ts. */
const overScript = `
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0`;

/** Page messages in Redis: a hash each, a list by age, and a `page-message` job for each change. */
export function pageMessageStore(
  client: RedisClient,
  clock: Clock,
  settings: {
    readonly retries: { readonly attempts: number; readonly backoffMs: number };
    readonly onTrouble: (message: string) => void;
  },
): PageMessages & { close(): Promise<void> } {
  const jobs = openQueue("page-message", client, settings.onTrouble);

  async function kept(member: string, signal: AbortSignal): Promise<KeptPageMessage | undefined> {
    const fields = await ask(() => client.hgetall(messageKey(member)), signal);
    const { content, seenAtMs, groupId, firstTs } = fields;
    if (content === undefined) return undefined;
    const message = JSON.parse(content) as PageMessage;
    return {
      ...message,
      seenAtMs: Number(seenAtMs),
      firstTs: firstTs ?? message.ts,
      ...(groupId === undefined ? {} : { groupId }),
    };
  }

  return {
    async receive(message, signal) {
      const { channel, ts } = message;
      const member = memberOf(channel, ts);
      await ask(
        () =>
          client.eval(
            keepScript,
            3,
            messageKey(member),
            seenKey,
            titleKey(message),
            JSON.stringify(message),
            clock.nowMs(),
            retentionMs,
            member,
            ts,
          ),
        signal,
      );
      await ask(
        () =>
          jobs.add(
            "page-message",
            { channel, ts },
            {
              attempts: settings.retries.attempts,
              backoff: { type: "exponential", delay: settings.retries.backoffMs },
              deduplication: { id: member, keepLastIfActive: true },
              removeOnComplete: { age: 3_600, count: 500 },
            },
          ),
        signal,
      );
    },
    async read(channel, ts, signal) {
      return await kept(memberOf(channel, ts), signal);
    },
    async seenSince(sinceMs, signal) {
      const members = await ask(
        () => client.zrevrangebyscore(seenKey, "+inf", sinceMs, "LIMIT", 0, mostListed),
        signal,
      );
      const found = await Promise.all(members.map((member) => kept(member, signal)));
      return found.filter((message) => message !== undefined);
    },
    async claim({ channel, ts }, groupId, signal) {
      const at = messageKey(memberOf(channel, ts));
      await ask(() => client.hsetnx(at, "groupId", groupId), signal);
      return (await ask(() => client.hget(at, "groupId"), signal)) ?? groupId;
    },
    async over(channel, firstTs, signal) {
      const message = await kept(memberOf(channel, firstTs), signal);
      if (message === undefined) return;
      await ask(() => client.eval(overScript, 1, titleKey(message), firstTs), signal);
    },
    async close() {
      await jobs.close();
    },
  };
}

function memberOf(channel: string, ts: string): string {
  return `${channel}/${ts}`;
}

function titleKey({ channel, title }: PageMessage): string {
  return key("page-message", "title", channel, createHash("sha256").update(title).digest("hex").slice(0, 32));
}

function messageKey(member: string): string {
  return key("page-message", member);
}
