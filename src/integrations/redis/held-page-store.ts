import type { HeldPage, HeldPages } from "../../ports/held-pages.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { key } from "./keys.ts";

/** As long as groups of alerts are kept; no mute lasts longer. */
const retentionMs = 8 * 86_400_000;

const servicesKey = key("held-pages");

/** KEYS services, pages; ARGV service, page, retentionMs. */
const holdScript = `
redis.call("SADD", KEYS[1], ARGV[1])
redis.call("SADD", KEYS[2], ARGV[2])
for at = 1, 2 do redis.call("PEXPIRE", KEYS[at], ARGV[3]) end
return 1`;

/** KEYS services, pages; ARGV service, pages. */
const releaseScript = `
for at = 2, #ARGV do redis.call("SREM", KEYS[2], ARGV[at]) end
if redis.call("EXISTS", KEYS[2]) == 0 then redis.call("SREM", KEYS[1], ARGV[1]) end
return 1`;

/** Held pages in Redis: a set for each service. */
export function heldPageStore(client: RedisClient): HeldPages {
  return {
    async hold(service, page, signal) {
      await ask(
        () =>
          client.eval(holdScript, 2, servicesKey, ofKey(service), service, JSON.stringify(page), retentionMs),
        signal,
      );
    },
    async services(signal) {
      return await ask(() => client.smembers(servicesKey), signal);
    },
    async of(service, limit, signal) {
      const found = await ask(() => client.srandmember(ofKey(service), limit), signal);
      return (found ?? []).map((page) => JSON.parse(page) as HeldPage);
    },
    async release(service, pages, signal) {
      const contents = pages.map((page) => JSON.stringify(page));
      await ask(
        () => client.eval(releaseScript, 2, servicesKey, ofKey(service), service, ...contents),
        signal,
      );
    },
  };
}

function ofKey(service: string): string {
  return key("held-pages", service);
}
