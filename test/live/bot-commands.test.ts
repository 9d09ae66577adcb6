import { describe, expect, onTestFinished, test } from "vitest";
import type { ConfigCatalog } from "../../src/ports/config-history.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { type FakeCommit, fakeConfigHistory } from "../fakes/config-history.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

async function botFor(mode: "socket" | "http", configs?: ConfigCatalog): Promise<LiveBot> {
  const target = await sickTarget(() => 10);
  onTestFinished(() => target.close());
  const bot = await liveBot(
    mode,
    { order: target.url },
    undefined,
    {},
    configs === undefined ? {} : { configs },
  );
  onTestFinished(() => bot.close());
  return bot;
}

/** The card that `words` begin, once it has its verdict, and its incident's id. */
async function judged(bot: LiveBot, words: string): Promise<{ card: SlackMessage; id: string }> {
  const before = new Set(bot.messages());
  await bot.slack.people.type(mira, incidents, words);
  const card = await until(
    () =>
      bot
        .messages()
        .find(
          (message) =>
            !before.has(message) && message.threadTs === undefined && message.text.startsWith("FAIL"),
        ),
    `a verdict for ${words}`,
  );
  const id = /gf-[0-9a-z]{4,}/.exec(JSON.stringify(card.blocks ?? card.attachments ?? card))?.[0];
  if (id === undefined) throw new Error(`no id on the card: ${JSON.stringify(card)}`);
  return { card, id };
}

function poolOf(value: number, digit: string, ageMs: number): FakeCommit {
  return {
    revision: digit.repeat(40),
    author: "ana",
    subject: "Tune redis",
    mergedAtMs: Date.now() - ageMs,
    files: { "order.yaml": `redis:\n  max_active: ${value}\n` },
  };
}

/** A change of a quarter of an hour ago, in memory. */
function tunedRedis(): ConfigCatalog {
  const history = fakeConfigHistory([poolOf(200, "a", 86_400_000), poolOf(0, "b", 14 * 60_000)]);
  return {
    of: (service) => (service === "order" ? { history, paths: ["order.yaml"] } : undefined),
    close: () => history.close(),
  };
}

describe.skipIf(redisProgram === undefined)("what people ask of the bot", () => {
  test.each(["socket", "http"] as const)(
    "status, explain, diff, rollback, mute and resolve are answered where they were asked, over %s",
    async (mode) => {
      const bot = await botFor(mode, tunedRedis());
      const { people } = bot.slack;
      const first = await judged(bot, "/gofire snapshot order");
      const second = await judged(bot, "/gofire snapshot order");
      expect(second.id).not.toBe(first.id);

      async function answer(words: string, thread?: string): Promise<SlackMessage> {
        const before = new Set(bot.messages());
        await people.type(mira, incidents, words, thread);
        return await until(
          () =>
            bot
              .messages()
              .find((one) => !before.has(one) && one.user !== mira && !isFiles(one) && !isAhead(one)),
          `an answer to ${words}`,
        );
      }

      const status = await answer("/gofire status");
      expect(status.onlyFor).toBeUndefined();
      expect(JSON.stringify(status)).toContain(first.id);
      expect(JSON.stringify(status)).toContain(second.id);

      const explained = await answer("@gofire explain", first.card.ts);
      expect(explained.threadTs).toBe(first.card.ts);
      expect(JSON.stringify(explained)).toContain(first.id);
      expect(JSON.stringify(explained)).toMatch(/mutex-pileup/);

      const compared = await answer(`/gofire diff ${second.id}`);
      expect(JSON.stringify(compared)).toContain(first.id);

      // The card says what changed; what would put it back is for who asked.
      expect(JSON.stringify(second.card)).toContain("redis.max_active 200 → 0");
      const back = await answer("@gofire rollback order", second.card.ts);
      expect([back.onlyFor, back.threadTs]).toEqual([mira, second.card.ts]);
      expect(back.text).toContain("redis.max_active 0 → 200 (order.yaml).");
      expect(back.text).toContain(`git revert --no-edit ${"b".repeat(40)}`);
      expect((await answer("/gofire rollback order")).text).toContain("14 min ago");

      const muted = await answer('/gofire mute order 2h reason="load test"');
      expect(muted.onlyFor).toBeUndefined();
      expect(muted.text).toMatch(/order/);
      expect((await answer("/gofire unmute order")).onlyFor).toBeUndefined();
      expect(await answer("/gofire unmute order")).toMatchObject({
        onlyFor: mira,
        text: "Nothing was muted: alerts about order.",
      });

      const wrong = await answer(`/gofire explain ${first.id} f99`);
      expect(wrong).toMatchObject({ onlyFor: mira, text: expect.stringContaining('has no finding "f99"') });

      await people.type(mira, incidents, `/gofire resolve ${first.id}`);
      await until(() => (/resolved/i.test(first.card.text) ? true : undefined), "the card is resolved");
      const again = await answer(`/gofire resolve ${first.id}`);
      expect(again.onlyFor).toBe(mira);
      expect(bot.slack.problems()).toEqual([]);
    },
  );
});

/** That something is looked at, which the answer follows. */
function isAhead({ text }: SlackMessage): boolean {
  return text.startsWith("Looking at ");
}

/** Evidence comes whenever it is uploaded. */
function isFiles({ files }: SlackMessage): boolean {
  return files !== undefined && files.length > 0;
}
