import { describe, expect, onTestFinished, test } from "vitest";
import { shopWorkspace } from "../../src/sandbox/slack/seed.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

const jonas = "U0JONAS002";
const war = "C0WARRM006";
const seed = {
  ...shopWorkspace,
  channels: [
    ...shopWorkspace.channels,
    { id: war, name: "war-room", members: [mira], isPrivate: true, hasBot: true },
  ],
};

/** What gofire answers to somebody in a channel; `words` as they are typed. */
async function answer(bot: LiveBot, who: string, channel: string, words: string): Promise<SlackMessage> {
  const before = new Set(bot.messages(channel));
  await bot.slack.people.type(who, channel, words);
  return await until(
    () => bot.messages(channel).find((message) => !before.has(message) && message.user !== who),
    `an answer to ${words}`,
  );
}

describe.skipIf(redisProgram === undefined)("what is found in a private channel", () => {
  test.each(["socket", "http"] as const)("stays among its members, over %s", async (mode) => {
    const target = await sickTarget(() => 10);
    onTestFinished(() => target.close());
    const bot = await liveBot(mode, { order: target.url }, undefined, {}, { seed });
    onTestFinished(() => bot.close());
    await bot.slack.people.type(mira, war, "/gofire snapshot order");
    const card = await until(
      () => bot.messages(war).find(({ text }) => text.startsWith("FAIL")),
      "a verdict in the war room",
    );
    const id = /gf-[0-9a-z]{4,}/.exec(JSON.stringify(card))?.[0] ?? "";
    expect(id).not.toBe("");

    // Jonas is not in it.
    for (const words of [`explain ${id}`, `diff ${id}`, `report ${id}`, `resolve ${id}`, `peer ${id}`]) {
      const said = await answer(bot, jonas, incidents, `/gofire ${words}`);
      expect(said.onlyFor).toBe(jonas);
      expect(said.text).toContain(`There is no incident ${id} that you can see.`);
    }
    const status = await answer(bot, jonas, incidents, "/gofire status everywhere");
    expect(JSON.stringify(status)).not.toContain(id);
    expect(JSON.stringify(await answer(bot, jonas, incidents, "/gofire status order"))).not.toContain(id);
    bot.slack.people.openHome(jonas);
    const home = await until(() => bot.slack.workspace.homes.get(jonas), "Jonas' App Home");
    expect(JSON.stringify(home)).not.toContain(id);
    expect(card.text).toMatch(/^FAIL/);

    // Mira is; elsewhere it is for her alone, in the room for everybody there.
    const hers = await answer(bot, mira, incidents, `/gofire explain ${id}`);
    expect(hers).toMatchObject({ onlyFor: mira, text: expect.stringContaining("Only you see this") });
    expect((await answer(bot, mira, incidents, "@gofire status everywhere")).onlyFor).toBe(mira);
    expect((await answer(bot, mira, war, `/gofire explain ${id}`)).onlyFor).toBeUndefined();
    expect(bot.slack.problems()).toEqual([]);

    // What Slack does not tell is kept back, and said to be.
    for (const on of ["conversations.info", "users.conversations"]) {
      bot.slack.faults.add({ on, kind: "status", status: 503, when: "before", times: 100 });
    }
    const unsure = await answer(bot, "U0PRIYA003", "C0GENRL002", "/gofire status everywhere");
    expect(JSON.stringify(unsure)).not.toContain(id);
    expect(unsure.text).toContain("1 more incident is not shown");
  });
});
