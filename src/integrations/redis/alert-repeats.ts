import { groupKey, notedKey, repeatedKey } from "./alert-keys.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { hashedScript } from "./script.ts";

const dayMs = 86_400_000;
/** Longer than Alertmanager's longest usual `repeat_interval`; a group that is silent for a week is over. */
export const retentionMs = 7 * dayMs;
/** Round trips whose repeats are noted before they are counted, whether anybody asks or not: a megabyte or two at most. */
const mostNoted = 300;
/** Groups that are counted in one go; keeps what Redis does at once to a few milliseconds. */
const mostAtOnce = 500;

/**
 * Lua. `note` writes down which groups were repeated: one word for a whole round trip, where counting each group costs
 * several. `count` brings what was noted to the groups, each once however often it was repeated, and gives how much is left.
 * A group that is forgotten by then stays forgotten.
 */
export const repeatFunctions = `
local function count()
  local repeats, last, ids = {}, {}, {}
  while #ids < ${mostAtOnce} do
    local line = redis.call("LPOP", "${notedKey}")
    if not line then break end
    local at = line:match("^%S+")
    for id in line:gmatch(" (%S+)") do
      if not repeats[id] then
        repeats[id] = 0
        ids[#ids + 1] = id
      end
      repeats[id] = repeats[id] + 1
      last[id] = at
    end
  end
  for _, id in ipairs(ids) do
    local group = "${groupKey("")}" .. id
    local left = redis.call("PTTL", group)
    if left ~= -2 then
      redis.call("HINCRBY", group, "repeats", repeats[id])
      redis.call("HSET", group, "lastRepeatAtMs", last[id])
      if left < ${retentionMs - dayMs} then redis.call("PEXPIRE", group, ${retentionMs}) end
      redis.call("ZADD", "${repeatedKey}", last[id], id)
    end
  end
  return redis.call("LLEN", "${notedKey}")
end
local function note(now, ids)
  if redis.call("RPUSH", "${notedKey}", now .. " " .. table.concat(ids, " ")) >= ${mostNoted} then count() end
end`;

/** Counts all repeats that were noted until now. */
export function repeatCount(client: RedisClient): (signal: AbortSignal) => Promise<void> {
  const count = hashedScript(client, `${repeatFunctions}\nreturn count()`);
  return async (signal) => {
    while (Number(await ask(() => count([notedKey, repeatedKey], []), signal)) > 0);
  };
}
