import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CaptureStep, Incident, IncidentDraft, PageFacts } from "../../src/domain/incidents/incident.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import { askForPeer } from "../../src/jobs/peers/peer-round.ts";
import type { Bot, BotSettings } from "../../src/main.ts";
import { card } from "../../src/render/slack/card.ts";
import { fakeChat } from "../fakes/chat.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import {
  draftFor,
  healthyTarget,
  settled,
  sickTarget,
  startTestBot,
  type TestTarget,
  testServices,
  until,
} from "./bot.ts";

const never = new AbortController().signal;

function paged(service: string, intent: string, page: Partial<PageFacts> = {}): IncidentDraft {
  const [named] = page.named ?? [];
  return {
    ...draftFor(service, intent),
    ...(named === undefined ? {} : { instance: named }),
    origin: { kind: "page", intent, page: { title: "ManyGoroutines", sinceMs: 0, ...page } },
  };
}

async function ended(bot: Bot, draft: IncidentDraft): Promise<Incident> {
  const { incident } = await beginIncident(draft, bot, never);
  return await settled(bot, incident.id);
}

function timesOf(steps: readonly CaptureStep[] = []): readonly number[] {
  return steps.flatMap(({ startedAtMs }) => startedAtMs ?? []);
}

describe.skipIf(redisProgram === undefined)("a peer of the process that is judged, on real Redis", () => {
  let redis: TestRedis;
  let artifacts: string;
  let sick: TestTarget;
  let healthy: TestTarget;
  let alsoSick: TestTarget;
  beforeAll(async () => {
    [redis, artifacts, sick, healthy, alsoSick] = await Promise.all([
      testRedis(),
      mkdtemp(join(tmpdir(), "gofire-artifacts-")),
      sickTarget(() => 5),
      healthyTarget(() => 5),
      sickTarget(() => 5),
    ]);
  });
  afterAll(async () => {
    for (const target of [sick, healthy, alsoSick]) target.close();
    await redis.remove();
    await rm(artifacts, { recursive: true, force: true });
  });

  function targets() {
    return {
      order: { "order-1": sick.url, "order-2": healthy.url, "order-3": alsoSick.url },
      trio: { "trio-1": sick.url, "trio-2": healthy.url, "trio-3": alsoSick.url },
      pair: { "pair-1": sick.url, "pair-2": alsoSick.url },
      lonely: { "lonely-1": sick.url, "lonely-2": "http://127.0.0.1:9" },
      single: { "single-1": sick.url },
    };
  }

  async function withBot(
    work: (bot: Bot, chat: ReturnType<typeof fakeChat>) => Promise<void>,
    settings: Partial<Pick<BotSettings, "caps">> = {},
  ): Promise<void> {
    const chat = fakeChat();
    for (const { asked } of [sick, healthy, alsoSick]) asked.length = 0;
    const bot = await startTestBot({ redis: redis.url, artifacts, targets: targets(), settings }, chat);
    try {
      await work(bot, chat);
    } finally {
      await bot.stop(5_000);
    }
  }

  test("of a page is captured after it, for a moment, and the card says that only the sick one shows it", async () => {
    await withBot(async (bot, chat) => {
      const incident = await ended(bot, paged("order", "page-1", { named: ["order-1"] }));
      expect(incident).toMatchObject({ state: "verdict", analysis: { verdict: "fail" } });
      expect(incident.peer).toMatchObject({
        state: "compared",
        instance: "order-2",
        comparison: { outcome: "only-here", here: "order-1", there: "order-2" },
      });
      // Three short questions, besides looking at the index in between; nothing that takes time or stops it.
      expect([...new Set(healthy.asked)].filter((question) => question !== "index")).toEqual([
        "goroutine?debug=0",
        "metrics",
        "heap?debug=0",
      ]);
      expect(healthy.asked.filter((question) => question === "goroutine?debug=0")).toHaveLength(1);
      expect(Math.min(...timesOf(incident.peer?.steps))).toBeGreaterThanOrEqual(
        Math.max(...timesOf(incident.steps)),
      );
      const { text } = card(incident);
      expect(text).toMatch(/Only order-1 shows this: 199 goroutines against 0 in order-2\./);
      const evidence = chat.messages.find(({ intent }) => intent === `${incident.id}/peer-1/evidence`);
      expect(evidence?.files.map(({ name }) => name)).toContainEqual(
        expect.stringMatching(/^pprof\.order\.order-2\.goroutine\.\d{8}-\d{6}\.pb\.gz$/),
      );
      expect(evidence?.place.thread).toBe(incident.card?.ref?.ts);
    });
  });

  test("that shows the same points to a shared cause; one that alerts name is none", async () => {
    await withBot(async (bot) => {
      const both = await ended(bot, paged("pair", "page-2"));
      expect(both.peer?.comparison).toMatchObject({ outcome: "both", there: "pair-2" });
      expect(card(both).text).toMatch(/pair-2 shows it, too: 199 goroutines against 199.*shared cause/);
      const named = await ended(bot, paged("trio", "page-3", { named: ["trio-1", "trio-2"] }));
      expect(named.peer?.instance).toBe("trio-3");
      const all = await ended(bot, paged("pair", "page-4", { named: ["pair-1", "pair-2"] }));
      expect(all).toMatchObject({
        state: "verdict",
        peer: { state: "not-compared", reason: "alerts are firing for every other process of pair" },
      });
    });
  });

  test("that cannot be reached costs the verdict nothing, and people may ask again", async () => {
    await withBot(async (bot, chat) => {
      const incident = await ended(bot, paged("lonely", "page-5"));
      expect(incident).toMatchObject({
        state: "verdict",
        analysis: { verdict: "fail" },
        peer: { state: "not-compared", reason: expect.stringMatching(/^lonely-2 could not be captured: /) },
      });
      expect(chat.messages.map(({ intent }) => intent)).toEqual([
        incident.id,
        `${incident.id}/findings`,
        `${incident.id}/evidence`,
      ]);
      const shown = JSON.stringify(card(incident).blocks);
      expect(shown).toContain("Not compared with another process: lonely-2 could not be captured");
      expect(shown).toContain('"compare-peer"');
      const services = testServices({ lonely: { "lonely-1": sick.url, "lonely-2": healthy.url } });
      await askForPeer(incident, { ...bot, services }, never);
      const again = await settled(bot, incident.id);
      expect(again.peer).toMatchObject({ state: "not-compared", round: 2 });
    });
  });

  test("of a capture that a person asked for waits until one asks for it, and is compared once", async () => {
    await withBot(async (bot, chat) => {
      const incident = await ended(bot, draftFor("order", "command-1"));
      expect(incident.peer).toMatchObject({ state: "possible" });
      expect(healthy.asked).toEqual([]);
      expect(JSON.stringify(card(incident).blocks)).toContain('"compare-peer"');
      const ports = { ...bot, services: testServices(targets()) };
      const asked = await Promise.all([1, 2, 3].map(() => askForPeer(incident, ports, never)));
      expect(asked.filter(({ isNew }) => isNew)).toHaveLength(1);
      const compared = await settled(bot, incident.id);
      expect(compared.peer).toMatchObject({ state: "compared", round: 1, byPerson: true });
      expect(healthy.asked.filter((question) => question === "goroutine?debug=0")).toHaveLength(1);
      expect(JSON.stringify(card(compared).blocks)).not.toContain('"compare-peer"');
      await expect(askForPeer(compared, ports, never)).rejects.toThrow(/is compared with order-2 already/);
      expect(chat.messages.filter(({ intent }) => intent.includes("/peer-"))).toHaveLength(1);
    });
  });

  test("is wanted by a wish, and told to be missing where there is none", async () => {
    await withBot(async (bot) => {
      const wished = await ended(bot, { ...draftFor("order", "wish-1"), wish: { peer: true } });
      expect(wished.peer).toMatchObject({ state: "compared", instance: "order-2" });
      const single = await ended(bot, { ...draftFor("single", "wish-2"), wish: { peer: true } });
      expect(single.peer).toMatchObject({
        state: "not-compared",
        reason: "no other process of single is known from gofire.yaml",
      });
      const unwanted = await ended(bot, { ...paged("pair", "page-7"), wish: { peer: false } });
      expect(unwanted.peer).toMatchObject({ state: "possible" });
      const page = await ended(bot, paged("single", "page-6"));
      expect(page.peer).toBeUndefined();
      await expect(askForPeer(page, { ...bot, services: testServices(targets()) }, never)).rejects.toThrow(
        /No other process of single is known/,
      );
    });
  });

  test("keeps the rules of captures: a place under the caps, and no process twice within the cooldown", async () => {
    await withBot(
      async (bot) => {
        const first = await ended(bot, draftFor("order", "command-2"));
        const ports = { ...bot, services: testServices(targets()) };
        await askForPeer(first, ports, never);
        expect((await settled(bot, first.id)).peer?.instance).toBe("order-2");
        // The next capture of the first process would take the second again.
        const second = await ended(bot, { ...draftFor("order", "command-3"), wish: { peer: true } });
        expect(second.peer?.instance).toBe("order-3");
      },
      { caps: { overall: 8, perService: 1, cooldownMs: 60_000 } },
    );
  });

  test("is taken up by the sweep when a worker died before it could be queued", async () => {
    await withBot(async (bot) => {
      const incident = await ended(bot, draftFor("order", "command-4"));
      await bot.incidents.update(
        incident.id,
        (now) => ({
          ...now,
          peer: { state: "waiting", round: 1, byPerson: true, runs: 0, steps: [] },
        }),
        never,
      );
      const compared = await until(
        async () => {
          const now = await bot.incidents.read(incident.id, never);
          return now?.peer?.state === "compared" ? now : undefined;
        },
        "the comparison",
        40_000,
      );
      expect(compared.peer?.instance).toBe("order-2");
    });
  }, 90_000);
});
