import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { redisProgram, testRedis } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

afterEach(async () => {
  vi.unstubAllEnvs();
});

async function botFor(mode: "socket" | "http" = "socket", isPatient = true): Promise<LiveBot> {
  const target = await sickTarget(() => 10);
  onTestFinished(() => target.close());
  const bot = await liveBot(mode, { order: target.url }, undefined, {}, { isPatient });
  onTestFinished(() => bot.close());
  return bot;
}

/** Cards are what gofire says to everybody outside other cards' threads. */
function cardsOf(bot: LiveBot, channel = incidents) {
  return bot
    .messages(channel)
    .filter(({ metadata, onlyFor }) => metadata !== undefined && onlyFor === undefined);
}

async function settled(bot: LiveBot, count = 1): Promise<void> {
  await until(
    () => (cardsOf(bot).filter(({ text }) => /^(?:🔴 )?FAIL/.test(text)).length >= count ? true : undefined),
    `${count} verdicts`,
  );
}

describe.skipIf(redisProgram === undefined)("people use the bot", () => {
  test("commands delivered twice, and through both connections, make one card", async () => {
    const bot = await botFor();
    bot.slack.faults.add({ on: "slash_commands", kind: "duplicate", times: 3 });
    await Promise.all([
      bot.slack.people.type(mira, incidents, "/gofire snapshot order"),
      bot.slack.people.type(mira, incidents, "/gofire snapshot order again"),
    ]);
    await settled(bot, 2);
    expect(cardsOf(bot).filter(({ text }) => text.startsWith("FAIL"))).toHaveLength(2);
    expect(bot.slack.problems()).toEqual([]);
  });

  test("guests and strangers are refused, unknown commands answered with help, by words for them alone", async () => {
    const bot = await botFor("http");
    const { people } = bot.slack;
    await people.type("U0GUEST004", incidents, "/gofire snapshot order");
    await people.type("U0STRNG005", "C0SHARE005", "/gofire snapshot order");
    await people.type(mira, incidents, "/gofire snapshoot order");
    await people.type(mira, incidents, "/gofire");
    await people.type(mira, incidents, "/approve-config 12");
    const said = [...bot.messages(), ...bot.messages("C0SHARE005")].map(({ text, onlyFor }) => ({
      text,
      onlyFor,
    }));
    expect(said).toMatchObject([
      { onlyFor: "U0GUEST004", text: expect.stringMatching(/Guests of the workspace cannot/) },
      { onlyFor: mira, text: expect.stringMatching(/no command "snapshoot".*Did you mean snapshot/) },
      { onlyFor: mira, text: expect.stringMatching(/snapshot SERVICE/) },
      { onlyFor: mira, text: expect.stringMatching(/gofire.yaml has no gate/) },
      { onlyFor: "U0STRNG005", text: expect.stringMatching(/other workspaces cannot/) },
    ]);
    expect(bot.slack.problems()).toEqual([]);
  });

  test("a mention in a page's thread brings the card into that thread", async () => {
    const bot = await botFor();
    const page = bot.slack.people.page(incidents, { text: "order is slow" });
    await bot.slack.people.type(mira, incidents, "@gofire snapshot order", page);
    const card = await until(
      () => cardsOf(bot).find(({ threadTs }) => threadTs === page),
      "a card in the thread",
    );
    await until(() => (card.text.startsWith("FAIL") ? true : undefined), "a verdict");
    expect(bot.slack.problems()).toEqual([]);
  });

  test("the shortcut's form, filled in, captures what was chosen", async () => {
    const bot = await botFor("http");
    const { slack } = bot;
    const page = slack.people.page(incidents, { text: "order is slow" });
    await slack.people.messageShortcut(mira, "capture", incidents, page);
    expect(slack.workspace.modals.get(mira)).toHaveLength(1);
    const option = { text: { type: "plain_text", text: "order" }, value: "order" };
    const done = await slack.people.submit(mira, {
      service: { service: { type: "static_select", selected_option: option } },
      instance: { instance: { type: "plain_text_input", value: null } },
      cpu: { cpu: { type: "static_select", selected_option: null } },
      extras: { extras: { type: "checkboxes", selected_options: [] } },
    });
    expect(done).toMatchObject({ isAcked: true, body: {} });
    expect(slack.workspace.modals.get(mira)).toHaveLength(0);
    await until(() => cardsOf(bot).find(({ threadTs }) => threadTs === page), "a card in the thread");
    expect(slack.problems()).toEqual([]);
  });

  test("a click while every connection is replaced is heard, once", async () => {
    const bot = await botFor();
    const { slack } = bot;
    await slack.people.type(mira, incidents, "/gofire snapshot order");
    await settled(bot);
    const [card] = cardsOf(bot);
    slack.faults.add({ on: "interactive", kind: "duplicate" });
    const clicked = slack.people.click(mira, incidents, card?.ts ?? "", { actionId: "capture-again" });
    slack.sockets.refresh("all");
    expect(await clicked).toMatchObject({ isAcked: true });
    await settled(bot, 2);
    expect(cardsOf(bot).filter(({ text }) => text.startsWith("FAIL"))).toHaveLength(2);
    await until(() => (slack.sockets.open === 2 ? true : undefined), "two connections");
    expect(slack.problems()).toEqual([]);
  });

  test("App Home shows what came out, and a capture begun from there goes where it was said", async () => {
    const bot = await botFor();
    const { slack } = bot;
    await slack.people.type(mira, incidents, "/gofire snapshot order");
    await settled(bot);
    slack.people.openHome(mira);
    await until(
      () =>
        /gf-[0-9a-z]{4}/.test(JSON.stringify(slack.workspace.homes.get(mira)?.view ?? "")) ? true : undefined,
      "Home with the capture",
    );
    await slack.people.clickInHome(mira, { actionId: "new-snapshot" });
    const option = { text: { type: "plain_text", text: "order" }, value: "order" };
    await slack.people.submit(mira, {
      service: { service: { type: "static_select", selected_option: option } },
      channel: { channel: { type: "conversations_select", selected_conversation: incidents } },
    });
    await settled(bot, 2);
    expect(slack.problems()).toEqual([]);
  });

  test("while Redis is away nothing is pretended, and afterwards it goes on", async () => {
    const redis = await testRedis();
    onTestFinished(() => redis.remove());
    vi.stubEnv("REDIS_URL", redis.url);
    const bot = await botFor("socket", false);
    await redis.kill();
    const askedAt = performance.now();
    const result = await bot.slack.people.type(mira, incidents, "/gofire snapshot order");
    expect(performance.now() - askedAt).toBeLessThan(2_900);
    expect(result).toMatchObject({
      isAcked: true,
      body: { response_type: "ephemeral", text: expect.stringMatching(/could not take this for certain/) },
    });
    await redis.start();
    const again = await until(async () => {
      const next = await bot.slack.people.type(mira, incidents, "/gofire snapshot order again");
      return next?.isAcked === true && Object.keys(next.body).length === 0 ? next : undefined;
    }, "a command that is taken");
    expect(again).toEqual({ isAcked: true, body: {} });
    await settled(bot);
    expect(bot.slack.problems()).toEqual([]);
  });
});
