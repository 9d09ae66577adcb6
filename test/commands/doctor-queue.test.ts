import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queueChecks } from "../../src/commands/doctor/queue.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { lookAtRedis } from "../../src/integrations/redis/chosen.ts";
import type { Host } from "../../src/ports/host.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { unheard } from "./unheard.ts";

/** What doctor says on a machine with these environment variables and programs. */
async function checked(
  environment: Readonly<Record<string, string>>,
  programs: Host["findProgram"] = (name) => thisHost.findProgram(name),
) {
  const host = {
    ...thisHost,
    environment: (name: string) => environment[name],
    findProgram: programs,
  };
  return await queueChecks(undefined, unheard, {
    host: () => Promise.resolve(host),
    queueCheck: (tell) => lookAtRedis(host, tell),
  });
}

describe.skipIf(redisProgram === undefined)("doctor and Redis", () => {
  const serves = { SLACK_BOT_TOKEN: "xoxb-1" };
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await testRedis();
  });
  afterAll(() => redis.remove());

  test("nothing is said where nobody serves", async () => {
    expect(await checked({ REDIS_URL: "redis://127.0.0.1:1" })).toEqual([]);
  });

  test("the one that REDIS_URL names, and its version", async () => {
    const detail = expect.stringMatching(/as REDIS_URL says: (?:Redis|Valkey) \d+\.\d/);
    expect(await checked({ ...serves, REDIS_URL: redis.url })).toEqual([
      { name: "redis", state: "ok", detail },
    ]);
  });

  test("one that forgets when it is full", async () => {
    const client = new Redis({ path: redis.socket });
    await client.config("SET", "maxmemory", "100mb");
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    const [check] = await checked({ ...serves, REDIS_URL: redis.url });
    await client.config("SET", "maxmemory-policy", "noeviction");
    client.disconnect();
    expect(check).toMatchObject({
      state: "warning",
      next: expect.stringContaining("maxmemory-policy to noeviction"),
    });
  });

  test("one that is not there, and none at all", async () => {
    expect(await checked({ ...serves, REDIS_URL: "redis://127.0.0.1:1" })).toMatchObject([
      { state: "failed", detail: expect.stringContaining("There is no Redis to work with") },
    ]);
    expect(await checked(serves, () => Promise.resolve(undefined))).toMatchObject([
      { state: "failed", detail: expect.stringContaining("install one") },
    ]);
  });

  test("gofire's own, which is not started for the question", async () => {
    expect(await checked(serves)).toMatchObject([
      { state: "ok", detail: expect.stringMatching(/gofire serve starts \S+-server of its own/) },
    ]);
  });
});
