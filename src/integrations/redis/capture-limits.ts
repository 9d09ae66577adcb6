import { randomUUID } from "node:crypto";
import { type CaptureKind, coolingKinds } from "../../domain/evidence/capture.ts";
import type { CaptureLimits, Cooldown } from "../../ports/capture-limits.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

export interface Caps {
  /** Captures at the same time, over all workers. */
  readonly overall: number;
  /** Captures of one service at the same time. */
  readonly perService: number;
  /** Captures on one node at the same time; as many as there are overall when absent. */
  readonly perNode?: number;
  /** Captures that begin within a minute, over all workers; any number when absent. */
  readonly perMinute?: number;
  /** Milliseconds after a capture until alerts may ask for another of the same service. */
  readonly cooldownMs: number;
  /** The same for single kinds of captures. */
  readonly cooldownMsOf?: Readonly<Partial<Record<CaptureKind, number>>>;
}

/** After this the place of a worker that died is free. */
const placeMs = 30_000;
const minuteMs = 60_000;

/** The clock is Redis' own, so that workers need not agree on the time. */
const nowInScript = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * KEYS where places are taken; ARGV token, then for each how long in ms and how many. Gives the number of the one that is
 * full, else 0.
 */
const enterScript = `${nowInScript}
for at = 1, #KEYS do
  redis.call("ZREMRANGEBYSCORE", KEYS[at], "-inf", now)
  if redis.call("ZCARD", KEYS[at]) >= tonumber(ARGV[1 + 2 * at]) then return at end
end
for at = 1, #KEYS do
  redis.call("ZADD", KEYS[at], now + ARGV[2 * at], ARGV[1])
  redis.call("PEXPIRE", KEYS[at], ARGV[2 * at])
end
return 0`;

/** KEYS where places are held; ARGV token, placeMs. */
const renewScript = `${nowInScript}
for at = 1, #KEYS do
  redis.call("ZADD", KEYS[at], now + ARGV[2], ARGV[1])
  redis.call("PEXPIRE", KEYS[at], ARGV[2])
end
return 1`;

/** One way in which captures are bounded. */
interface Bound {
  readonly key: string;
  readonly cap: number;
  /** Who has a place keeps it for so long; renewed while the capture goes on unless it is the minute's. */
  readonly forMs: number;
  /** In words for people. */
  readonly reason: string;
}

/** Names of both may hold colons. */
function ofProcess(service: string, instance: string): string {
  return key("cooldown-of", JSON.stringify([service, instance]));
}

function ofKind(service: string, kind: CaptureKind): string {
  return key("cooldown-of-kind", kind, service);
}

/** Caps and cooldowns over all workers. */
export function captureLimits(client: RedisClient, caps: Caps): CaptureLimits {
  const never = new AbortController().signal;

  /** Takes a place under all bounds or none. */
  async function enter(
    bounds: readonly Bound[],
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<CaptureLimits["enter"]>>> {
    const token = randomUUID();
    const keys = bounds.map((bound) => bound.key);
    const words = bounds.flatMap(({ forMs, cap }) => [forMs, cap]);
    const full = await ask(() => client.eval(enterScript, keys.length, ...keys, token, ...words), signal);
    if (full !== 0) return { entered: false, reason: bounds[Number(full) - 1]?.reason ?? "" };
    const held = bounds.filter(({ forMs }) => forMs === placeMs).map((bound) => bound.key);
    const timer = setInterval(() => {
      void ask(() => client.eval(renewScript, held.length, ...held, token, placeMs), never).catch(() => {});
    }, placeMs / 3);
    timer.unref();
    return {
      entered: true,
      async leave(begun) {
        clearInterval(timer);
        const given = begun ? held : keys;
        await ask(() => Promise.all(given.map((each) => client.zrem(each, token))), never).catch(() => {}); // it runs out by itself
      },
    };
  }

  return {
    async enter(service, signal) {
      const { overall, perService, perMinute } = caps;
      return await enter(
        [
          {
            key: key("capturing", "of", service),
            cap: perService,
            forMs: placeMs,
            reason: `${perService} captures of ${service} are running`,
          },
          {
            key: key("capturing"),
            cap: overall,
            forMs: placeMs,
            reason: `${overall} captures are running, which is the limit`,
          },
          ...(perMinute === undefined
            ? []
            : [
                {
                  key: key("capturing", "minute"),
                  cap: perMinute,
                  forMs: minuteMs,
                  reason: `${perMinute} captures began within a minute, which is the limit`,
                },
              ]),
        ],
        signal,
      );
    },
    async enterNode(node, signal) {
      const { perNode = caps.overall } = caps;
      const reason = `${perNode} captures on ${node} are running`;
      return await enter(
        [{ key: key("capturing", "on", node), cap: perNode, forMs: placeMs, reason }],
        signal,
      );
    },
    async cooldowns(service, signal) {
      const keys = coolingKinds.map((kind) => ofKind(service, kind));
      const [marks, rests] = await ask(
        () => Promise.all([client.mget(keys), Promise.all(keys.map((each) => client.pttl(each)))]),
        signal,
      );
      const cooldowns = new Map<CaptureKind, Cooldown>();
      for (const [at, kind] of coolingKinds.entries()) {
        const mark = marks[at];
        const restMs = rests[at] ?? 0;
        if (mark === null || mark === undefined || restMs <= 0) continue;
        const { incidentId, cooldownMs } = JSON.parse(mark) as Mark;
        cooldowns.set(kind, { incidentId, restMs, agoMs: Math.max(0, cooldownMs - restMs) });
      }
      return cooldowns;
    },
    async cooling(service, instances, signal) {
      if (instances.length === 0) return new Set();
      const marks = await ask(
        () => client.mget(instances.map((instance) => ofProcess(service, instance))),
        signal,
      );
      return new Set(instances.filter((_, at) => marks[at] !== null));
    },
    async captured({ service, instance, incidentId, kinds }, signal) {
      const marks: (readonly [string, string, number])[] = kinds.map((kind) => {
        const cooldownMs = caps.cooldownMsOf?.[kind] ?? caps.cooldownMs;
        const mark: Mark = { incidentId, cooldownMs };
        return [ofKind(service, kind), JSON.stringify(mark), cooldownMs];
      });
      if (instance !== undefined) marks.push([ofProcess(service, instance), "1", caps.cooldownMs]);
      await ask(
        () =>
          Promise.all(
            marks.filter(([, , ms]) => ms > 0).map(([each, mark, ms]) => client.set(each, mark, "PX", ms)),
          ),
        signal,
      );
    },
  };
}

/** What is kept of a capture while its kind cools down. */
interface Mark {
  readonly incidentId: string;
  readonly cooldownMs: number;
}
