import { describe, expect, onTestFinished, test } from "vitest";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

async function botFor(mode: "socket" | "http"): Promise<LiveBot> {
  const target = await sickTarget(() => 10);
  onTestFinished(() => target.close());
  const bot = await liveBot(mode, { order: target.url });
  onTestFinished(() => bot.close());
  return bot;
}

describe.skipIf(redisProgram === undefined).each(["socket", "http"] as const)("over %s", (mode) => {
  test("/gofire snapshot order: a card that becomes a verdict, findings in its thread", async () => {
    const bot = await botFor(mode);
    const { slack } = bot;
    const asked = performance.now();
    const result = await slack.people.type(mira, incidents, "/gofire snapshot order");
    const ackedMs = performance.now() - asked;
    expect(result).toEqual({ isAcked: true, body: {} });
    const card = await until(() => bot.messages()[0], "a card", 5_000);
    const cardMs = performance.now() - asked;
    await until(() => (/FAIL/.test(card.text) ? card : undefined), "a verdict");
    const verdictMs = performance.now() - asked;
    await until(() => (bot.messages().length > 1 ? true : undefined), "a reply");
    expect(
      bot.messages().filter(({ threadTs }) => threadTs === undefined || threadTs === card.ts),
    ).not.toEqual([]);
    expect(card.text).toMatch(/order/);
    expect(slack.problems()).toEqual([]);
    process.stdout.write(
      `${mode}: acknowledged after ${Math.round(ackedMs)} ms, card after ${Math.round(cardMs)} ms, verdict after ${Math.round(verdictMs)} ms\n`,
    );
  });
});
