import { createHash } from "node:crypto";
import {
  isOver,
  type RollbackDraft,
  type RollbackRequest,
} from "../../domain/configuration/rollback-request.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Rollbacks } from "../../ports/rollbacks.ts";
import { ask } from "./ask.ts";
import { type RedisClient, redisError } from "./connection.ts";
import { key } from "./keys.ts";
import type { JobQueueSettings } from "./queues.ts";
import { readableId } from "./readable-id.ts";
import { updated } from "./updated.ts";
import { woken } from "./woken.ts";

/** As long as cards of incidents are known. */
const retentionMs = 30 * 86_400_000;
const idCharacters = 8;
const attempts = 20;

/** Of each service the one that is not over; those of which not all is told, by when they changed. */
const underWayKey = key("rollbacks", "under-way");
const untoldKey = key("rollbacks", "untold");
/** Of every rollback its card's channel and its id, by when it changed last. */
const allKey = key("rollbacks", "all");

/** KEYS intent, rollback, under way, untold, all; ARGV id, content, nowMs, retentionMs, service, member of all. */
const beginScript = `
local known = redis.call("GET", KEYS[1])
if known then return {"known", known} end
local other = redis.call("HGET", KEYS[3], ARGV[5])
if other then return {"under way", other} end
if redis.call("EXISTS", KEYS[2]) == 1 then return {"taken"} end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[4])
redis.call("HSET", KEYS[2], "version", 1, "content", ARGV[2])
redis.call("PEXPIRE", KEYS[2], ARGV[4])
redis.call("HSET", KEYS[3], ARGV[5], ARGV[1])
redis.call("ZADD", KEYS[4], ARGV[3], ARGV[1])
redis.call("ZADD", KEYS[5], ARGV[3], ARGV[6])
return {"begun"}`;

/**
 * KEYS rollback, under way, untold, all; ARGV version, next version, content, id, nowMs, retentionMs, service, over, told, member
 * of all.
 */
const updateScript = `
if redis.call("HGET", KEYS[1], "version") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "version", ARGV[2], "content", ARGV[3])
redis.call("PEXPIRE", KEYS[1], ARGV[6])
redis.call("ZADD", KEYS[4], ARGV[5], ARGV[10])
if ARGV[9] == "told" then redis.call("ZREM", KEYS[3], ARGV[4]) else redis.call("ZADD", KEYS[3], ARGV[5], ARGV[4]) end
if ARGV[8] == "over" and redis.call("HGET", KEYS[2], ARGV[7]) == ARGV[4] then redis.call("HDEL", KEYS[2], ARGV[7]) end
return 1`;

/** KEYS under way; ARGV service, id: one that is gone is not under way. */
const forgetScript = `
if redis.call("HGET", KEYS[1], ARGV[1]) == ARGV[2] then redis.call("HDEL", KEYS[1], ARGV[1]) end
return 1`;

/** Rollbacks in Redis, and a `rollback` job for each change. Close it before its connection. */
export function rollbackStore(
  client: RedisClient,
  clock: Clock,
  settings: JobQueueSettings,
): Rollbacks & { close(): Promise<void> } {
  const jobs = woken("rollback", client, settings);

  async function read(id: string, signal: AbortSignal): Promise<RollbackRequest | undefined> {
    const content = await ask(() => client.hget(rollbackKey(id), "content"), signal);
    return content === null ? undefined : (JSON.parse(content) as RollbackRequest);
  }

  return {
    read,
    async begunBy(intent, signal) {
      const id = await ask(() => client.get(intentKey(intent)), signal);
      return id === null ? undefined : await read(id, signal);
    },
    async begin(draft, signal) {
      const intent = intentKey(draft.asked.intent);
      for (let attempt = 0; attempt < attempts; attempt++) {
        const request = requestOf(draft);
        const content = JSON.stringify(request);
        const [outcome, known = ""] = (await ask(
          () =>
            client.eval(
              beginScript,
              5,
              intent,
              rollbackKey(request.id),
              underWayKey,
              untoldKey,
              allKey,
              request.id,
              content,
              clock.nowMs(),
              retentionMs,
              draft.service,
              memberOf(request),
            ),
          signal,
        )) as string[];
        if (outcome === "begun") return { request, isNew: true };
        const before = outcome === "taken" ? undefined : await read(known, signal);
        if (outcome === "known" && before !== undefined) return { request: before, isNew: false };
        if (outcome === "under way" && before !== undefined && !isOver(before)) return { underWay: before };
        if (outcome === "known") await ask(() => client.del(intent), signal);
        if (outcome === "under way")
          await ask(() => client.eval(forgetScript, 1, underWayKey, draft.service, known), signal);
      }
      throw redisError(new Error("no free id of a rollback was found"));
    },
    async update(id, change, signal) {
      return await updated(
        id,
        `rollback ${id}`,
        {
          read: () => read(id, signal),
          async save({ version }, changed) {
            const next = { ...changed, id, version: version + 1 };
            const saved = await ask(
              () =>
                client.eval(
                  updateScript,
                  4,
                  rollbackKey(id),
                  underWayKey,
                  untoldKey,
                  allKey,
                  version,
                  next.version,
                  JSON.stringify(next),
                  id,
                  clock.nowMs(),
                  retentionMs,
                  next.service,
                  isOver(next) ? "over" : "",
                  next.isTold === true ? "told" : "",
                  memberOf(next),
                ),
              signal,
            );
            return saved === 1 ? next : undefined;
          },
        },
        change,
      );
    },
    async all(signal) {
      await ask(() => client.zremrangebyscore(allKey, "-inf", String(clock.nowMs() - retentionMs)), signal);
      const members = await ask(() => client.zrange(allKey, "0", "-1"), signal);
      return members.map((member) => {
        const [channel = "", id = ""] = member.split(" ");
        return { id, channel };
      });
    },
    async claim(id, forMs, signal) {
      return (
        (await ask(() => client.set(key("rollback-claim", id), "1", "PX", forMs, "NX"), signal)) !== null
      );
    },
    wake: (id, signal) => jobs.wake(id, { rollbackId: id }, signal),
    async untold(changedBeforeMs, signal) {
      return await ask(
        () => client.zrangebyscore(untoldKey, "-inf", `(${changedBeforeMs}`, "LIMIT", 0, 100),
        signal,
      );
    },
    close: () => jobs.close(),
  };
}

function requestOf(draft: RollbackDraft): RollbackRequest {
  return { ...draft, id: readableId(idCharacters), version: 1, state: "asked", captures: [] };
}

function memberOf({ id, place }: RollbackRequest): string {
  return `${place.channel} ${id}`;
}

function rollbackKey(id: string): string {
  return key("rollback", id);
}

function intentKey(intent: string): string {
  return key("rollback-intent", createHash("sha256").update(intent).digest("hex"));
}
