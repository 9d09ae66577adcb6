import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

const commands = 200;
const atOnce = 10;
const waiting = 10;
/** `captures` of the bot under test. */
const inHand = 20;
const rounds = 5;
/** What a process may keep of a command once it is answered; the stand-in's own notes on it are among them. */
const mostKeptBytes = 10_000;

describe.skipIf(redisProgram === undefined)("two hundred commands in less than a minute", () => {
  let target: Awaited<ReturnType<typeof sickTarget>>;
  let bot: LiveBot;
  beforeAll(async () => {
    // So slow that no place becomes free.
    target = await sickTarget(() => 3_000);
    bot = await liveBot("socket", { order: target.url }, undefined, {}, { waiting });
  });
  afterAll(async () => {
    target.close();
    await bot.close();
  });

  test("fill the queue and no more, everybody is told, and memory stays flat", async () => {
    const heaps: number[] = [];
    let taken = 0;
    /** Whose command a busy machine did not get done in time; they are told to look for themselves. */
    let uncertain = 0;
    for (let round = 0; round < rounds; round++) {
      const told = await ask();
      expect(told.unanswered).toBe(0);
      expect(told.taken + told.refused + told.uncertain).toBe(commands);
      taken += told.taken;
      uncertain += told.uncertain;
      heaps.push(heapBytes());
    }
    expect(taken + uncertain).toBeGreaterThanOrEqual(waiting);
    // Those that wait, and those that the worker has in hand: they look now and then whether their target is free.
    expect(taken).toBeLessThanOrEqual(waiting + inHand);
    const cards = await until(
      () => {
        const shown = bot.messages().filter(({ onlyFor, threadTs }) => (onlyFor ?? threadTs) === undefined);
        return shown.length >= taken ? shown : undefined;
      },
      "a card for everybody who was not refused",
      90_000,
    );
    expect(cards.length).toBeLessThanOrEqual(Math.min(taken + uncertain, waiting + inHand));
    expect(
      cards.filter(({ text }) => !/asking what can be captured|capturing|before|next|waiting/i.test(text)),
    ).toEqual([]);
    const [, warm = 0] = heaps;
    const kept = ((heaps.at(-1) ?? 0) - warm) / ((rounds - 2) * commands);
    expect(kept).toBeLessThan(mostKeptBytes);
    process.stdout.write(`${taken} taken; ${Math.round(kept)} bytes a command kept\n`);
  }, 240_000);

  /** Everybody's answer. What only one person sees is read and forgotten, so that it does not weigh. */
  async function ask(): Promise<{
    taken: number;
    refused: number;
    uncertain: number;
    unanswered: number;
  }> {
    const told = { taken: 0, refused: 0, uncertain: 0, unanswered: 0 };
    for (let done = 0; done < commands; done += atOnce) {
      const results = await Promise.all(
        Array.from({ length: atOnce }, () =>
          bot.slack.people.type(mira, incidents, "/gofire snapshot order again"),
        ),
      );
      for (const result of results) {
        if (result?.isAcked !== true) told.unanswered += 1;
        else {
          // Nothing: the card comes at once. Else how many cards come first.
          const said = result.body["text"];
          const text = typeof said === "string" ? said : "is taken as";
          expect(text).toMatch(
            /is taken as|captures are waiting already, which is the limit|it took longer than Slack waits/,
          );
          if (text.includes("is taken as")) told.taken += 1;
          else if (text.includes("longer than Slack waits")) told.uncertain += 1;
          else told.refused += 1;
        }
      }
    }
    const { messages = [] } = bot.slack.workspace.channels.get(incidents) ?? {};
    messages.splice(0, messages.length, ...messages.filter(({ onlyFor }) => onlyFor === undefined));
    return told;
  }
});

/** What is in use once everything that can go has gone. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
