import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StormPage } from "../../src/domain/alerts/storm.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { key } from "../../src/integrations/redis/keys.ts";
import { stormStore } from "../../src/integrations/redis/storm-store.ts";
import { redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const never = new AbortController().signal;
const hourMs = 3_600_000;
const limits = { pages: 3, withinMs: hourMs, quietMs: hourMs };
const settings = { retries: { attempts: 1, backoffMs: 1 }, onTrouble: () => {} };

function pageOf(name: string, service = "order"): StormPage {
  return { intent: name, group: name, service, title: "Slow", alerts: 1, sinceMs: 0 };
}

describe.skipIf(redisProgram === undefined)("storms on Redis", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let storms: ReturnType<typeof stormStore>;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), settings);
  });
  beforeEach(async () => {
    await redis.client.flushdb();
    storms = stormStore(redis.client, limits, settings);
  });
  afterEach(() => storms.close());
  afterAll(async () => {
    await redis.close();
    await server.remove();
  });

  /** The last of these pages' storm. */
  async function join(channel: string, ...names: readonly string[]): Promise<string | undefined> {
    let id: string | undefined;
    for (const name of names) id = (await storms.join(channel, pageOf(name), never))?.id;
    return id;
  }

  async function end(id: string): Promise<void> {
    await redis.client.hset(key("storm", id), "lastPageAtMs", 1);
    expect(await storms.endIfQuiet(id, never)).toHaveProperty("overAtMs");
  }

  test("are of one channel each", async () => {
    expect(await join("C1", "a1", "a2")).toBeUndefined();
    expect(await join("C2", "b1", "b2")).toBeUndefined();
    const one = await join("C1", "a3");
    const other = await join("C2", "b3");
    expect(new Set([one, other, undefined]).size).toBe(3);
    const names = (await storms.pages(one ?? "", never)).map(({ intent }) => intent);
    expect(names.toSorted()).toEqual(["a1", "a2", "a3"]);
  });

  test("that follow at once are storms of their own, from as many pages on; a page stays where it was", async () => {
    const first = (await join("C1", "a1", "a2", "a3", "a4")) ?? "";
    await end(first);
    expect(await join("C1", "b1", "b2")).toBeUndefined();
    const second = await join("C1", "b3");
    expect(second).not.toBe(first);
    // Its job was cut off, and runs again only now.
    expect(await join("C1", "a3")).toBe(first);
    expect(await join("C1", "b3")).toBe(second);
    expect(await storms.pages(first, never)).toHaveLength(4);
    expect(await storms.endIfQuiet(second ?? "", never)).not.toHaveProperty("overAtMs");
  });

  test("of thousands of pages lose none and know one page of each service to capture", async () => {
    const names = Array.from({ length: 3_000 }, (_, at) => at);
    await join("C1", "x1", "x2", "x3");
    const places = await Promise.all(
      names.map((at) => storms.join("C1", pageOf(`p${at}`, `service-${at % 7}`), never)),
    );
    expect(new Set(places.map((place) => place?.captured)).size).toBe(7);
    const [id = ""] = new Set(places.map((place) => place?.id));
    expect(await storms.pages(id, never)).toHaveLength(3_003);
  });
});
