import { createHash } from "node:crypto";
import { type Incident, type IncidentDraft, isSettled } from "../../domain/incidents/incident.ts";
import { recorded } from "../../domain/incidents/incident-record.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Incidents } from "../../ports/incidents.ts";
import { ask } from "./ask.ts";
import { type RedisClient, redisError } from "./connection.ts";
import { fits, listFor, listsOf, openKey } from "./incident-lists.ts";
import { key } from "./keys.ts";
import { readableId } from "./readable-id.ts";
import { updated } from "./updated.ts";

const dayMs = 86_400_000;
/** Cards older than this show nothing new when somebody clicks on them. */
export const retentionMs = 30 * dayMs;
const mostKept = 10_000;
/** Of one round trip: keeps what Redis does at once to a few milliseconds. */
const mostAtOnce = 200;
/** A million ids of four; a fifth character after so many that are taken. */
const idAttempts = 20;

const unsettledKey = key("incidents", "unsettled");

/** KEYS intent, incident, unsettled, lists...; ARGV id, content, nowMs, retentionMs, mostKept. */
const createScript = `
local known = redis.call("GET", KEYS[1])
if known then return {"known", known} end
if redis.call("EXISTS", KEYS[2]) == 1 then return {"taken"} end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[4])
redis.call("HSET", KEYS[2], "version", 1, "content", ARGV[2])
redis.call("PEXPIRE", KEYS[2], ARGV[4])
redis.call("ZADD", KEYS[3], ARGV[3], ARGV[1])
for at = 4, #KEYS do
  redis.call("ZADD", KEYS[at], ARGV[3], ARGV[1])
  redis.call("ZREMRANGEBYSCORE", KEYS[at], "-inf", ARGV[3] - ARGV[4])
  redis.call("ZREMRANGEBYRANK", KEYS[at], 0, -1 - ARGV[5])
  redis.call("PEXPIRE", KEYS[at], ARGV[4])
end
return {"created"}`;

/**
 * KEYS incident, unsettled, open; ARGV expected version, next version, content, id, nowMs, retentionMs, and when it was
 * created, or "" when it is settled.
 */
const updateScript = `
if redis.call("HGET", KEYS[1], "version") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "version", ARGV[2], "content", ARGV[3])
redis.call("PEXPIRE", KEYS[1], ARGV[6])
redis.call("ZADD", KEYS[2], ARGV[5], ARGV[4])
if ARGV[7] == "" then redis.call("ZREM", KEYS[3], ARGV[4]) else redis.call("ZADD", KEYS[3], ARGV[7], ARGV[4]) end
return 1`;

/** KEYS intents; ARGV prefix of incidents' keys, which lie in the same slot. Gives what each began, or "". */
const ofIntentsScript = `
local found = {}
for at, id in ipairs(redis.call("MGET", unpack(KEYS))) do
  found[at] = id and redis.call("HGET", ARGV[1] .. id, "content") or ""
end
return found`;

/** KEYS incident, unsettled; ARGV version, id. */
const settleScript = `
local version = redis.call("HGET", KEYS[1], "version")
if version and version ~= ARGV[1] then return 0 end
redis.call("ZREM", KEYS[2], ARGV[2])
return 1`;

