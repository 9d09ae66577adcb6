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
import { hashedScript, type Script } from "./script.ts";

const dayMs = 86_400_000;
/** Longer than Alertmanager's longest usual `repeat_interval`; a group that is silent for a week is over. */
const retentionMs = 7 * dayMs;
/** Of one round trip; keeps what Redis does at once to a few milliseconds. */
const mostAtOnce = 200;
/** Short beside the round trip of a busy server, long enough for what 50 connections say in the meantime. */
const gatherMs = 1;

const repeatedKey = key("alerts", "repeated");
const openField = "open:";

/** Of ids and of states, in characters: many of them go as one word, which costs less than a word for each. */
const digestCharacters = 32;

/** The groups' keys lie in the same slot as the one that is named. */
const eachInScript = `
local ids, states, width = ARGV[3], ARGV[4], ${digestCharacters}
local function each(work)
  for at = 1, #ids / width do
    local from, to = (at - 1) * width + 1, at * width
    local id = ids:sub(from, to)
    work(at, ARGV[5] .. id, states:sub(from, to), id)
  end
end`;

/**
 * KEYS the list of repeated groups; ARGV nowMs, retentionMs, ids, states, prefix of the groups' keys. A repeat is what
 * says the same as the last notification whose work is known to be in the queue.
 */
const foldScript = `${eachInScript}
local answers = {}
each(function(at, group, state, id)
  if redis.call("HGET", group, "queued") == state then
    redis.call("HINCRBY", group, "repeats", 1)
    redis.call("HSET", group, "lastRepeatAtMs", ARGV[1])
    if redis.call("PTTL", group) < ARGV[2] - ${dayMs} then redis.call("PEXPIRE", group, ARGV[2]) end
    redis.call("ZADD", KEYS[1], ARGV[1], id)
    answers[at] = 1
  else
    answers[at] = 0
  end
end)
return answers`;

/** KEYS any of ours; ARGV nowMs, retentionMs, ids, states, prefix, then status and content of each group. */
const keepScript = `${eachInScript}
each(function(at, group, state)
  local status, content = ARGV[4 + 2 * at], ARGV[5 + 2 * at]
  redis.call("HSET", group, "state", state, "content", content, "changedAtMs", ARGV[1])
  redis.call("HDEL", group, "queued")
  if status == "firing" then redis.call("HSETNX", group, "unansweredSinceMs", ARGV[1])
  else redis.call("HDEL", group, "unansweredSinceMs") end
  redis.call("PEXPIRE", group, ARGV[2])
end)
return 1`;

/** As above without status and content. Only where nothing newer was kept meanwhile. */
const queuedScript = `${eachInScript}
each(function(_, group, state)
  if redis.call("HGET", group, "state") == state then redis.call("HSET", group, "queued", state) end
end)
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

  const [foldIn, keepIn, markIn] = [foldScript, keepScript, queuedScript].map((text) =>
    hashedScript(client, text),
  ) as [Script, Script, Script];

  async function forAll(script: Script, items: readonly Item[], more: readonly string[]): Promise<unknown> {
    const ids = items.map(({ id }) => id).join("");
    const states = items.map(({ state }) => state).join("");
    const words = [clock.nowMs(), retentionMs, ids, states, groupKey(""), ...more];
    return await inTime(() => script([repeatedKey], words));
  }

  const fold = batch<Item, boolean>(
    mostAtOnce,
    async (items) => {
      const answers = await forAll(foldIn, items, []);
      return Array.isArray(answers) ? answers.map((answer) => answer === 1) : [];
    },
    // What follows a fold comes in its company.
    gatherMs,
  );

  const keep = batch<Item, true>(mostAtOnce, async (items) => {
    const contents = items.flatMap(({ notification }) => [notification.status, JSON.stringify(notification)]);
    await forAll(keepIn, items, contents);
    await inTime(() =>
      pages.addBulk(items.map(({ id }) => ({ name: "page", data: { groupId: id }, opts: optionsOf(id) }))),
    );
    return items.map(() => true);
  });

  const markQueued = batch<Item, true>(mostAtOnce, async (items) => {
    await forAll(markIn, items, []);
    return items.map(() => true);
  });

  /** Repeats that were parsed once are the same object, and need not be hashed again either. */
  const known = new WeakMap<AlertNotification, Item>();

  function itemOf(notification: AlertNotification): Item {
    const before = known.get(notification);
    if (before !== undefined) return before;
    const item = { id: groupIdOf(notification), state: digest(stateOf(notification)), notification };
    known.set(notification, item);
    return item;
  }

  return {
    async receive(notification, signal) {
      if (client.status !== "ready") {
        throw new PortError("unavailable", "Redis", "Redis cannot be reached just now.");
      }
      const item = itemOf(notification);
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

/** A plain timer for a whole batch: a signal for each round trip of a storm costs more than the round trip. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer")), patienceMs);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    throw new PortError("unavailable", "Redis", "Redis does not answer just now.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function groupKey(id: string): string {
  return key("alerts", "group", id);
}

/** Two senders, or two routes of one, may use the same group key. */
function groupIdOf({ sender, externalUrl, receiver, groupKey: name }: AlertNotification): string {
  return digest(JSON.stringify([sender, sender === "grafana" ? externalUrl : "", receiver, name]));
}

function digest(text: string): string {
  return hash("sha256", text).slice(0, digestCharacters);
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
