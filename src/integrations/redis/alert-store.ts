import { hash } from "node:crypto";
import { type AlertNotification, stateOf } from "../../domain/alert.ts";
import { PortError } from "../../domain/errors.ts";
import type { AlertGroup, Alerts, OpenPage } from "../../ports/alerts.ts";
import type { Clock } from "../../ports/clock.ts";
import { ask } from "./ask.ts";
import { batch } from "./batch.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import { openQueue } from "./queues.ts";

/** Longer than Alertmanager's longest usual `repeat_interval`; a group that is silent for a week is over. */
const retentionMs = 7 * 86_400_000;
/** Of one round trip; keeps what Redis does at once to a few milliseconds. */
const mostAtOnce = 200;

const repeatedKey = key("alerts", "repeated");
const openField = "open:";

/**
 * KEYS the groups, then the list of repeated ones; ARGV nowMs, retentionMs, then state and id of each group. A repeat
 * is what says the same as the last notification whose work is known to be in the queue.
 */
const foldScript = `
local answers = {}
local repeated = KEYS[#KEYS]
for at = 1, #KEYS - 1 do
  if redis.call("HGET", KEYS[at], "queued") == ARGV[1 + 2 * at] then
    redis.call("HINCRBY", KEYS[at], "repeats", 1)
    redis.call("HSET", KEYS[at], "lastRepeatAtMs", ARGV[1])
    redis.call("PEXPIRE", KEYS[at], ARGV[2])
    redis.call("ZADD", repeated, ARGV[1], ARGV[2 + 2 * at])
    answers[at] = 1
  else
    answers[at] = 0
  end
end
return answers`;

/** KEYS the groups; ARGV nowMs, retentionMs, then state, status and content of each group. */
const keepScript = `
for at = 1, #KEYS do
  local state, status, content = ARGV[3 * at], ARGV[3 * at + 1], ARGV[3 * at + 2]
  redis.call("HSET", KEYS[at], "state", state, "content", content, "changedAtMs", ARGV[1])
  redis.call("HDEL", KEYS[at], "queued")
  if status == "firing" then redis.call("HSETNX", KEYS[at], "unansweredSinceMs", ARGV[1])
  else redis.call("HDEL", KEYS[at], "unansweredSinceMs") end
  redis.call("PEXPIRE", KEYS[at], ARGV[2])
end
return 1`;

/** KEYS the groups; ARGV state of each group. Only where nothing newer was kept meanwhile. */
const queuedScript = `
for at = 1, #KEYS do
  if redis.call("HGET", KEYS[at], "state") == ARGV[at] then redis.call("HSET", KEYS[at], "queued", ARGV[at]) end
end
return 1`;

/** KEYS group; ARGV field, content. Gives the one that holds. */
const openScript = `
redis.call("HSETNX", KEYS[1], ARGV[1], ARGV[2])
redis.call("HDEL", KEYS[1], "unansweredSinceMs")
return redis.call("HGET", KEYS[1], ARGV[1])`;

/** KEYS group; ARGV field, content. */
const closeScript = `
if redis.call("HGET", KEYS[1], ARGV[1]) == ARGV[2] then return redis.call("HDEL", KEYS[1], ARGV[1]) end
return 0`;

interface Item {
  readonly id: string;
  readonly state: string;
  readonly notification: AlertNotification;
}

/** Shorter than a sender waits: it is told to try again instead. */
const patienceMs = 4_000;

export interface AlertStore extends Alerts {
  close(): Promise<void>;
}

/**
 * Alert groups in Redis: a hash each, and a `page` job for each change. Round trips are shared by what arrives at the
 * same time, because a storm is many small notifications. Nothing waits for a lost server: the sender tries again.
 */
