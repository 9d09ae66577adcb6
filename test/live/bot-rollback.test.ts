import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { gitHistory } from "../../src/integrations/git/history.ts";
import { gitWriter } from "../../src/integrations/git/writer.ts";
import type { ConfigWriter } from "../../src/ports/config-writer.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { type FakeAuditLog, fakeAuditLog } from "../fakes/audit-log.ts";
import { filesAt, type SharedRepository, sharedRepository } from "../integrations/git-repository.ts";
import { redisProgram, testRedis } from "../integrations/redis-server.ts";
import { recoveringTarget, until } from "../jobs/bot.ts";
import { heard, incidents, type LiveBot, liveBot, mira } from "./bot.ts";

const jonas = "U0JONAS002";
const guest = "U0GUEST004";
const minute = 60_000;
const order = "prod/order.yaml";
const payment = "prod/payment.yaml";
const tag = "v20240521-prod-redis-tune";
const text = (maxActive: number) => `redis:\n  max_active: ${maxActive}\n`;

interface World {
  readonly bot: LiveBot;
  readonly repository: SharedRepository;
  readonly log: FakeAuditLog;
  /** What the branch says of the pool. */
  pool(): string | undefined;
  type(userId: string, words: string, thread?: string): Promise<unknown>;
  click(userId: string, message: SlackMessage, actionId: string): Promise<unknown>;
}

/** A shop whose pool somebody has set to 0: the service is sick for as long as the branch says so. */
async function world(
  push: ConfigWriter["push"] = "branch",
  { heals = true, againAfterMs = 1_500 }: { readonly heals?: boolean; readonly againAfterMs?: number } = {},
): Promise<World> {
  const repository = sharedRepository();
  onTestFinished(() => repository.remove());
  const now = Date.now();
  const { clone, bare } = repository;
  clone.commit({ [order]: text(200), [payment]: text(100) }, { subject: "Begin", atMs: now - 900 * minute });
  clone.commit({ [order]: text(0), [payment]: text(0) }, { subject: "Tune redis", atMs: now - 14 * minute });
  clone.git(["tag", "--annotate", tag, "--message", "x"], { atMs: now - 14 * minute });
  clone.git(["push", "--quiet", "--tags", "origin", "HEAD:main"]);
  const pool = () => filesAt(repository, "main")?.[order];
  const target = await recoveringTarget(() => !heals || pool() !== text(200));
  onTestFinished(() => target.close());
  const state = await mkdtemp(join(tmpdir(), "gofire-copies-"));
  onTestFinished(() => rm(state, { recursive: true, force: true }));
  const place = { repository: bare, branch: "main" };
  const history = gitHistory(place, state);
  const writer = gitWriter({ ...place, push }, state);
  const files = {
    history,
    writer,
    paths: [order],
    verify: { firstAfterMs: 500, againAfterMs, withinMs: 60_000 },
  };
  const configs = {
    of: (service: string | undefined) => (service === "order" ? files : undefined),
    async close() {
      await Promise.all([history.close(), writer.close()]);
    },
  };
  onTestFinished(() => configs.close());
  const log = fakeAuditLog();
  const bot = await liveBot("socket", { order: target.url }, undefined, {}, { configs, auditLog: log });
  onTestFinished(() => bot.close());
  return {
    bot,
    repository,
    log,
    pool,
    type: async (userId, words, thread) => await bot.slack.people.type(userId, incidents, words, thread),
    click: async (userId, message, actionId) =>
      await bot.slack.people.click(userId, incidents, message.ts, { actionId }),
  };
}

/** The newest message that fits, once there is one. */
async function said({ bot }: World, words: RegExp, onlyFor?: string): Promise<SlackMessage> {
  return await until(
    () => bot.messages().findLast((one) => words.test(one.text) && one.onlyFor === onlyFor),
    () => `${words} to ${onlyFor ?? "all"}. ${heard(bot)}`,
  );
}

/**
 * Does it once, and waits for what comes of it however busy the machine is. Only who is told that it could not be taken for certain
 * does it again, as they are told. A refusal ends the wait: nothing else would come.
 */
