import type { AlertNotification } from "../../domain/alerts/alert.ts";
import type { AlertGroup, Alerts, OpenPage } from "../../ports/alerts.ts";
import type { Clock } from "../../ports/clock.ts";
import { alertIntake } from "./alert-intake.ts";
import { groupKey, repeatedKey, unqueuedKey } from "./alert-keys.ts";
import { repeatCount } from "./alert-repeats.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { openQueue } from "./queues.ts";

const openField = "open:";
/** Round trips of the intake whose changes are queued in one go. */
const mostAtOnce = 20;

/** KEYS group; ARGV field, content. Gives the one that holds. */
const openScript = `
redis.call("HSETNX", KEYS[1], ARGV[1], ARGV[2])
redis.call("HDEL", KEYS[1], "unansweredSinceMs")
return redis.call("HGET", KEYS[1], ARGV[1])`;

/** KEYS group; ARGV field, content. */
const closeScript = `
if redis.call("HGET", KEYS[1], ARGV[1]) == ARGV[2] then return redis.call("HDEL", KEYS[1], ARGV[1]) end
return 0`;

export interface AlertStore extends Alerts {
  close(): Promise<void>;
}

/** Alert groups in Redis: a hash each, and a `page` job for each change. */
export function alertStore(
  client: RedisClient,
  clock: Clock,
  settings: {
    readonly retries: { readonly attempts: number; readonly backoffMs: number };
    readonly onTrouble: (message: string) => void;
  },
): AlertStore {
  const pages = openQueue("page", client, settings.onTrouble);
  const countNoted = repeatCount(client);
  const jobOptions = {
    attempts: settings.retries.attempts,
    backoff: { type: "exponential", delay: settings.retries.backoffMs },
    removeOnComplete: { age: 3_600, count: 500 },
  };

  /** What changes while the job runs has it run again. */
  function optionsOf(id: string) {
    return { ...jobOptions, deduplication: { id, keepLastIfActive: true } };
  }

  return {
    ...alertIntake(client, clock),
    async enqueueChanged(signal) {
      for (;;) {
        const entries = await ask(() => client.xrange(unqueuedKey, "-", "+", "COUNT", mostAtOnce), signal);
        if (entries.length === 0) return;
        const groupIds = new Set(entries.flatMap(([, [, groups = ""]]) => groups.split(" ")));
        const jobs = [...groupIds].map((groupId) => ({
          name: "page",
          data: { groupId },
          opts: optionsOf(groupId),
        }));
        await ask(() => pages.addBulk(jobs), signal);
        // Only now: who dies before leaves them for the next one, and a job too many finds nothing to do.
        await ask(() => client.xdel(unqueuedKey, ...entries.map(([entry]) => entry)), signal);
      }
    },
    async read(groupId, signal) {
      await countNoted(signal);
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
      await countNoted(signal);
      const taken = await ask(() => client.zpopmin(repeatedKey, limit), signal);
      return taken.filter((_, index) => index % 2 === 0);
    },
    async close() {
      await pages.close();
    },
  };
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
