import type { Mute, MuteSubject } from "../../domain/alerts/mute.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MutedBy, Mutes } from "../../ports/mutes.ts";
import type { OpenMute } from "../../ports/open-acts.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import { openActKeys, openActScript } from "./open-act-store.ts";

const endsKey = key("mutes", "ends");
const contentKey = key("mutes");

/**
 * What every script begins with: KEYS ends, content, open acts, their contents. The clock is Redis' own, so that machines
 * need not agree on the time; what is over is gone before anything else is done.
 */
const sweep = `${openActScript}
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now)) do redis.call("HDEL", KEYS[2], id) end
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)`;

/**
 * ARGV id, content, lasts ms, and where somebody is to be told the intent and the act. Both keys live as long as the longest
 * mute.
 */
const muteScript = `${sweep}
redis.call("ZADD", KEYS[1], now + ARGV[3], ARGV[1])
redis.call("HSET", KEYS[2], ARGV[1], ARGV[2])
local last = redis.call("ZRANGE", KEYS[1], -1, -1, "WITHSCORES")
for at = 1, 2 do redis.call("PEXPIREAT", KEYS[at], last[2]) end
if ARGV[4] then open(KEYS[3], KEYS[4], ARGV[4], ARGV[5]) end`;

/** ARGV id, and where somebody is to be told the intent and the act without the mute. */
const unmuteScript = `${sweep}
local content = redis.call("HGET", KEYS[2], ARGV[1])
redis.call("HDEL", KEYS[2], ARGV[1])
redis.call("ZREM", KEYS[1], ARGV[1])
if content and ARGV[2] then
  open(KEYS[3], KEYS[4], ARGV[2], ARGV[3]:sub(1, -2) .. ',"mute":' .. content .. "}")
end
return content`;

const listScript = `${sweep}
local ids = redis.call("ZRANGE", KEYS[1], 0, -1)
if #ids == 0 then return {} end
return redis.call("HMGET", KEYS[2], unpack(ids))`;

/** Mutes in Redis. */
export function mutesStore(client: RedisClient, clock: Clock): Mutes {
  async function run(script: string, signal: AbortSignal, ...words: (string | number)[]): Promise<unknown> {
    return await ask(() => client.eval(script, 4, endsKey, contentKey, ...openActKeys, ...words), signal);
  }

  return {
    async mute(mute, signal, by) {
      const lastsMs = Math.ceil(mute.untilMs - clock.nowMs());
      if (lastsMs <= 0) return;
      await run(
        muteScript,
        signal,
        idOf(mute.subject),
        JSON.stringify(mute),
        lastsMs,
        ...openWords(by, { did: "muted", mute }),
      );
    },
    async unmute(subject, signal, by) {
      return muteOf(
        await run(unmuteScript, signal, idOf(subject), ...openWords(by, { did: "unmuted", subject })),
      );
    },
    async list(signal) {
      const found = await run(listScript, signal);
      return Array.isArray(found) ? found.map(muteOf).filter((mute) => mute !== undefined) : [];
    },
  };
}

/** What a script notes of who did it; nothing where nobody is to be told. */
function openWords(
  by: MutedBy | undefined,
  act: Pick<OpenMute, "did"> & { readonly mute?: Mute; readonly subject?: MuteSubject },
): readonly string[] {
  if (by === undefined) return [];
  const { userId, intent, atMs, place } = by;
  return [intent, JSON.stringify({ userId, intent, atMs, place, ...act })];
}

function idOf(subject: MuteSubject): string {
  return subject.kind === "service"
    ? JSON.stringify(["service", subject.service])
    : JSON.stringify(["rule", subject.rule, subject.service ?? null]);
}

/** What we wrote ourselves. */
function muteOf(content: unknown): Mute | undefined {
  return typeof content === "string" ? (JSON.parse(content) as Mute) : undefined;
}
