import { createHash } from "node:crypto";
import type { GateCard, GateCardPlace } from "../../domain/configuration/gate-card.ts";
import { PortError } from "../../domain/errors.ts";
import type { GateCards } from "../../ports/gate-cards.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import type { JobQueueSettings } from "./queues.ts";
import { updated } from "./updated.ts";
import { woken } from "./woken.ts";

/** A proposal that nobody looked at for so long gets a new card. */
const retentionMs = 30 * 86_400_000;

/** KEYS card, cards of the proposal, all cards; ARGV id, content, retentionMs, place, now. */
const openScript = `
redis.call("ZADD", KEYS[3], ARGV[5], ARGV[4])
if redis.call("HSETNX", KEYS[1], "content", ARGV[2]) == 1 then redis.call("HSET", KEYS[1], "version", 1) end
redis.call("SADD", KEYS[2], ARGV[1])
for at = 1, 2 do redis.call("PEXPIRE", KEYS[at], ARGV[3]) end`;

/** KEYS card, all cards; ARGV expected version, content, retentionMs, place, now. */
const updateScript = `
if redis.call("HGET", KEYS[1], "version") ~= ARGV[1] then return 0 end
redis.call("ZADD", KEYS[2], ARGV[5], ARGV[4])
redis.call("HSET", KEYS[1], "version", ARGV[1] + 1, "content", ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return 1`;

/** Cards of proposals in Redis: a hash each, the set of each proposal's, and a `gate-card` job for each change. */
export function gateCardStore(
  client: RedisClient,
  settings: JobQueueSettings,
): GateCards & { close(): Promise<void> } {
  const jobs = woken("gate-card", client, settings);

  async function read(id: string, signal: AbortSignal): Promise<GateCard | undefined> {
    return cardOf(id, await ask(() => client.hgetall(cardKey(id)), signal));
  }

  return {
    read,
    find: (where, signal) => read(idOf(where), signal),
    async open(where, signal) {
      const id = idOf(where);
      const { repository, proposal, place } = where;
      const content = JSON.stringify({ repository, proposal, place, replies: [] } satisfies Content);
      const keys = [cardKey(id), ofKey(where), allKey];
      const values = [id, content, retentionMs, memberOf({ id, place }), Date.now()];
      await ask(() => client.eval(openScript, keys.length, ...keys, ...values), signal);
      const card = await read(id, signal);
      if (card === undefined) throw gone(id);
      return card;
    },
    async all(signal) {
      await ask(() => client.zremrangebyscore(allKey, "-inf", String(Date.now() - retentionMs)), signal);
      const members = await ask(() => client.zrange(allKey, "0", "-1"), signal);
      return members.map((member) => {
        const [channel = "", id = ""] = member.split(" ");
        return { id, channel };
      });
    },
    of: async (where, signal) => await ask(() => client.smembers(ofKey(where)), signal),
    async update(id, change, signal) {
      return await updated(
        id,
        id,
        {
          read: () => read(id, signal),
          async save({ version }, changed) {
            const content = JSON.stringify(contentOf(changed));
            const values = [version, content, retentionMs, memberOf({ ...changed, id }), Date.now()];
            const saved = await ask(
              () => client.eval(updateScript, 2, cardKey(id), allKey, ...values),
              signal,
            );
            return saved === 1 ? { ...changed, id, version: version + 1 } : undefined;
          },
        },
        change,
      );
    },
    async wake(id, sinceMs, signal) {
      await jobs.wake(id, { cardId: id, sinceMs: String(sinceMs) }, signal);
    },
    close: () => jobs.close(),
  };
}

/** One for each channel and proposal: whoever asks for it makes the same. */
function idOf({ repository, proposal, place }: GateCardPlace): string {
  return `gate-${hashed([repository, proposal, place.channel])}`;
}

function ofKey({ repository, proposal }: Pick<GateCardPlace, "repository" | "proposal">): string {
  return key("gate-cards", hashed([repository, proposal]));
}

function hashed(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 20);
}

/** Of every card its channel and id, by when it was changed last. */
const allKey = key("gate-cards-all");

function memberOf({ id, place }: Pick<GateCard, "id" | "place">): string {
  return `${place.channel} ${id}`;
}

function cardKey(id: string): string {
  return key("gate-card", id);
}

function gone(id: string): PortError {
  return new PortError("not-found", id, `There is no ${id} any more.`);
}

type Content = Omit<GateCard, "id" | "version">;

function contentOf({ id: _id, version: _version, ...content }: GateCard): Content {
  return content;
}

/** What we wrote ourselves; a later version of gofire may add fields, never change one. */
function cardOf(id: string, { version, content }: Readonly<Record<string, string>>): GateCard | undefined {
  if (content === undefined) return undefined;
  return { ...(JSON.parse(content) as Content), id, version: Number(version) };
}