export function alertStore(
  client: RedisClient,
  clock: Clock,
  settings: {
    readonly retries: { readonly attempts: number; readonly backoffMs: number };
    readonly onTrouble: (message: string) => void;
  },
): AlertStore {
  const pages = openQueue("page", client, settings.onTrouble);
  const jobOptions = {
    attempts: settings.retries.attempts,
    backoff: { type: "exponential", delay: settings.retries.backoffMs },
    removeOnComplete: { age: 3_600, count: 500 },
  };

  /** What changes while the job runs has it run again. */
  function optionsOf(id: string) {
    return { ...jobOptions, deduplication: { id, keepLastIfActive: true } };
  }

  const fold = batch<Item, boolean>(mostAtOnce, async (items) => {
    const answers = await inTime(() =>
      client.eval(
        foldScript,
        items.length + 1,
        ...items.map(({ id }) => groupKey(id)),
        repeatedKey,
        clock.nowMs(),
        retentionMs,
        ...items.flatMap(({ state, id }) => [state, id]),
      ),
    );
    return Array.isArray(answers) ? answers.map((answer) => answer === 1) : [];
  });

  const keep = batch<Item, true>(mostAtOnce, async (items) => {
    await inTime(() =>
      client.eval(
        keepScript,
        items.length,
        ...items.map(({ id }) => groupKey(id)),
        clock.nowMs(),
        retentionMs,
        ...items.flatMap(({ state, notification }) => [
          state,
          notification.status,
          JSON.stringify(notification),
        ]),
      ),
    );
    await inTime(() =>
      pages.addBulk(items.map(({ id }) => ({ name: "page", data: { groupId: id }, opts: optionsOf(id) }))),
    );
    return items.map(() => true);
  });

  const markQueued = batch<Item, true>(mostAtOnce, async (items) => {
    const keys = items.map(({ id }) => groupKey(id));
    await inTime(() => client.eval(queuedScript, keys.length, ...keys, ...items.map(({ state }) => state)));
    return items.map(() => true);
  });

  return {
    async receive(notification, signal) {
      if (client.status !== "ready") {
        throw new PortError("unavailable", "Redis", "Redis cannot be reached just now.");
      }
      const item: Item = {
        id: groupIdOf(notification),
        state: digest(stateOf(notification)),
        notification,
      };
      signal.throwIfAborted();
      if (await fold.add(item)) return "repeat";
      await keep.add(item);
      // Without this mark the next repeat is worked on once more, which does no harm.
      markQueued.add(item).catch(() => {});
      return "changed";
    },
    async read(groupId, signal) {
      return groupOf(groupId, await ask(() => client.hgetall(groupKey(groupId)), signal));
    },
    async openPage(groupId, page, signal) {
      const field = openField + page.service;
      const content = await ask(
        () => client.eval(openScript, 1, groupKey(groupId), field, JSON.stringify(page)),
        signal,
      );
      return typeof content === "string" ? (JSON.parse(content) as OpenPage) : page;
    },
    async closePage(groupId, page, signal) {
      const field = openField + page.service;
      await ask(() => client.eval(closeScript, 1, groupKey(groupId), field, JSON.stringify(page)), signal);
    },
    async workAgain(groupId, signal) {
      await ask(() => client.hdel(groupKey(groupId), "queued"), signal);
    },
    async wake(groupId, signal) {
      await ask(() => pages.add("page", { groupId }, optionsOf(groupId)), signal);
    },
    async takeRepeated(limit, signal) {
      const taken = await ask(() => client.zpopmin(repeatedKey, limit), signal);
      return taken.filter((_, index) => index % 2 === 0);
    },
    async close() {
      await pages.close();
    },
  };
}

/** One clock for a whole batch: a timer for each of a storm's notifications costs more than they do. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  return await ask(work, AbortSignal.timeout(patienceMs)).catch((error: unknown) => {
    throw error instanceof PortError
      ? error
      : new PortError("unavailable", "Redis", "Redis does not answer just now.", { cause: error });
  });
}

function groupKey(id: string): string {
  return key("alerts", "group", id);
}

/** Two senders, or two routes of one, may use the same group key. */
function groupIdOf({ sender, externalUrl, receiver, groupKey: name }: AlertNotification): string {
  return digest(JSON.stringify([sender, sender === "grafana" ? externalUrl : "", receiver, name])).slice(
    0,
    32,
  );
}

function digest(text: string): string {
  return hash("sha256", text);
}

/** What we wrote ourselves; a later version of gofire may add fields, never change one. */
function groupOf(id: string, fields: Readonly<Record<string, string>>): AlertGroup | undefined {
  const { content, changedAtMs, unansweredSinceMs, repeats, lastRepeatAtMs } = fields;
  if (content === undefined) return undefined;
  const open = Object.entries(fields)
    .filter(([name]) => name.startsWith(openField))
    .map(([, page]) => JSON.parse(page) as OpenPage);
  return {
    id,
    notification: JSON.parse(content) as AlertNotification,
    changedAtMs: Number(changedAtMs),
    ...(unansweredSinceMs === undefined ? {} : { unansweredSinceMs: Number(unansweredSinceMs) }),
    repeats: Number(repeats ?? 0),
    ...(lastRepeatAtMs === undefined ? {} : { lastRepeatAtMs: Number(lastRepeatAtMs) }),
    open,
  };
}
