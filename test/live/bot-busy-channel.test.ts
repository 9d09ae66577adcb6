import { describe, expect, onTestFinished, test } from "vitest";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { incidents, liveBot, mira } from "./bot.ts";

const commands = 8;
/** Slack gives up on a command's acknowledgement then. */
const slackWaitsMs = 3_000;

describe.skipIf(redisProgram === undefined)("many commands in one channel", () => {
  test.each(["socket", "http"] as const)(
    "whose card will be late is told the place at once, over %s",
    async (mode) => {
      const target = await sickTarget(() => 10);
      onTestFinished(() => target.close());
      const names = Array.from({ length: commands }, (_, at) => `order-${at}`);
      const bot = await liveBot(mode, Object.fromEntries(names.map((name) => [name, target.url])));
      onTestFinished(() => bot.close());
      const waits = await Promise.all(
        names.map(async (name) => {
          const beganMs = performance.now();
          const result = await bot.slack.people.type(mira, incidents, `/gofire snapshot ${name}`);
          expect(result?.isAcked).toBe(true);
          return performance.now() - beganMs;
        }),
      );
      expect(Math.max(...waits)).toBeLessThan(slackWaitsMs);
      const cards = () =>
        bot.messages().filter(({ onlyFor, threadTs }) => (onlyFor ?? threadTs) === undefined);
      // They were told before all cards were there.
      expect(cards().length).toBeLessThan(commands);
      const told = bot.messages().filter(({ onlyFor }) => onlyFor === mira);
      expect(told.length).toBeGreaterThanOrEqual(commands - 5);
      const shape =
        /^order-\d+ is taken as gf-\w+\. (?:Next in line|Starts in a moment|\d+ captures? before this one)\. Its card comes in about \d+(?:\.\d+)? s: \d+ cards of this channel go first/;
      for (const { text } of told) expect(text).toMatch(shape);
      // Nobody is told what is a card already, and everybody gets one.
      await until(() => (cards().length === commands ? true : undefined), "a card for everybody");
      expect(bot.messages().filter(({ onlyFor }) => onlyFor === mira)).toHaveLength(told.length);
      // A call that a busy machine held up comes too soon before the next one; it is made again.
      expect(bot.slack.problems([{ method: "chat.postMessage", error: "ratelimited" }])).toEqual([]);
    },
  );
});
