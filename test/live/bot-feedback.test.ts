import { describe, expect, onTestFinished, test } from "vitest";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

const jonas = "U0JONAS002";
const guest = "U0GUEST004";

async function judged(mode: "socket" | "http"): Promise<{ bot: LiveBot; card: SlackMessage }> {
  const target = await sickTarget(() => 10);
  onTestFinished(() => target.close());
  const bot = await liveBot(mode, { order: target.url });
  onTestFinished(() => bot.close());
  await bot.slack.people.type(mira, incidents, "/gofire snapshot order");
  const card = await until(
    () => bot.messages().find(({ text, threadTs }) => threadTs === undefined && text.startsWith("FAIL")),
    "the verdict",
  );
  return { bot, card };
}

function choice(value: "right" | "wrong") {
  const text = { type: "plain_text", text: value === "right" ? "👍 Right" : "👎 Wrong", emoji: true };
  return { type: "static_select", selected_option: { text, value } };
}

function footer({ blocks = [] }: SlackMessage): string {
  return JSON.stringify(blocks.at(-1));
}

function whispersTo(bot: LiveBot, userId: string): readonly string[] {
  return bot.messages().flatMap(({ onlyFor, text }) => (onlyFor === userId ? [text] : []));
}

describe.skipIf(redisProgram === undefined)("what people say of a finding, over the wire", () => {
  test.each(["socket", "http"] as const)(
    "clicks are one voice each and can be changed, wrong asks why, the card has the tally, over %s",
    async (mode) => {
      const { bot, card } = await judged(mode);
      const { people, workspace } = bot.slack;
      await people.click(mira, incidents, card.ts, { actionId: "wrong" });
      await until(() => (footer(card).includes("f1: 0 right, 1 wrong") ? true : undefined), "the tally");
      const modal = workspace.modals.get(mira)?.at(-1);
      expect(JSON.stringify(modal?.view)).toContain("What is wrong with it?");
      const comment = { type: "plain_text_input", value: "<!channel> these wait by design" };
      expect(await people.submit(mira, { comment: { comment } })).toMatchObject({ isAcked: true, body: {} });
      expect(workspace.modals.get(mira)).toEqual([]);
      // Clicked twice, changed, and another person: two voices in all.
      await people.click(jonas, incidents, card.ts, { actionId: "right" });
      await people.click(jonas, incidents, card.ts, { actionId: "right" });
      await until(() => (footer(card).includes("f1: 1 right, 1 wrong") ? true : undefined), "both voices");
      await people.click(mira, incidents, card.ts, { actionId: "right" });
      await until(() => (footer(card).includes("f1: 2 right, 0 wrong") ? true : undefined), "the change");
      expect(whispersTo(bot, mira).join("\n")).toContain("Until now you said wrong; the last word counts.");
      // Guests may see the buttons, and are told why they count for nothing.
      await people.click(guest, incidents, card.ts, { actionId: "wrong" });
      await until(() => whispersTo(bot, guest)[0], "the refusal");
      expect(whispersTo(bot, guest)[0]).toMatch(/Guests of the workspace cannot/);
      expect(footer(card)).toContain("f1: 2 right, 0 wrong");
      expect(bot.slack.pings()).toEqual([]);
      expect(bot.slack.problems()).toEqual([]);
    },
  );

  test("a form has every finding of the verdict, with what the person said, and counts what was changed", async () => {
    const { bot, card } = await judged("http");
    const { people, workspace } = bot.slack;
    expect(JSON.stringify(card.blocks)).toMatch(/Judge All \d+…/);
    await people.click(mira, incidents, card.ts, { actionId: "right" });
    await people.click(mira, incidents, card.ts, { actionId: "judge" });
    const modal = await until(() => workspace.modals.get(mira)?.at(-1), "the form");
    const blocks = (modal.view["blocks"] ?? []) as readonly {
      readonly block_id?: string;
      readonly element?: { readonly initial_option?: { readonly value: string } };
    }[];
    const first = blocks.find(({ block_id }) => block_id === "f1");
    expect(first?.element?.initial_option?.value).toBe("right");
    const values = {
      f1: { f1: choice("wrong") },
      f2: { f2: choice("right") },
    };
    expect(await people.submit(mira, values)).toMatchObject({ isAcked: true, body: {} });
    await until(
      () => (footer(card).includes("f1: 0 right, 1 wrong · f2: 1 right, 0 wrong") ? true : undefined),
      "both tallies",
    );
    expect(whispersTo(bot, mira).at(-1)).toMatch(
      /f1 \(.*\) is wrong, until now right\.[^]*f2 \(.*\) is right\./,
    );
    await people.click(guest, incidents, card.ts, { actionId: "judge" });
    await until(() => whispersTo(bot, guest)[0], "the refusal");
    expect(workspace.modals.get(guest) ?? []).toEqual([]);
    expect(bot.slack.pings()).toEqual([]);
    expect(bot.slack.problems()).toEqual([]);
  });

  test("a comment that holds a secret keeps the form open, and the voice counts without it", async () => {
    const { bot, card } = await judged("socket");
    const { people } = bot.slack;
    await people.click(mira, incidents, card.ts, { actionId: "wrong" });
    const value = ["token xoxb", "123456789012", "abcdefABCDEF"].join("-");
    const answer = await people.submit(mira, { comment: { comment: { type: "plain_text_input", value } } });
    expect(answer).toMatchObject({ body: { response_action: "errors" } });
    expect(JSON.stringify(answer)).toContain("looks as if it held a secret");
    await until(() => (footer(card).includes("f1: 0 right, 1 wrong") ? true : undefined), "the tally");
    expect(bot.slack.problems()).toEqual([]);
  });

  test("the menu posts a report into the thread, once for a click that comes twice; resolved cards offer it, too", async () => {
    const { bot, card } = await judged("socket");
    const { people, workspace, faults } = bot.slack;
    const id = /gf-\w+/.exec(footer(card))?.[0] ?? "";
    await people.click(jonas, incidents, card.ts, { actionId: "wrong" });
    faults.add({ on: "interactive", kind: "duplicate" });
    await people.click(mira, incidents, card.ts, { actionId: "more", value: `report ${id}` });
    const reports = () => bot.messages().filter(({ text }) => text.startsWith(`Report of ${id}`));
    const first = await until(() => reports()[0], "the report");
    expect(first.threadTs).toBe(card.ts);
    const file = workspace.files.get(first.files?.[0] ?? "");
    expect(file?.name).toBe(`report.${id}.md`);
    const text = Buffer.from(file?.bytes ?? []).toString();
    for (const section of [
      "Timeline",
      "Findings",
      "Changes",
      "Evidence",
      "What people did",
      "Actions that",
      "Open",
    ]) {
      expect(text).toContain(`## ${section}`);
    }
    expect(text).toMatch(/jonas \(U0JONAS002\) said that f1 is wrong/);
    expect(text).toMatch(/mira \(U0MIRA0001\) asked for a report/);
    await people.click(mira, incidents, card.ts, { actionId: "resolve" });
    await until(
      () => (JSON.stringify(card.blocks).includes("Post a Report") ? true : undefined),
      "the button of a resolved card",
    );
    await people.click(mira, incidents, card.ts, { actionId: "report" });
    await until(() => reports()[1], "the second report");
    expect(reports()).toHaveLength(2);
    expect(bot.slack.problems()).toEqual([]);
  });
});
