import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AuditLog } from "../../src/ports/audit-log.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { until } from "../jobs/bot.ts";
import { bo, cy, openTestGate, orderFile, type Proposals, proposals } from "../jobs/gated.ts";
import { heard, incidents, type LiveBot, liveBot, mira } from "./bot.ts";

const never = new AbortController().signal;
const jonas = bo;
const priya = cy;
const guest = "U0GUEST004";

interface GatedBot extends Proposals {
  readonly bot: LiveBot;
  readonly log: AuditLog;
}

/** A bot over a repository that it fetches from, in which pull request 42 of mira's is open. */
async function gatedBot(mode: "socket" | "http" = "socket"): Promise<GatedBot> {
  const proposed = proposals();
  onTestFinished(() => proposed.repository.remove());
  const state = await mkdtemp(join(tmpdir(), "gofire-gate-"));
  onTestFinished(() => rm(state, { recursive: true, force: true }));
  const opened = await openTestGate({ repository: proposed.repository.folder, state });
  onTestFinished(() => opened.close());
  const { gate, audit } = opened;
  const bot = await liveBot(mode, {}, undefined, {}, { gate, auditLog: audit });
  onTestFinished(() => bot.close());
  return { ...proposed, bot, log: audit };
}

/** What is in the log: of what type, and whose. */
async function logged({ log }: GatedBot): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { event } of log.entries(0, never)) found.push(`${event.type} ${event.actor}`);
  return found;
}

function isCard({ text, onlyFor }: SlackMessage): boolean {
  return onlyFor === undefined && text.startsWith("Config change 42");
}

async function cardOf({ bot }: GatedBot, words = ""): Promise<SlackMessage> {
  return await until(
    () => bot.messages().find((message) => isCard(message) && message.text.includes(words)),
    () => `a card with ${words}. ${heard(bot)}`,
  );
}

function shownBy({ bot }: GatedBot): string {
  return JSON.stringify(bot.messages().find(isCard)?.blocks);
}

async function cardWith(gated: GatedBot, words: string): Promise<void> {
  await until(
    () => (shownBy(gated).includes(words) ? true : undefined),
    () => `a card with ${words}. ${heard(gated.bot)}`,
  );
}

async function cardWithout(gated: GatedBot, words: string): Promise<void> {
  await until(
    () => (shownBy(gated).includes(words) ? undefined : true),
    () => `a card without ${words}. ${heard(gated.bot)}`,
  );
}

/** What somebody alone was told, that has these words. */
async function told({ bot }: GatedBot, userId: string, words: string | RegExp): Promise<string> {
  return await until(
    () => {
      const found = bot.messages().findLast(({ onlyFor, text }) => onlyFor === userId && text.match(words));
      return found?.text;
    },
    () => `${userId} to be told: ${words}. ${heard(bot)}`,
  );
}

async function click({ bot }: GatedBot, userId: string, decision: string): Promise<void> {
  const card = bot.messages().find(isCard);
  await bot.slack.people.click(userId, incidents, card?.ts ?? "", { actionId: `gate-${decision}/prod` });
}

