import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { captureLimits } from "../../src/integrations/redis/capture-limits.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const never = new AbortController().signal;
const none = { overall: 50, perService: 50, cooldownMs: 0 };

describe.skipIf(redisProgram === undefined)("limits of captures, on real Redis", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
  });
  beforeEach(async () => void (await redis.client.flushdb()));
  afterAll(async () => {
    await redis.close();
    await server.remove();
  });

  test("hold for a node, whatever the services on it, and say so", async () => {
    const limits = captureLimits(redis.client, { ...none, perNode: 2 });
    const entries = await Promise.all(Array.from({ length: 5 }, () => limits.enterNode("worker-7", never)));
    expect(entries.filter(({ entered }) => entered)).toHaveLength(2);
    expect(entries.find(({ entered }) => !entered)).toEqual({
      entered: false,
      reason: "2 captures on worker-7 are running",
    });
    expect((await limits.enterNode("worker-8", never)).entered).toBe(true);
    for (const entry of entries) if (entry.entered) await entry.leave(true);
    expect((await limits.enterNode("worker-7", never)).entered).toBe(true);
  });

  test("hold for the minute: what began counts after it is over, what only waited does not", async () => {
    const limits = captureLimits(redis.client, { ...none, perMinute: 3 });
    const waited = await limits.enter("order", never);
    if (waited.entered) await waited.leave(false);
    for (let begun = 0; begun < 3; begun++) {
      const entry = await limits.enter("order", never);
      expect(entry.entered).toBe(true);
      if (entry.entered) await entry.leave(true);
    }
    expect(await limits.enter("payment", never)).toEqual({
      entered: false,
      reason: "3 captures began within a minute, which is the limit",
    });
  });

  test("a place under one cap is not kept when another one is full", async () => {
    const limits = captureLimits(redis.client, { ...none, overall: 1 });
    const first = await limits.enter("order", never);
    expect(await limits.enter("payment", never)).toMatchObject({ entered: false });
    if (first.entered) await first.leave(true);
    const second = captureLimits(redis.client, { ...none, perService: 1 });
    expect((await second.enter("payment", never)).entered).toBe(true);
  });

  test("cool down by service and kind, and tell what was captured and when", async () => {
    const limits = captureLimits(redis.client, {
      ...none,
      cooldownMs: 60_000,
      cooldownMsOf: { cpu: 3_600_000, heap: 0 },
    });
    const kinds = ["goroutine", "heap", "cpu"] as const;
    await limits.captured({ service: "order", instance: "order-1", incidentId: "gf-3fa9", kinds }, never);
    const cooling = await limits.cooldowns("order", never);
    expect([...cooling.keys()].toSorted()).toEqual(["cpu", "goroutine"]);
    expect(cooling.get("cpu")?.incidentId).toBe("gf-3fa9");
    expect(cooling.get("cpu")?.restMs).toBeGreaterThan(3_590_000);
    expect(cooling.get("goroutine")?.restMs).toBeLessThanOrEqual(60_000);
    expect(cooling.get("goroutine")?.agoMs).toBeLessThan(5_000);
    expect((await limits.cooldowns("payment", never)).size).toBe(0);
    expect(await limits.cooling("order", ["order-1", "order-2"], never)).toEqual(new Set(["order-1"]));
  });
});