async function once<Found>(
  shop: World,
  userId: string,
  act: () => Promise<unknown>,
  found: (since: readonly SlackMessage[]) => Found | undefined,
  what: string,
): Promise<Found> {
  const before = shop.bot.messages().length;
  let again = 0;
  await act();
  return await until(
    async () => {
      const since = shop.bot.messages().slice(before);
      const there = found(since);
      if (there !== undefined) return there;
      const told = since.filter(({ onlyFor }) => onlyFor === userId);
      const refusal = told.find(isRefusal);
      if (refusal !== undefined) throw new Error(`${userId} waits for ${what}, and is told: ${refusal.text}`);
      if (told.filter(isUntaken).length <= again) return undefined;
      again += 1;
      await act();
      return undefined;
    },
    () => `${what}. ${heard(shop.bot)}`,
  );
}

function isUntaken({ text: words }: SlackMessage): boolean {
  return /could not take this for certain/.test(words);
}

/** What is not done, to one person: neither a plan, nor word that gofire looks at it, nor that it goes on. */
function isRefusal(one: SlackMessage): boolean {
  if (isUntaken(one) || buttonsOf(one).length > 0) return false;
  const goesOn = /^(Looking at|Cancelling)|The card that asks a second person|is (agreed to|cancelled)\./;
  return !goesOn.test(one.text);
}

/** What the person alone is shown, with the button that asks. */
async function plan(shop: World, act: () => Promise<unknown>, userId = mira): Promise<SlackMessage> {
  const isPlan = (one: SlackMessage) => one.onlyFor === userId && buttonsOf(one).includes("rollback-ask");
  return await once(shop, userId, act, (since) => since.find(isPlan), "a plan with a button");
}

function buttonsOf(message: SlackMessage): readonly string[] {
  return [...JSON.stringify(message.blocks ?? []).matchAll(/"action_id":"([^"]+)"/g)].map(
    ([, id]) => id ?? "",
  );
}

/** The verdict's card, with a button for the change that it suspects. */
async function suspected(shop: World): Promise<SlackMessage> {
  await shop.type(mira, "/gofire snapshot order");
  return await until(
    () => shop.bot.messages().find((one) => buttonsOf(one).includes("rollback")),
    () => `a card that suspects a change. ${heard(shop.bot)}`,
  );
}

/** Up to the card that asks for a second person. */
async function asked(shop: World, from?: SlackMessage): Promise<SlackMessage> {
  const shown = await plan(
    shop,
    async () =>
      await (from === undefined
        ? shop.type(mira, "/gofire rollback order")
        : shop.click(mira, from, "rollback")),
  );
  const card = await once(
    shop,
    mira,
    () => shop.click(mira, shown, "rollback-ask"),
    (since) => since.find(({ text: words }) => /A second person has to agree/.test(words)),
    "a card that asks",
  );
  await said(shop, /The card that asks a second person comes into/, mira);
  return card;
}

/** The second person, up to the word that it counts. */
async function agreed(shop: World, card: SlackMessage, userId = jonas): Promise<void> {
  const counts = /^Rollback \S+ of order is agreed to\. It is in the audit log/;
  await once(
    shop,
    userId,
    () => shop.click(userId, card, "rollback-go"),
    (since) => since.find((one) => one.onlyFor === userId && counts.test(one.text)),
    "the second person's click",
  );
}

function acts({ log }: World): readonly string[] {
  return log.logged.map(({ event }) => `${event.type.replace("rollback.", "")} ${event.actor}`);
}