describe.skipIf(redisProgram === undefined)("approving a change of configuration in the chat", () => {
  test("is a card that two people who did not write it approve; the log has both, and the thread says so once", async () => {
    const gated = await gatedBot();
    const { bot } = gated;
    const { people } = bot.slack;
    await people.type(mira, "C0SECRT003", "/approve-config 42");
    await people.type(mira, "C0SHARE005", "/approve-config 42");
    const refusals = ["C0SECRT003", "C0SHARE005"].map((channel) =>
      bot.messages(channel).map(({ text }) => text),
    );
    expect(refusals).toEqual([
      [expect.stringContaining("gofire is not in this channel")],
      [expect.stringContaining("People of other workspaces read here")],
    ]);
    await people.type(mira, incidents, "/approve-config 42");
    await told(gated, mira, "Looking at 42");
    const card = await cardOf(gated, "prod: waiting for approval, 0 of 2");
    expect(card.text).toContain("redis.max_active 200 → 20");

    await click(gated, mira, "approve");
    await told(gated, mira, "You wrote or committed some of this");
    await click(gated, guest, "approve");
    await told(gated, guest, "Guests of the workspace cannot use gofire");
    expect(await logged(gated)).toEqual([]);

    await click(gated, jonas, "approve");
    await told(gated, jonas, "Your approval of 42 for prod is in the audit log");
    await cardOf(gated, "waiting for approval, 1 of 2");
    await click(gated, jonas, "approve");
    await told(gated, jonas, "counts already");
    expect(await logged(gated)).toHaveLength(1);

    await click(gated, priya, "approve");
    await told(gated, priya, "prod is now approved");
    await cardOf(gated, "prod: approved");
    const reply = await until(
      () =>
        bot
          .messages()
          .find(
            ({ threadTs, ts, text }) => threadTs === card.ts && ts !== card.ts && /is approved/.test(text),
          ),
      "word in the thread",
    );
    expect(reply.text).toContain(`<@${jonas}> and <@${priya}>`);
    expect(await logged(gated)).toEqual([jonas, priya].map((id) => `config.approved slack:${id}`));

    await people.type(mira, incidents, "/approve-config 42");
    await told(gated, mira, "Its card is here already");
    await people.type(priya, incidents, "@gofire approve-config #42");
    await told(gated, priya, "Its card is here already");
    expect(bot.messages().filter(isCard)).toHaveLength(1);
    expect(
      bot.messages().filter(({ text, onlyFor }) => onlyFor === undefined && /is approved/.test(text)),
    ).toHaveLength(1);
    const hidden = { method: "conversations.info", error: "channel_not_found" };
    expect(bot.slack.problems([hidden])).toEqual([]);
  });

  test("counts for what was shown and for nothing else: a push in between has nobody approve it (T1, T2)", async () => {
    const gated = await gatedBot("http");
    const { bot, propose, repository } = gated;
    const { people, faults } = bot.slack;
    await people.type(priya, incidents, "/approve-config 42");
    await cardOf(gated, "waiting for approval, 0 of 2");
    faults.add({ on: "interactive", kind: "duplicate" });
    faults.add({ on: "chat.update", kind: "status", status: 500, when: "after" });
    await click(gated, jonas, "approve");
    await told(gated, jonas, "in the audit log");
    await cardOf(gated, "waiting for approval, 1 of 2");
    expect(await logged(gated)).toHaveLength(1);

    const before = bot.messages().find(isCard);
    const shown = JSON.stringify(before?.blocks);
    propose({ "env/prod/order.yaml": orderFile(2) });
    faults.add({ on: "chat.update", kind: "rate-limited", retryAfterS: 1 });
    await click(gated, priya, "approve");
    await told(gated, priya, /changed since that was shown, so nothing was approved for prod/);
    await cardOf(gated, "redis.max_active 200 → 2.");
    expect(await logged(gated)).toHaveLength(1);
    const card = await cardOf(gated, "waiting for approval, 0 of 2");
    expect(JSON.stringify(card.blocks)).toContain(`what <@${jonas}> decided before`);
    expect(JSON.stringify(card.blocks)).not.toBe(shown);

    // Somebody else's change of something else voids nothing.
    await click(gated, jonas, "approve");
    await cardOf(gated, "waiting for approval, 1 of 2");
    repository.commit({ "README.md": "elsewhere" }, { subject: "Elsewhere", atMs: Date.now() });
    const digest =
      /`([A-Za-z0-9+/]{22})`/.exec(JSON.stringify(bot.messages().find(isCard)?.blocks))?.[1] ?? "";
    await people.type(priya, incidents, `/approve-config 42 ${digest.slice(0, 21)}`);
    await people.type(priya, incidents, `/approve-config 42 ${"A".repeat(22)}`);
    await told(gated, priya, `${"A".repeat(22)} is not what 42 would release`);
    await bot.restart();
    await people.type(priya, incidents, `/approve-config 42 ${digest}`);
    await told(gated, priya, "prod is now approved");
    await cardOf(gated, "prod: approved");
    expect(await logged(gated)).toEqual([jonas, jonas, priya].map((id) => `config.approved slack:${id}`));
    expect(bot.messages().filter(isCard)).toHaveLength(1);
  });

  test("shows what a card leaves out in its thread before anybody can decide (T23); who rejects stops it until they withdraw", async () => {
    const gated = await gatedBot();
    const { bot, propose } = gated;
    propose({
      "env/prod/order.yaml": orderFile(20),
      "env/prod/many.yaml": Array.from({ length: 40 }, (_, at) => `key_${at}: ${at}\n`).join(""),
    });
    await bot.slack.people.type(jonas, incidents, "@gofire approve-config 42");
    const card = await until(() => {
      const found = bot.messages().find(isCard);
      return found !== undefined && JSON.stringify(found.blocks).includes("gate-approve/prod")
        ? found
        : undefined;
    }, "buttons");
    const list = bot.messages().find(({ files }) => (files ?? []).length > 0);
    expect(list?.threadTs).toBe(card.threadTs);
    expect(Number(list?.ts)).toBeLessThan(Number(card.editedTs));
    await click(gated, jonas, "reject");
    await told(gated, jonas, "nobody's approval counts until you withdraw it");
    await cardOf(gated, "prod: rejected");
    await click(gated, priya, "reject");
    await cardWith(gated, `Rejected by <@${priya}>`);
    await click(gated, jonas, "withdraw");
    await cardWithout(gated, `Rejected by <@${jonas}>`);
    await click(gated, priya, "withdraw");
    await cardOf(gated, "waiting for approval, 0 of 2");
    expect(await logged(gated)).toEqual([
      `config.rejected slack:${jonas}`,
      `config.rejected slack:${priya}`,
      `config.withdrawn slack:${jonas}`,
      `config.withdrawn slack:${priya}`,
    ]);
  });
});
