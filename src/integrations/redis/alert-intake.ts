import { hash } from "node:crypto";
import { type AlertNotification, stateOf } from "../../domain/alerts/alert.ts";
import { PortError } from "../../domain/errors.ts";
import type { Alerts, Said } from "../../ports/alerts.ts";
import type { Clock } from "../../ports/clock.ts";
import { groupKey, notedKey, repeatedKey, unqueuedKey } from "./alert-keys.ts";
import { repeatFunctions, retentionMs } from "./alert-repeats.ts";
import { batch } from "./batch.ts";
import type { RedisClient } from "./connection.ts";
import { hashedScript } from "./script.ts";

/** Of one round trip; keeps what Redis does at once to a few milliseconds. */
const mostAtOnce = 200;
/** Shorter than a sender waits: it is told to try again instead. */
const patienceMs = 4_000;
/** Of ids and of states, in characters. */
const digestLength = 32;

/** Whether the content goes along, and what it says. */
const mark = { firing: "f", resolved: "r", without: "-" };

const isUnknown = 0;
const isRepeat = 1;
const isChange = 2;

/**
 * KEYS noted repeats, repeated groups, unqueued changes; ARGV nowMs; id, state and mark of each notification as one word,
 * which costs less than a word for each; then the contents of those that are marked to have one. Groups' keys lie in the
 * same slot. What says the same as the state whose work is queued, or certain to be, is a repeat.
 */
const takeScript = `${repeatFunctions}
local now, lines, width = ARGV[1], ARGV[2], ${2 * digestLength + 1}
local answers, repeated, changed, last = {}, {}, {}, 2
for at = 1, #lines, width do
  local id = lines:sub(at, at + ${digestLength - 1})
  local state = lines:sub(at + ${digestLength}, at + ${2 * digestLength - 1})
  local mark = lines:sub(at + ${2 * digestLength}, at + ${2 * digestLength})
  local content
  if mark ~= "${mark.without}" then
    last = last + 1
    content = ARGV[last]
  end
  local group, answer = "${groupKey("")}" .. id, ${isUnknown}
  if redis.call("HGET", group, "queued") == state then
    repeated[#repeated + 1] = id
    answer = ${isRepeat}
  elseif content then
    redis.call("HSET", group, "queued", state, "content", content, "changedAtMs", now)
    if mark == "${mark.firing}" then redis.call("HSETNX", group, "unansweredSinceMs", now)
    else redis.call("HDEL", group, "unansweredSinceMs") end
    redis.call("PEXPIRE", group, ${retentionMs})
    changed[#changed + 1] = id
    answer = ${isChange}
  end
  answers[#answers + 1] = answer
end
if #repeated > 0 then note(now, repeated) end
if #changed > 0 then redis.call("XADD", KEYS[3], "*", "groups", table.concat(changed, " ")) end
return answers`;

/** On its way to Redis. */
interface Sent extends Said {
  /** Absent when Redis is thought to have it, as most of what a storm says. */
  readonly notification?: AlertNotification;
}

/**
 * Takes notifications over: one step in Redis keeps what a group says and lists the change among those to be queued. Round
 * trips are shared by what arrives at the same time, because a storm is many small notifications. Nothing waits for a lost
 * server: the sender tries again.
 */
export function alertIntake(client: RedisClient, clock: Clock): Pick<Alerts, "receive" | "repeat"> {
  const takeIn = hashedScript(client, takeScript);

  const take = batch<Sent, unknown>(mostAtOnce, async (all) => {
    let lines = "";
    const contents: string[] = [];
    for (const { groupId, state, notification } of all) {
      lines += groupId + state + mark[notification?.status ?? "without"];
      if (notification !== undefined) contents.push(JSON.stringify(notification));
    }
    const words = [clock.nowMs(), lines, ...contents];
    const answers = await inTime(() => takeIn([notedKey, repeatedKey, unqueuedKey], words));
    return Array.isArray(answers) ? answers : [];
  });

  function send(sent: Sent, signal: AbortSignal): Promise<unknown> {
    if (client.status !== "ready") {
      throw new PortError("unavailable", "Redis", "Redis cannot be reached just now.");
    }
    signal.throwIfAborted();
    return take.add(sent);
  }

  return {
    async receive(notification, signal) {
      const said = { groupId: groupIdOf(notification), state: digest(stateOf(notification)) };
      const answer = await send({ ...said, notification }, signal);
      return { news: answer === isRepeat ? "repeat" : "changed", said };
    },
    async repeat(said, signal) {
      return (await send(said, signal)) === isRepeat;
    },
  };
}

/** Two senders, or two routes of one, may use the same group key. */
function groupIdOf({ sender, externalUrl, receiver, groupKey: name }: AlertNotification): string {
  return digest(JSON.stringify([sender, sender === "grafana" ? externalUrl : "", receiver, name]));
}

function digest(text: string): string {
  return hash("sha256", text).slice(0, digestLength);
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
