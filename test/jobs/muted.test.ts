import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Mute, MuteSubject } from "../../src/domain/alerts/mute.ts";
import type { Analysis } from "../../src/domain/findings/finding.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import { takeNotification } from "../../src/jobs/pages/intake.ts";
import { isServiceMuted, mutedRules, withMuted } from "../../src/jobs/pages/muted.ts";
import type { Bot } from "../../src/main.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { fakeChat } from "../fakes/chat.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { draftFor, settled, sickTarget, startTestBot, until } from "./bot.ts";

const never = new AbortController().signal;
const pile = "goroutine/mutex-pileup";

function muteOf(subject: MuteSubject, untilMs = Date.UTC(2026, 10, 24, 10), reason?: string): Mute {
  return { subject, userId: "U1", sinceMs: 0, untilMs, ...(reason === undefined ? {} : { reason }) };
}

describe("what is muted", () => {
  test("is a service for alerts about it, and nothing else of it", () => {
    const mutes = [
      muteOf({ kind: "service", service: "order" }),
      muteOf({ kind: "rule", rule: pile, service: "cart" }),
    ];
    expect(isServiceMuted(mutes, "order")).toBe(true);
    expect(isServiceMuted(mutes, "cart")).toBe(false);
    expect(mutedRules(mutes, "order").size).toBe(0);
    expect([...mutedRules(mutes, "cart").keys()]).toEqual([pile]);
  });

  test("is a rule until the last of its mutes ends, with an entry among the checks", () => {
    const mutes = [
      muteOf({ kind: "rule", rule: pile }, Date.UTC(2026, 10, 24, 12, 30), "load test"),
      muteOf({ kind: "rule", rule: pile, service: "order" }),
    ];
    const judgement = { verdict: "pass", findings: [], checks: [{ rule: "a/b", state: "pass" }] } as const;
    expect(withMuted(judgement, mutedRules(mutes, "order"))).toEqual({
      ...judgement,
      checks: [
        { rule: "a/b", state: "pass" },
        { rule: pile, state: "skipped", reason: "muted until 2026-11-24 12:30 UTC: load test" },
      ],
    });
    expect(withMuted(judgement, new Map())).toBe(judgement);
  });
});

describe.skipIf(redisProgram === undefined)("mutes in the bot", () => {
  let redis: TestRedis;
  let folder: string;
  let target: Awaited<ReturnType<typeof sickTarget>>;
  let bot: Bot;
  beforeAll(async () => {
    redis = await testRedis();
    folder = await mkdtemp(join(tmpdir(), "gofire-muted-"));
    target = await sickTarget();
    bot = await startTestBot(
      {
        redis: redis.url,
        artifacts: folder,
        targets: { order: target.url },
        settings: {
          paging: {
            channel: "C9",
            hearsMessages: false,
            services: () => Promise.resolve([{ name: "order", matches: [] }]),
          },
        },
      },
      fakeChat(),
    );
  });
  afterAll(async () => {
    await bot.stop(5_000);
    target.close();
    await redis.remove();
    await rm(folder, { recursive: true, force: true });
  });

  test("a muted rule says nothing and is named among the checks", async () => {
    await bot.mutes.mute(muteOf({ kind: "rule", rule: pile, service: "order" }, Date.now() + 600_000), never);
    const { incident } = await beginIncident(draftFor("order", "muted rule"), bot, never);
    const { analysis } = await settled(bot, incident.id);
    expect(analysis?.findings.map(({ rule }) => rule)).not.toContain(pile);
    const chunks: Uint8Array[] = [];
    for await (const chunk of fakeArtifacts(folder).get(analysis?.document ?? "", never)) chunks.push(chunk);
    const { checks } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Analysis;
    expect(checks.find(({ rule }) => rule === pile)).toMatchObject({
      state: "skipped",
      reason: expect.stringMatching(/^muted until \d{4}-\d\d-\d\d \d\d:\d\d UTC$/),
    });

    await bot.mutes.unmute({ kind: "rule", rule: pile, service: "order" }, never);
    const again = await beginIncident(draftFor("order", "heard again"), bot, never);
    const heard = await settled(bot, again.incident.id);
    expect(heard.analysis?.findings.map(({ rule }) => rule)).toContain(pile);
  });

  test("a page of a muted service begins nothing until the mute ends; people still may", async () => {
    await bot.mutes.mute(muteOf({ kind: "service", service: "order" }, Date.now() + 600_000), never);
    const body = alertmanagerBody({ alerts: 1, startsAt: new Date().toISOString() });
    await takeNotification(Buffer.from(JSON.stringify(body)), bot.alerts, never);
    await until(
      async () => ((await bot.heldPages.services(never)).includes("order") ? true : undefined),
      "the page to be held",
    );
    expect(await pages()).toEqual([]);
    const { incident } = await beginIncident(draftFor("order", "a person"), bot, never);
    expect((await settled(bot, incident.id)).state).toBe("verdict");
    expect(await pages()).toEqual([]);

    // Nobody says it again: it fires still, and is answered now.
    await bot.mutes.unmute({ kind: "service", service: "order" }, never);
    const answered = await until(async () => (await pages())[0], "the page to be answered");
    expect(answered).toMatchObject({ service: "order", place: { channel: "C9" } });
    await until(
      async () => ((await bot.heldPages.services(never)).length === 0 ? true : undefined),
      "nothing to be held any more",
    );
    expect(await pages()).toHaveLength(1);
  });

  async function pages(): Promise<readonly Incident[]> {
    const recent = await bot.incidents.recent({ limit: 50 }, never);
    return recent.filter(({ origin }) => origin.kind === "page");
  }
});
