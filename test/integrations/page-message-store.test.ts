import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PageMessage } from "../../src/domain/alerts/page-message.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { pageMessageStore } from "../../src/integrations/redis/page-message-store.ts";
import { fakeClock } from "../fakes/clock.ts";
import { redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const never = new AbortController().signal;

function said(ts: string, status: PageMessage["status"], saidTs: string): PageMessage {
  return { channel: "C1", ts, status, saidTs, title: "ManyGoroutines (order)", words: "order" };
}

describe.skipIf(redisProgram === undefined)("a page that is edited, on real Redis", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let pages: ReturnType<typeof pageMessageStore>;
  const clock = fakeClock();
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
    pages = pageMessageStore(redis.client, clock, {
      retries: { attempts: 1, backoffMs: 1 },
      onTrouble: () => {},
    });
  });
  afterAll(async () => {
    await pages.close();
    await redis.close();
    await server.remove();
  });

  test("is a new one when it fires after its end; news that comes late changes nothing", async () => {
    const ts = "1716261120.000100";
    await pages.receive(said(ts, "firing", ts), never);
    const first = await pages.read("C1", ts, never);
    expect(first).toMatchObject({ status: "firing", firstTs: ts });
    expect(first).not.toHaveProperty("round");
    expect(await pages.claim(said(ts, "firing", ts), "group", never)).toBe("group");
    await pages.receive(said(ts, "resolved", "1716261130.000200"), never);
    // Slack delivers the page itself again, because its first delivery was not acknowledged.
    await pages.receive(said(ts, "firing", ts), never);
    expect(await pages.read("C1", ts, never)).toMatchObject({ status: "resolved" });
    await pages.over("C1", ts, never);
    clock.advance(60_000);
    await pages.receive(said(ts, "firing", "1716261180.000300"), never);
    await pages.receive(said(ts, "firing", "1716261180.000300"), never);
    const again = await pages.read("C1", ts, never);
    expect(again).toMatchObject({ status: "firing", round: 1, firstTs: ts, groupId: "group" });
    expect((again?.seenAtMs ?? 0) - (first?.seenAtMs ?? 0)).toBe(60_000);
    // It is that group's for good.
    expect(await pages.claimedBy("group", never)).toMatchObject({ ts, round: 1 });
    expect(await pages.unclaimed({ sinceMs: 0 }, never)).toEqual([]);
  });
});
