import type { HeldPage, HeldPages } from "../../ports/held-pages.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

/** As long as groups of alerts are kept; no mute lasts longer. */
const retentionMs = 8 * 86_400_000;

const servicesKey = key("held-pages");
/** How often pages were held, over all services. */
const countKey = key("held-pages", "count");

/** KEYS services, pages, count; ARGV service, page, retentionMs. */
const holdScript = `
redis.call("SADD", KEYS[1], ARGV[1])
redis.call("ZADD", KEYS[2], redis.call("INCR", KEYS[3]), ARGV[2])
for at = 1, 2 do redis.call("PEXPIRE", KEYS[at], ARGV[3]) end
return 1`;

/** KEYS services, pages; ARGV service, then each page and the number under which it was held when it was let go. */
const releaseScript = `
for at = 2, #ARGV, 2 do
  local number = redis.call("ZSCORE", KEYS[2], ARGV[at])
  if number == ARGV[at + 1] then redis.call("ZREM", KEYS[2], ARGV[at]) end
end
if redis.call("EXISTS", KEYS[2]) == 0 then redis.call("SREM", KEYS[1], ARGV[1]) end
return 1`;

/** Held pages in Redis: for each service a sorted set, by the number under which each was last held. */
export function heldPageStore(client: RedisClient): HeldPages {
  return {
    async hold(service, page, signal) {
      const keys = [servicesKey, ofKey(service), countKey];
      await ask(
        () => client.eval(holdScript, keys.length, ...keys, service, JSON.stringify(page), retentionMs),
        signal,
      );
    },
    async services(signal) {
      return await ask(() => client.smembers(servicesKey), signal);
    },
    async of(service, limit, signal) {
      const flat = await ask(() => client.zrange(ofKey(service), 0, String(limit - 1), "WITHSCORES"), signal);
      return flat
        .filter((_, at) => at % 2 === 0)
        .map((page, at) => ({ page: JSON.parse(page) as HeldPage, number: Number(flat[2 * at + 1]) }));
    },
    async release(service, held, signal) {
      const words = held.flatMap(({ page, number }) => [JSON.stringify(page), String(number)]);
      await ask(() => client.eval(releaseScript, 2, servicesKey, ofKey(service), service, ...words), signal);
    },
  };
}

function ofKey(service: string): string {
  return key("held-pages", "of", service);
}
