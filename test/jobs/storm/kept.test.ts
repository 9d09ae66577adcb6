import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/integrations/clock/system-clock.ts";
import { parseRedisUrl } from "../../../src/integrations/redis/address.ts";
import { alertStore } from "../../../src/integrations/redis/alert-store.ts";
import { type OpenRedis, openRedis } from "../../../src/integrations/redis/connection.ts";
import { incidentStore } from "../../../src/integrations/redis/incident-store.ts";
import { stormStore } from "../../../src/integrations/redis/storm-store.ts";
import { takeNotification } from "../../../src/jobs/pages/intake.ts";
import { redisProgram, type TestRedis, testRedis } from "../../integrations/redis-server.ts";
import { alertmanagerBody } from "../../parsers/alert-bodies.ts";

const never = new AbortController().signal;
const groups = 400;
const limits = { pages: 10, withinMs: 60_000, quietMs: 60_000 };
const settings = { retries: { attempts: 1, backoffMs: 1 }, onTrouble: () => {} };

describe.skipIf(redisProgram === undefined)("what is kept of a storm", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), settings);
  });
  afterAll(async () => {
    await redis.close();
    await server.remove();
  });

  async function usedBytes(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(await redis.client.info("memory"))?.[1]);
  }

  test("is a few kilobytes for each page, and has an end", async () => {
    const alerts = alertStore(redis.client, systemClock, settings);
    const incidents = incidentStore(redis.client, systemClock);
    const storms = stormStore(redis.client, limits, settings);
    const before = await usedBytes();
    for (let at = 0; at < groups; at++) {
      const service = `service-${at % 20}`;
      const body = alertmanagerBody({ alerts: 3, groupKey: `group ${at}`, service });
      await takeNotification(Buffer.from(JSON.stringify(body)), alerts, never);
      const intent = `page/${String(at).padStart(32, "0")}/${service}/1716261000000`;
      const page = { intent, group: `group ${at}`, service, title: "Slow", alerts: 3, sinceMs: 1 };
      const storm = await storms.join("C9", page, never);
      const problem = `One capture of ${service} answers all its pages of this storm.`;
      const origin = { kind: "page", intent, page: { title: "Slow", sinceMs: 1 } } as const;
      await incidents.create(
        {
          service,
          wish: {},
          origin,
          place: { channel: "C9" },
          problem,
          ...(storm === undefined ? {} : { storm }),
        },
        never,
      );
      if (storm !== undefined) await storms.wake(storm.id, never);
    }
    await alerts.enqueueChanged(never);
    // docs/decisions/0016-storms.md has the figure of a large one.
    const jobs = (await redis.client.keys("{gofire}:page:*")).length;
    expect(jobs).toBeGreaterThanOrEqual(groups);
    expect(((await usedBytes()) - before) / groups).toBeLessThan(8_000);

    const names = await redis.client.keys("*");
    const ends = await Promise.all(names.map((name) => redis.client.pttl(name)));
    const endless = names.filter((_, at) => ends[at] === -1);
    // Jobs end by being done; everything else without an end is one key for all pages, and empty once they are told of.
    const shared = endless.filter((name) => !/^\{gofire\}:(?:page|storm)(?::|$)/.test(name));
    expect(shared.toSorted()).toEqual([
      "{gofire}:alerts:unqueued",
      "{gofire}:incidents:unsettled",
      "{gofire}:storms:unsettled",
    ]);
    expect(await redis.client.xlen("{gofire}:alerts:unqueued")).toBe(0);
    await Promise.all([alerts.close(), storms.close()]);
  });
});
