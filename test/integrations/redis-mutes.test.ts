import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Mute } from "../../src/domain/alerts/mute.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { heldPageStore } from "../../src/integrations/redis/held-page-store.ts";
import { mutesStore } from "../../src/integrations/redis/mutes.ts";
import { releasePages } from "../../src/jobs/pages/release-pages.ts";
import type { HeldPage, HeldPages } from "../../src/ports/held-pages.ts";
import type { Mutes } from "../../src/ports/mutes.ts";
import { until } from "../jobs/bot.ts";
import { redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const never = new AbortController().signal;

function muteOf(subject: Mute["subject"], lastsMs: number, reason?: string): Mute {
  const sinceMs = Date.now();
  return {
    subject,
    userId: "U1",
    sinceMs,
    untilMs: sinceMs + lastsMs,
    ...(reason === undefined ? {} : { reason }),
  };
}

describe.skipIf(redisProgram === undefined)("mutes in Redis", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let mutes: Mutes;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
    mutes = mutesStore(redis.client, systemClock);
  });
  beforeEach(() => redis.client.flushdb());
  afterAll(async () => {
    await redis.close();
    await server.remove();
  });

  test("are listed, the one that ends first at the front, and ended by their subject", async () => {
    const order = muteOf({ kind: "service", service: "order" }, 60_000, "load test");
    const rule = muteOf({ kind: "rule", rule: "goroutine/count" }, 30_000);
    const ofOne = muteOf({ kind: "rule", rule: "goroutine/count", service: "order" }, 90_000);
    for (const mute of [order, rule, ofOne]) await mutes.mute(mute, never);
    expect(await mutes.list(never)).toEqual([rule, order, ofOne]);
    expect(await mutes.unmute(rule.subject, never)).toEqual(rule);
    expect(await mutes.unmute(rule.subject, never)).toBeUndefined();
    expect(await mutes.list(never)).toEqual([order, ofOne]);
  });

  test("are replaced by a later one of the same subject", async () => {
    await mutes.mute(muteOf({ kind: "service", service: "order" }, 60_000), never);
    const longer = muteOf({ kind: "service", service: "order" }, 120_000, "still going on");
    await mutes.mute(longer, never);
    expect(await mutes.list(never)).toEqual([longer]);
  });

  test("end by themselves and leave nothing behind", async () => {
    await mutes.mute(muteOf({ kind: "service", service: "cart" }, 5_000), never);
    await mutes.mute(muteOf({ kind: "service", service: "order" }, 150), never);
    expect(await mutes.list(never)).toHaveLength(2);
    const left = await until(async () => {
      const list = await mutes.list(never);
      return list.length === 1 ? list : undefined;
    }, "the first mute ends");
    expect(left[0]?.subject).toEqual({ kind: "service", service: "cart" });
    expect(await mutes.unmute({ kind: "service", service: "order" }, never)).toBeUndefined();
    expect(await redis.client.hlen("{gofire}:mutes")).toBe(1);

    await mutes.unmute({ kind: "service", service: "cart" }, never);
    await mutes.mute(muteOf({ kind: "service", service: "order" }, 100), never);
    await until(
      async () => ((await redis.client.keys("*mutes*")).length === 0 ? true : undefined),
      "the keys are gone without anybody asking",
    );
  });

  test("that are over already are not begun", async () => {
    await mutes.mute(muteOf({ kind: "service", service: "order" }, -1), never);
    expect(await mutes.list(never)).toEqual([]);
  });

  test("an outage is our error, and a signal ends the wait", async () => {
    const gone = new AbortController();
    gone.abort(new Error("enough"));
    await expect(mutes.list(gone.signal)).rejects.toThrow("enough");
    // A key of another type makes Redis refuse.
    await redis.client.set("{gofire}:mutes:ends", "not a sorted set");
    await expect(mutes.list(never)).rejects.toMatchObject({ name: "PortError" });
  });

  describe("and the pages that they hold", () => {
    const group: HeldPage = { kind: "group", groupId: "g1" };
    const message: HeldPage = { kind: "message", channel: "C7", ts: "1716261120.000100" };
    let held: HeldPages;
    beforeEach(() => {
      held = heldPageStore(redis.client);
    });

    /** The pages that were woken. `meanwhile` happens after the first of them, before it is let go. */
    async function released(meanwhile: () => Promise<void> = async () => {}): Promise<readonly string[]> {
      const woken: string[] = [];
      async function wake(name: string): Promise<void> {
        if (woken.push(name) === 1) await meanwhile();
      }
      await releasePages(
        {
          heldPages: held,
          mutes,
          alerts: { wake: (groupId) => wake(groupId) },
          pageMessages: { wake: (channel, ts) => wake(`${channel}/${ts}`) },
        },
        never,
      );
      return woken;
    }

    test("are worked on once when the mute is over, and not before", async () => {
      await mutes.mute(muteOf({ kind: "service", service: "order" }, 60_000), never);
      for (const page of [group, message, group]) await held.hold("order", page, never);
      expect(await released()).toEqual([]);
      await mutes.unmute({ kind: "service", service: "order" }, never);
      expect(await released()).toEqual(["C7/1716261120.000100", "g1"]);
      expect(await released()).toEqual([]);
      expect(await held.services(never)).toEqual([]);
    });

    test("stay held when the next mute holds them again before they are let go", async () => {
      await held.hold("order", group, never);
      await held.hold("order", message, never);
      const mute = muteOf({ kind: "service", service: "order" }, 60_000);
      const woken = await released(async () => {
        await mutes.mute(mute, never);
        await held.hold("order", group, never);
      });
      expect(woken).toEqual(["g1", "C7/1716261120.000100"]);
      expect((await held.of("order", 10, never)).map(({ page }) => page)).toEqual([group]);
      await mutes.unmute(mute.subject, never);
      expect(await released()).toEqual(["g1"]);
      expect(await held.services(never)).toEqual([]);
    });
  });
});
