import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { slackChat } from "../../src/integrations/slack/chat.ts";
import { type SlackClient, slackClient } from "../../src/integrations/slack/client.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import type { Bot } from "../../src/main.ts";
import type { FaultEffect } from "../../src/sandbox/slack/faults.ts";
import { shopWorkspace } from "../../src/sandbox/slack/seed.ts";
import type { SlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { startSlack } from "../sandbox/slack/bolt.ts";
import { draftFor, settled, sickTarget, startTestBot } from "./bot.ts";

const never = new AbortController().signal;

/** One channel an incident: the chat's rate a channel is not what is looked at here. */
const channels = Array.from({ length: 6 }, (_, at) => `C0ROOM${String(at).padStart(4, "0")}`);

const effects: readonly FaultEffect[] = [
  { kind: "reset", when: "before" },
  { kind: "reset", when: "after" },
  { kind: "status", status: 503, when: "before" },
  { kind: "status", status: 503, when: "after" },
  { kind: "error", error: "internal_error", when: "after" },
  { kind: "hang", when: "before" },
  { kind: "hang", when: "after" },
  { kind: "rate-limited", retryAfterS: 1 },
];

const faultyMethods = [
  "chat.postMessage",
  "chat.update",
  "files.getUploadURLExternal",
  "files.completeUploadExternal",
  "files.info",
  "conversations.history",
  "conversations.replies",
];

describe.skipIf(redisProgram === undefined)("the bot's messages in a Slack that loses answers", () => {
  let redis: TestRedis;
  let artifacts: string;
  let target: Awaited<ReturnType<typeof sickTarget>>;
  let slack: SlackStandIn;
  const clients: SlackClient[] = [];
  beforeAll(async () => {
    const rooms = channels.map((id) => ({
      id,
      name: id.toLowerCase(),
      members: ["U0MIRA0001"],
      hasBot: true,
    }));
    const seed = { ...shopWorkspace, channels: [...shopWorkspace.channels, ...rooms] };
    [redis, artifacts, target, slack] = await Promise.all([
      testRedis(),
      mkdtemp(join(tmpdir(), "gofire-artifacts-")),
      sickTarget(),
      startSlack({ seed }),
    ]);
  });
  afterAll(async () => {
    target.close();
    await Promise.all(clients.map((client) => client.close()));
    await slack.close();
    await redis.remove();
    await rm(artifacts, { recursive: true, force: true });
  });

  /** A worker of its own, with a chat of its own. */
  async function worker(): Promise<Bot> {
    const client = slackClient({
      token: slack.tokens.bot,
      apiUrl: slack.apiUrl,
      clock: systemClock,
      deadlineMs: 1_500,
    });
    clients.push(client);
    const chat = slackChat({ client, own: slack.workspace.app, clock: systemClock, onTrouble: () => {} });
    const targets = Object.fromEntries(channels.map((channel) => [channel, target.url]));
    const settings = { caps: { overall: 12, perService: 12, cooldownMs: 0 } };
    return await startTestBot({ redis: redis.url, artifacts, targets, settings }, chat);
  }

  test("two workers, faults on every method: each card and each reply once, and the card shows the verdict", async () => {
    for (const [at, effect] of effects.entries())
      for (const [turn, on] of faultyMethods.entries())
        if ((at + turn) % 3 === 0) slack.faults.add({ on, skip: turn % 2, ...effect });
    const bots = [await worker(), await worker()];
    try {
      const [bot] = bots;
      if (bot === undefined) throw new Error("no bot");
      const begun = await Promise.all(
        channels.map((channel) =>
          beginIncident({ ...draftFor(channel, channel), place: { channel } }, bot, never),
        ),
      );
      const ends = await Promise.all(begun.map(({ incident }) => settled(bot, incident.id, 150_000)));
      for (const { id, state, place, replies, card } of ends) {
        expect(state).toBe("verdict");
        expect(card?.problem).toBeUndefined();
        expect(replies.map(({ state: sent }) => sent)).toEqual(["posted", "posted"]);
        const seen = messagesIn(place.channel);
        expect(seen.map(({ threadTs, files }) => [threadTs, (files ?? []).length > 0])).toEqual([
          [undefined, false],
          [seen[0]?.ts, true],
          [seen[0]?.ts, true],
        ]);
        expect(seen[0]?.text).toContain(`${id} · verdict`);
        expect(replies.map(({ ref }) => ref?.ts)).toEqual(seen.slice(1).map(({ ts }) => ts));
      }
      const struck = slack.traffic.exchanges.filter(({ fault }) => fault !== undefined);
      expect(struck.length).toBeGreaterThan(8);
      expect(
        slack.problems([
          // Two workers, one rate.
          { method: "files.getUploadURLExternal", error: "ratelimited" },
          { method: "files.info", error: "file_not_found" },
        ]),
      ).toEqual([]);
    } finally {
      await Promise.all(bots.map((one) => one.stop(2_000)));
    }
  }, 200_000);

  function messagesIn(channel: string): readonly SlackMessage[] {
    return slack.workspace.channels.get(channel)?.messages ?? [];
  }
});
