import { randomUUID } from "node:crypto";
import type { CaptureLimits } from "../../ports/capture-limits.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

export interface Caps {
  /** Captures at the same time, over all workers. */
  readonly overall: number;
  /** Captures of one service at the same time. */
  readonly perService: number;
  /** Milliseconds after a capture until alerts may ask for another of the same service. */
  readonly cooldownMs: number;
}

/** A cooldown as long as mosn/holmes allows for goroutine profiles by default, and few captures at the same time. */
export const defaultCaps: Caps = { overall: 20, perService: 2, cooldownMs: 600_000 };

/** After this the place of a worker that died is free. */
const placeMs = 30_000;

/**
 * KEYS all, service; ARGV token, nowMs, placeMs, overall, per service. The clock is Redis' own, so that workers need
 * not agree on the time.
 */
const enterScript = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)
redis.call("ZREMRANGEBYSCORE", KEYS[2], "-inf", now)
if redis.call("ZCARD", KEYS[2]) >= tonumber(ARGV[4]) then return "service" end
if redis.call("ZCARD", KEYS[1]) >= tonumber(ARGV[3]) then return "overall" end
for at = 1, 2 do
  redis.call("ZADD", KEYS[at], now + ARGV[2], ARGV[1])
  redis.call("PEXPIRE", KEYS[at], ARGV[2])
end
return "entered"`;

/** KEYS all, service; ARGV token, placeMs. */
const renewScript = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 1, 2 do
  redis.call("ZADD", KEYS[at], now + ARGV[2], ARGV[1])
  redis.call("PEXPIRE", KEYS[at], ARGV[2])
end
return 1`;

/** Names of both may hold colons. */
function ofProcess(service: string, instance: string): string {
  return key("cooldown-of", JSON.stringify([service, instance]));
}

/** Caps and cooldowns over all workers. */
export function captureLimits(client: RedisClient, caps: Caps = defaultCaps): CaptureLimits {
  const never = new AbortController().signal;
  const all = key("capturing");
  return {
    async enter(service, signal) {
      const ofService = key("capturing", "of", service);
      const token = randomUUID();
      const outcome = await ask(
        () => client.eval(enterScript, 2, all, ofService, token, placeMs, caps.overall, caps.perService),
        signal,
      );
      if (outcome === "service") {
        return { entered: false, reason: `${caps.perService} captures of ${service} are running` };
      }
      if (outcome !== "entered") {
        return { entered: false, reason: `${caps.overall} captures are running, which is the limit` };
      }
      const timer = setInterval(() => {
        void ask(() => client.eval(renewScript, 2, all, ofService, token, placeMs), never).catch(() => {});
      }, placeMs / 3);
      timer.unref();
      return {
        entered: true,
        async leave() {
          clearInterval(timer);
          const gone = [client.zrem(all, token), client.zrem(ofService, token)];
          await ask(() => Promise.all(gone), never).catch(() => {}); // it runs out by itself
        },
      };
    },
    async cooldownMs(service, signal) {
      return Math.max(0, await ask(() => client.pttl(key("cooldown", service)), signal));
    },
    async cooling(service, instances, signal) {
      if (instances.length === 0) return new Set();
      const marks = await ask(
        () => client.mget(instances.map((instance) => ofProcess(service, instance))),
        signal,
      );
      return new Set(instances.filter((_, at) => marks[at] !== null));
    },
    async captured(service, instance, signal) {
      if (caps.cooldownMs <= 0) return;
      const keys = [
        key("cooldown", service),
        ...(instance === undefined ? [] : [ofProcess(service, instance)]),
      ];
      await ask(() => Promise.all(keys.map((each) => client.set(each, "1", "PX", caps.cooldownMs))), signal);
    },
  };
}