describe.skipIf(redisProgram === undefined)("two people roll configuration back", () => {
  test("from the verdict to the proof that it helped, each step in the log", async () => {
    const shop = await world();
    const verdict = await suspected(shop);
    const card = await asked(shop, verdict);
    expect(card.threadTs).toBe(verdict.ts);
    expect(card.text).toContain("redis.max_active 0 → 200 (prod/order.yaml)");
    expect(card.text).toContain("redis.max_active 0 → 100 (prod/payment.yaml)");
    expect(acts(shop)).toEqual([`requested slack:${mira}`]);
    expect(shop.pool()).toBe(text(0));

    // Neither who asked nor a guest can agree.
    await shop.click(mira, card, "rollback-go");
    await said(shop, /somebody else has to agree.*break-glass\) is not built/, mira);
    await shop.click(guest, card, "rollback-go");
    await said(shop, /Guests of the workspace cannot/, guest);
    expect(shop.pool()).toBe(text(0));

    await agreed(shop, card);
    await until(
      () => (/rolled back and verified/.test(card.text) ? true : undefined),
      () => `a verified card, not: ${card.text}`,
    );
    expect(shop.pool()).toBe(text(200));
    expect(card.text).toMatch(/gone: .*goroutine\/lock-holder\).*199 goroutines.*→ not found any more/);
    expect(card.text).toMatch(/Goroutines in all: [\d,]+ → [\d,]+/);
    expect(card.text).toContain("Which configuration the process has loaded is not known");
    expect(buttonsOf(card)).toEqual([]);
    const outcome = await said(shop, /^✅ order · rolled back and verified/);
    expect([outcome.threadTs, card.threadTs]).toEqual([verdict.ts, verdict.ts]);
    expect(acts(shop)).toEqual([
      `requested slack:${mira}`,
      `approved slack:${jonas}`,
      "pushed gofire",
      "verified gofire",
    ]);
    const [id] = /[0-9a-z]{8}/.exec(shop.log.logged[0]?.event.facts?.["rollback"]?.toString() ?? "") ?? [];
    const { clone, bare } = shop.repository;
    const message = clone.git([`--git-dir=${bare}`, "log", "-1", "--format=%an%n%B", "main"]);
    expect(message).toContain(`gofire\nRoll back ${tag} of order`);
    expect(message).toContain(`Asked for by Slack user ${mira}, agreed to by Slack user ${jonas}`);
    expect(message).toContain(`Gofire-Rollback: ${id}`);
    expect(shop.log.logged[2]?.event.subject).toMatchObject({
      service: "order",
      base: clone.git(["rev-parse", "HEAD"]).trim(),
      head: clone.git([`--git-dir=${bare}`, "rev-parse", "main"]).trim(),
    });
    expect(shop.bot.slack.problems()).toEqual([]);
  });

  test("what did not help is said loudly, and what to do", async () => {
    // One capture: where another one would be under way at the end, that is what is told of.
    const shop = await world("branch", { heals: false, againAfterMs: 60_000 });
    const card = await asked(shop, await suspected(shop));
    await agreed(shop, card);
    const outcome = await said(shop, /^🔴 order · rolled back, NOT verified/);
    expect(outcome.text).toMatch(/still there: .*goroutine\/lock-holder/);
    expect(outcome.text).toContain("/gofire snapshot order");
    expect(acts(shop).at(-1)).toBe("unverified gofire");
    expect(shop.bot.slack.problems()).toEqual([]);
  });

  test("what Redis loses while it is measured is named and closed by the bot that runs, and asked for anew", async () => {
    const redis = await testRedis();
    onTestFinished(() => redis.remove());
    vi.stubEnv("REDIS_URL", redis.url);
    onTestFinished(() => void vi.unstubAllEnvs());
    const shop = await world("branch", { heals: false, againAfterMs: 60_000 });
    const card = await asked(shop);
    await agreed(shop, card);
    await until(() => (acts(shop).includes("pushed gofire") ? true : undefined), "the push in the log");
    // Nobody can be at it any more.
    for (const { event } of shop.log.logged) Object.assign(event, { atMs: event.atMs - 60 * minute });
    const client = new Redis({ path: redis.socket });
    onTestFinished(() => client.disconnect());
    await client.flushall();
    const words = /rolled back in the repository, NOT verified/;
    const told = await until(
      () => shop.bot.messages().find((one) => one.threadTs === card.ts && words.test(one.text)),
      () => `word in the card's thread. ${heard(shop.bot)}`,
    );
    expect(told.text).toContain("/gofire snapshot order");
    expect(card.text).toMatch(words);
    expect(buttonsOf(card)).toEqual([]);
    await until(() => (acts(shop).at(-1) === "unverified gofire" ? true : undefined), "the end in the log");
    expect(acts(shop).at(-2)).toBe("pushed gofire");
    expect(shop.bot.lines.join("\n")).toContain(shop.log.logged[0]?.event.facts?.["rollback"]);
    // It goes on with what comes.
    await shop.type(mira, "/gofire snapshot order");
    await until(
      () => shop.bot.messages().find((one) => buttonsOf(one).includes("rollback")),
      "a verdict after that",
    );
  });

  test("beside the branch it is for people to merge", async () => {
    const shop = await world("proposal");
    // Where gofire may not write, nobody would hear of it.
    await shop.bot.slack.people.type(mira, "C0SECRT003", "/gofire rollback order");
    await until(
      () => shop.bot.messages("C0SECRT003").find(({ text: words }) => /gofire cannot write here/.test(words)),
      "word that it cannot come",
    );
    const card = await asked(shop);
    expect(card.threadTs).toBeUndefined();
    await agreed(shop, card);
    const outcome = await said(shop, /rollback proposed, not merged yet/);
    const [, branch = ""] = /the branch (gofire\/rollback-[0-9a-z]{8})/.exec(outcome.text) ?? [];
    expect(outcome.text).toContain("Merge it; then: /gofire snapshot order");
    expect(filesAt(shop.repository, branch)?.[order]).toBe(text(200));
    expect(shop.pool()).toBe(text(0));
    expect(acts(shop).at(-1)).toBe("pushed gofire");
    // Of the channel that it may not post in.
    const others = shop.bot.slack
      .problems()
      .filter((problem) => !/not_in_channel|channel_not_found/.test(problem));
    expect(others).toEqual([]);
  });

  test("a server that takes no such push is heard, and what to set instead", async () => {
    const shop = await world();
    const hook = join(shop.repository.bare, "hooks", "pre-receive");
    writeFileSync(hook, "#!/bin/sh\necho 'main is protected' >&2\nexit 1\n");
    chmodSync(hook, 0o755);
    const card = await asked(shop);
    await agreed(shop, card);
    const outcome = await said(shop, /^⚠️ order · NOT rolled back/);
    expect(outcome.text).toMatch(/main is protected.*rollback\.push: proposal/);
    expect(acts(shop).at(-1)).toBe("failed gofire");
    // It is over: another may be asked for.
    rmSync(hook);
    expect((await asked(shop)).ts).not.toBe(card.ts);
    expect(shop.bot.slack.problems()).toEqual([]);
  });

  test("what would be something else by now is not pushed, and the plan is told anew", async () => {
    const shop = await world();
    const card = await asked(shop);
    const { clone } = shop.repository;
    clone.commit({ [payment]: `${text(0)}more: 1\n` }, { subject: "More", atMs: Date.now() });
    clone.git(["push", "--quiet", "origin", "HEAD:main"]);
    await shop.click(jonas, card, "rollback-go");
    await said(shop, /^It changed since/, jonas);
    await until(
      () => (/so nothing was pushed/.test(card.text) ? true : undefined),
      () => `a withdrawn card, not: ${card.text}`,
    );
    expect(shop.pool()).toBe(text(0));
    expect(acts(shop)).toEqual([`requested slack:${mira}`, "failed gofire"]);
    expect(shop.bot.slack.problems()).toEqual([]);
  });

  test("without a log nothing is asked and nothing pushed; one at a time, and cancelled by anybody who may", async () => {
    const shop = await world();
    const card = await asked(shop);
    await shop.click(
      jonas,
      await plan(shop, () => shop.type(jonas, "/gofire rollback order"), jonas),
      "rollback-ask",
    );
    await said(shop, /One rollback of order at a time/, jonas);
    shop.log.failWith(new PortError("unavailable", "audit log", "the disk is full"));
    await shop.click(jonas, card, "rollback-go");
    await said(shop, /disk is full/, jonas);
    expect(shop.pool()).toBe(text(0));
    shop.log.failWith(undefined);
    await shop.click(mira, card, "rollback-cancel");
    await until(
      () => (/cancelled by/.test(JSON.stringify(card.blocks)) ? true : undefined),
      "a cancelled card",
    );
    expect(acts(shop)).toEqual([`requested slack:${mira}`, `failed slack:${mira}`]);
    shop.log.failWith(new PortError("unavailable", "audit log", "the disk is full"));
    await shop.click(mira, await plan(shop, () => shop.type(mira, "/gofire rollback order")), "rollback-ask");
    await said(shop, /The audit log cannot be written/, mira);
    expect(
      shop.bot.messages().filter(({ text: words }) => /A second person has to agree/.test(words)),
    ).toEqual([]);
    expect(shop.pool()).toBe(text(0));
    expect(shop.bot.slack.problems()).toEqual([]);
  });
});
