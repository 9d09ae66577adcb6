import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import type { Chat } from "../../src/ports/chat.ts";
import { fakeChat } from "../fakes/chat.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { draftFor, settled, sickTarget, startTestBot, until } from "./bot.ts";

const never = new AbortController().signal;

describe.skipIf(redisProgram === undefined)("a chat that takes no more edits for now", () => {
  let redis: TestRedis;
  let artifacts: string;
  let target: Awaited<ReturnType<typeof sickTarget>>;
  let answersAfterMs = 0;
  beforeAll(async () => {
    [redis, artifacts, target] = await Promise.all([
      testRedis(),
      mkdtemp(join(tmpdir(), "gofire-artifacts-")),
      sickTarget(() => answersAfterMs),
    ]);
  });
  afterAll(async () => {
    target.close();
    await redis.remove();
    await rm(artifacts, { recursive: true, force: true });
  });

  test("holds back progress for minutes, and the verdict not at all", async () => {
    const fake = fakeChat();
    let heldBack = 0;
    const chat: Chat = {
      ...fake,
      async edit(ref, body, urgency, signal) {
        if (urgency === "progress") {
          heldBack += 1;
          throw new PortError("rate-limited", "chat", "no more", { retryAfterMs: 600_000 });
        }
        await fake.edit(ref, body, urgency, signal);
      },
    };
    const targets = { order: target.url };
    // Slow enough for progress to be shown: some thirty answers take longer than the pause between two edits.
    answersAfterMs = 200;
    const bot = await startTestBot({ redis: redis.url, artifacts, targets }, chat);
    try {
      const { incident } = await beginIncident(draftFor("order", "t1"), bot, never);
      const end = await settled(bot, incident.id);
      expect(end.state).toBe("verdict");
      expect(heldBack).toBeGreaterThan(0);
      const [card, ...replies] = fake.messages;
      expect(card?.body.text).toContain("verdict");
      expect(replies).toHaveLength(2);
    } finally {
      await bot.stop(5_000);
    }
  });

  test("does not hold back a verdict that comes while it is asked to take progress", async () => {
    const fake = fakeChat();
    let verdictMeanwhile = false;
    const chat: Chat = {
      ...fake,
      async edit(ref, body, urgency, signal) {
        if (urgency === "news") return await fake.edit(ref, body, urgency, signal);
        const asked = async () =>
          (await bot.incidents.read(incident.id, signal))?.state === "verdict" || undefined;
        verdictMeanwhile = await until(asked, "the verdict");
        throw new PortError("rate-limited", "chat", "no more", { retryAfterMs: 600_000 });
      },
    };
    answersAfterMs = 200;
    const bot = await startTestBot({ redis: redis.url, artifacts, targets: { order: target.url } }, chat);
    const { incident } = await beginIncident(draftFor("order", "t3"), bot, never);
    try {
      expect((await settled(bot, incident.id)).card?.state).toBe("verdict");
      expect(verdictMeanwhile).toBe(true);
      expect(fake.messages[0]?.body.text).toContain("verdict");
    } finally {
      await bot.stop(5_000);
    }
  });

  test("is not searched for a first message that it did not take", async () => {
    const fake = fakeChat();
    const refused = new Set<string>();
    const named: string[] = [];
    const chat: Chat = {
      ...fake,
      async post(place, body, posting, signal) {
        if (posting.attemptedAtMs !== undefined) named.push(posting.intent);
        return await fake.post(place, body, posting, signal);
      },
      async upload(place, files, comment, posting, signal) {
        if (posting.attemptedAtMs !== undefined) named.push(posting.intent);
        return await fake.upload(place, files, comment, posting, signal);
      },
    };
    fake.fault = (_method, intent) => {
      if (refused.has(intent)) return undefined;
      refused.add(intent);
      return { when: "before", error: new PortError("rate-limited", "chat", "429", { retryAfterMs: 100 }) };
    };
    answersAfterMs = 0;
    const bot = await startTestBot({ redis: redis.url, artifacts, targets: { order: target.url } }, chat);
    try {
      const { incident } = await beginIncident(draftFor("order", "t2"), bot, never);
      const end = await settled(bot, incident.id);
      expect(end.replies.map(({ state }) => state)).toEqual(["posted", "posted"]);
      expect(refused.size).toBe(3);
      expect(named).toEqual([]);
      expect(fake.messages).toHaveLength(3);
    } finally {
      await bot.stop(5_000);
    }
  });
});
