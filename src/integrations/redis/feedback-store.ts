import type { FeedbackTally, RuleComment, RuleRecord, Voice } from "../../domain/findings/feedback.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import type { Feedback, VoiceFacts } from "../../ports/feedback.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";
import { openActKeys, openActScript } from "./open-act-store.ts";

/** Twice as long as an incident whose card can still be clicked. */
const voicesMs = 60 * 86_400_000;
/** Of the voices with all that is known of them, for whoever wants to look into them; about 4 MB. */
const mostLogged = 10_000;

/** Counters by rule and confidence; never expires, and grows with the number of rules only. */
const countsKey = key("feedback", "counts");
const logKey = key("feedback", "log");

/** KEYS marker, counts; ARGV ttl ms, then a counter for each finding. */
const firedScript = `
if not redis.call("SET", KEYS[1], 1, "NX", "PX", ARGV[1]) then return 0 end
for at = 2, #ARGV do redis.call("HINCRBY", KEYS[2], ARGV[at], 1) end
return 1`;

/**
 * KEYS voices, counts, log, open acts, their contents; ARGV field, voice, beginning of the finding's fields, ttl ms, facts,
 * most logged, the counters of right and wrong, and where it is to be told the intent and the act without the tally. Gives
 * back what was said before, whether anything changed, right, wrong, voices.
 */
const sayScript = `${openActScript}
local content = redis.call("HGET", KEYS[1], ARGV[1])
local now = cjson.decode(ARGV[2])
local was = content and cjson.decode(content) or {}
local counters = {right = ARGV[7], wrong = ARGV[8]}
local changed = 0
if was.says ~= now.says or (now.comment and now.comment ~= was.comment) then
  changed = 1
  if was.says ~= now.says then
    if was.says then redis.call("HINCRBY", KEYS[2], counters[was.says], -1) end
    redis.call("HINCRBY", KEYS[2], counters[now.says], 1)
  end
  redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
  redis.call("HINCRBY", KEYS[1], "#", 1)
  redis.call("XADD", KEYS[3], "MAXLEN", "~", ARGV[6], "*", "voice", ARGV[2], "about", ARGV[5])
end
redis.call("PEXPIRE", KEYS[1], ARGV[4])
local tally = {right = 0, wrong = 0}
local all = redis.call("HGETALL", KEYS[1])
for at = 1, #all, 2 do
  if string.sub(all[at], 1, #ARGV[3]) == ARGV[3] then
    local says = cjson.decode(all[at + 1]).says
    tally[says] = tally[says] + 1
  end
end
local voices = tonumber(redis.call("HGET", KEYS[1], "#"))
if changed == 1 and ARGV[9] then
  local told = string.format(',"tally":{"right":%d,"wrong":%d,"voices":%d}', tally.right, tally.wrong, voices)
  if was.says == now.says then told = told .. ',"isSame":true' end
  open(KEYS[4], KEYS[5], ARGV[9], ARGV[10]:sub(1, -2) .. told .. "}")
end
return {was.says or "", changed, tally.right, tally.wrong, voices}`;

/** Feedback in Redis: one hash of voices an incident, one hash of counters for all, kept for good. */
export function feedbackStore(client: RedisClient): Feedback {
  return {
    async fired(incidentId, findings, signal) {
      const counters = findings.map(({ rule, confidence }) => counter(rule, confidence, "fired"));
      const marker = key("feedback", "fired", incidentId);
      await ask(() => client.eval(firedScript, 2, marker, countsKey, voicesMs, ...counters), signal);
    },
    async say(voice, about, signal, intent) {
      const { incidentId, finding, userId, says, atMs } = voice;
      const act = { did: "judged-finding", incidentId, finding, says, userId, intent, atMs };
      const { rule, confidence } = about;
      const answer = await ask(
        () =>
          client.eval(
            sayScript,
            5,
            voicesKey(incidentId),
            countsKey,
            logKey,
            ...openActKeys,
            `${finding} ${userId}`,
            JSON.stringify(voice),
            `${finding} `,
            voicesMs,
            JSON.stringify(about),
            mostLogged,
            counter(rule, confidence, "right"),
            counter(rule, confidence, "wrong"),
            ...(intent === undefined ? [] : [intent, JSON.stringify(act)]),
          ),
        signal,
      );
      const [before, changed, right, wrong, voices] = Array.isArray(answer) ? answer.map(String) : [];
      const tally: FeedbackTally = { right: Number(right), wrong: Number(wrong), voices: Number(voices) };
      return {
        tally,
        isNew: changed === "1",
        ...(before === "right" || before === "wrong" ? { before } : {}),
      };
    },
    async saidBy(incidentId, userId, signal) {
      const all = await ask(() => client.hgetall(voicesKey(incidentId)), signal);
      return Object.fromEntries(
        Object.entries(all).flatMap(([field, said]) => {
          const [finding = "", who] = field.split(" ");
          return who === userId ? [[finding, (JSON.parse(said) as Voice).says]] : [];
        }),
      );
    },
    async comments(limit, signal) {
      // Most voices have none.
      const entries = await ask(() => client.xrevrange(logKey, "+", "-", "COUNT", mostLogged), signal);
      return entries.flatMap(([, fields]) => commentOf(fields)).slice(0, limit);
    },
    async records(signal) {
      return recordsOf(await ask(() => client.hgetall(countsKey), signal));
    },
  };
}

/** Of one entry of the log, as this file wrote it: voice, its JSON, about, its JSON. */
function commentOf([, said, , about]: readonly string[]): readonly RuleComment[] {
  if (said === undefined || about === undefined) return [];
  const { says, comment, incidentId, finding, atMs } = JSON.parse(said) as Voice;
  const { rule } = JSON.parse(about) as VoiceFacts;
  return comment === undefined ? [] : [{ rule, says, comment, incidentId, finding, atMs }];
}

type Count = "fired" | "right" | "wrong";

function counter(rule: string, confidence: Confidence, count: Count): string {
  return JSON.stringify([rule, confidence, count]);
}

function voicesKey(incidentId: string): string {
  return key("feedback", "of", incidentId);
}

function recordsOf(counts: Readonly<Record<string, string>>): readonly RuleRecord[] {
  const records = new Map<string, RuleRecord>();
  for (const [field, value] of Object.entries(counts)) {
    const [rule, confidence, count] = JSON.parse(field) as [string, Confidence, Count];
    const id = JSON.stringify([rule, confidence]);
    const before = records.get(id) ?? { rule, confidence, fired: 0, right: 0, wrong: 0 };
    records.set(id, { ...before, [count]: Number(value) });
  }
  return [...records.values()];
}