/** Incidents in Redis: one hash each, kept for 30 days after its last change. */
export function incidentStore(client: RedisClient, clock: Clock): Incidents {
  async function read(id: string, signal: AbortSignal): Promise<Incident | undefined> {
    return incidentOf(await ask(() => client.hget(incidentKey(id), "content"), signal));
  }

  return {
    read,
    async ofIntent(intent, signal) {
      const id = await ask(() => client.get(intentKey(intent)), signal);
      return id === null ? undefined : await read(id, signal);
    },
    async ofIntents(intents, signal) {
      const found = new Map<string, Incident>();
      for (let from = 0; from < intents.length; from += mostAtOnce) {
        const some = intents.slice(from, from + mostAtOnce);
        const contents = texts(
          await ask(
            () => client.eval(ofIntentsScript, some.length, ...some.map(intentKey), incidentKey("")),
            signal,
          ),
        );
        for (const [at, intent] of some.entries()) {
          const incident = incidentOf(contents[at] || null);
          if (incident !== undefined) found.set(intent, incident);
        }
      }
      return found;
    },
    async create(draft, signal) {
      const intent = intentKey(draft.origin.intent);
      const lists = [...(draft.problem === undefined ? [openKey] : []), ...listsOf(draft)];
      for (let attempt = 0; attempt < idAttempts; attempt++) {
        const incident = newIncident(draft, newId(attempt < idAttempts / 2 ? 4 : 6), clock.nowMs());
        const [outcome, known] = texts(
          await ask(
            () =>
              client.eval(
                createScript,
                3 + lists.length,
                intent,
                incidentKey(incident.id),
                unsettledKey,
                ...lists,
                incident.id,
                JSON.stringify(incident),
                incident.createdAtMs,
                retentionMs,
                mostKept,
              ),
            signal,
          ),
        );
        if (outcome === "created") return { incident, isNew: true };
        if (outcome === "known" && known !== undefined) {
          const before = await read(known, signal);
          if (before !== undefined) return { incident: before, isNew: false };
          await ask(() => client.del(intent), signal); // the incident went first: its intent may be used again
        }
      }
      throw redisError(new Error("no free incident id was found"));
    },
    async update(id, change, signal) {
      return await updated(
        id,
        `incident ${id}`,
        {
          read: () => read(id, signal),
          async save(before, changed) {
            const { createdAtMs, version } = before;
            const nowMs = clock.nowMs();
            const next = {
              ...recorded(before, changed, nowMs),
              id,
              createdAtMs,
              version: version + 1,
              updatedAtMs: nowMs,
            };
            const saved = await ask(
              () =>
                client.eval(
                  updateScript,
                  3,
                  incidentKey(id),
                  unsettledKey,
                  openKey,
                  version,
                  next.version,
                  JSON.stringify(next),
                  id,
                  next.updatedAtMs,
                  retentionMs,
                  isSettled(next.state) ? "" : createdAtMs,
                ),
              signal,
            );
            return saved === 1 ? next : undefined;
          },
        },
        change,
      );
    },
    async recent(filter, signal) {
      const found: Incident[] = [];
      const list = listFor(filter);
      const pageSize = 50;
      for (let from = 0; ; from += pageSize) {
        const ids = await ask(
          () =>
            client.zrevrangebyscore(list, "+inf", filter.createdFromMs ?? "-inf", "LIMIT", from, pageSize),
          signal,
        );
        const page = await ask(
          () => Promise.all(ids.map((id) => client.hget(incidentKey(id), "content"))),
          signal,
        );
        for (const incident of page.map(incidentOf)) {
          if (incident !== undefined && fits(incident, filter)) found.push(incident);
          if (found.length >= filter.limit) return found;
        }
        if (ids.length < pageSize) return found;
      }
    },
    async settle(id, version, signal) {
      const settled = await ask(
        () => client.eval(settleScript, 2, incidentKey(id), unsettledKey, version, id),
        signal,
      );
      return settled === 1;
    },
    async unsettled(changedBeforeMs, signal) {
      return await ask(
        () => client.zrangebyscore(unsettledKey, "-inf", `(${changedBeforeMs}`, "LIMIT", 0, 100),
        signal,
      );
    },
  };
}

function incidentKey(id: string): string {
  return key("incident", id);
}

function intentKey(intent: string): string {
  return key("intent", createHash("sha256").update(intent).digest("hex"));
}

function newId(length: number): string {
  return `gf-${readableId(length)}`;
}

function newIncident(draft: IncidentDraft, id: string, nowMs: number): Incident {
  const incident: Incident = {
    ...draft,
    id,
    version: 1,
    state: "queued",
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    runs: 0,
    steps: [],
    repeats: 0,
    replies: [],
  };
  return draft.problem === undefined ? incident : recorded(incident, { ...incident, state: "failed" }, nowMs);
}

/** What we wrote ourselves; a later version of gofire may add fields, never change one. */
function incidentOf(content: string | null): Incident | undefined {
  return content === null ? undefined : (JSON.parse(content) as Incident);
}

function texts(reply: unknown): (string | undefined)[] {
  return Array.isArray(reply) ? reply.map((part) => (typeof part === "string" ? part : undefined)) : [];
}
