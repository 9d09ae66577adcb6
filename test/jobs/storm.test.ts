import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answerChat } from "../../src/commands/chat/dispatch.ts";
import { pageMessageOf } from "../../src/domain/alerts/page-message.ts";
import type { StormLimits } from "../../src/domain/alerts/storm.ts";
import type { MessageRef } from "../../src/domain/chat/message.ts";
import { PortError } from "../../src/domain/errors.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { storedAnalyses } from "../../src/jobs/incidents/analyses.ts";
import { takeNotification } from "../../src/jobs/pages/intake.ts";
import type { Bot } from "../../src/main.ts";
import { chatReplyBody } from "../../src/render/slack/chat-reply.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { fakeChat } from "../fakes/chat.ts";
import { fakePeople } from "../fakes/people.ts";
import { fakeRooms } from "../fakes/rooms.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { sickTarget, startTestBot, type TestTarget, testServices, until } from "./bot.ts";

const never = new AbortController().signal;
const services = ["order", "payment", "stock"];
const storm: StormLimits = { pages: 5, withinMs: 60_000, quietMs: 3_000 };

function isJudged({ analysis }: Incident): boolean {
  return analysis !== undefined;
}

describe.skipIf(redisProgram === undefined)("many pages in a short time, on real Redis", () => {
  let redis: TestRedis;
  let artifacts: string;
  let target: TestTarget;
  let chat: ReturnType<typeof fakeChat>;
  let bot: Bot;
  beforeEach(async () => {
    [redis, artifacts, target] = await Promise.all([
      testRedis(),
      mkdtemp(join(tmpdir(), "gofire-storm-")),
      sickTarget(),
    ]);
    chat = fakeChat();
  });
  afterEach(async () => {
    await bot.stop(5_000);
    target.close();
    await redis.remove();
    await rm(artifacts, { recursive: true, force: true });
  });

  async function begin({ hearsMessages = false, shadow = false } = {}): Promise<void> {
    bot = await startTestBot(
      {
        redis: redis.url,
        artifacts,
        targets: Object.fromEntries(services.map((name) => [name, target.url])),
        settings: {
          caps: { overall: 8, perService: 4, cooldownMs: 600_000 },
          paging: {
            channel: "C9",
            hearsMessages,
            shadow,
            storm,
            services: () =>
              Promise.resolve(services.map((name) => ({ name, matches: [], instances: [target.url] }))),
          },
        },
      },
      chat,
    );
  }

  async function notify(
    group: number,
    {
      status = "firing",
      service = services[group % services.length] ?? "",
    }: { status?: "firing" | "resolved"; service?: string } = {},
  ): Promise<void> {
    const body = alertmanagerBody({
      alerts: 3,
      groupKey: `group ${group}`,
      service,
      status,
      startsAt: new Date(1_716_261_000_000 + group).toISOString(),
    });
    await takeNotification(Buffer.from(JSON.stringify(body)), bot.alerts, never);
  }

  async function incidents(): Promise<readonly Incident[]> {
    return await bot.incidents.recent({ limit: 200 }, never);
  }

  const digests = () => chat.messages.filter(({ intent }) => /^storm-\w+$/.test(intent));

  test("get one digest that tells its end; one capture a service, each verdict in the digest's thread", async () => {
    await begin();
    const all = 60;
    for (let group = 0; group < storm.pages - 1; group++) await notify(group);
    await until(async () => ((await incidents()).length === storm.pages - 1 ? true : undefined), "the first");
    for (let group = storm.pages - 1; group < all; group++) await notify(group);
    const over = await until(
      () => digests().find(({ body }) => / over · 60 pages/.test(body.text)),
      "the end",
    );
    expect(digests()).toHaveLength(1);
    expect(over.place).toEqual({ channel: "C9" });
    // A storm may be over before the last of its captures is.
    const begun = await until(async () => {
      const found = await incidents();
      const judged = new Set(found.filter(isJudged).map(({ service }) => service));
      return judged.size === services.length ? found : undefined;
    }, "a verdict for each service");
    expect(begun).toHaveLength(all);
    const stormed = begun.filter((incident) => incident.storm !== undefined);
    expect(stormed).toHaveLength(all - storm.pages + 1);
    // Those before had their cards; of the others only what was captured has one, in the digest's thread.
    const cards = chat.messages.filter(({ intent }) => begun.some(({ id }) => id === intent));
    expect(cards.filter(({ place }) => place.thread === undefined)).toHaveLength(storm.pages - 1);
    expect(over.reactions.size).toBe(0);
    for (const incident of stormed.filter(({ analysis }) => analysis === undefined)) {
      expect(incident).toMatchObject({ state: "failed", problem: expect.stringMatching(/^One capture of/) });
    }
    // The last list accounts for every group.
    const list = await until(() => chat.messages.find(({ intent }) => intent.endsWith("/over")), "the list");
    expect(list.place).toEqual({ channel: "C9", thread: over.ref.ts });
    expect(list.files).toHaveLength(1);
  });

  test("that stand in the chat themselves get no flood of marks and cards: as many as there are captures", async () => {
    await begin({ hearsMessages: true });
    const all = 30;
    const pages: MessageRef[] = [];
    for (let at = 0; at < all; at++) {
      const text = `[FIRING:1] Slow ${at} (${services[at % services.length]})`;
      const ref = await chat.post({ channel: "C7" }, { text }, { intent: `page ${at}` }, never);
      const message = pageMessageOf({ ...ref, text, attachments: [] });
      if (message === undefined) throw new Error("not recognised");
      pages.push(ref);
      await bot.pageMessages.receive(message, never);
    }
    const over = await until(
      () => digests().find(({ body }) => / over · 30 pages/.test(body.text)),
      "the end",
    );
    expect(digests()).toHaveLength(1);
    expect(over.place).toEqual({ channel: "C7" });
    const begun = await until(async () => {
      const found = await incidents();
      const isDone = new Set(found.filter(isJudged).map(({ service }) => service)).size === services.length;
      return isDone && found.length === all ? found : undefined;
    }, "an incident for each page, a verdict for each service");
    // People ask in the thread of a page, and it is that page's incident that answers.
    expect(new Set(begun.map(({ place }) => place.thread))).toEqual(new Set(pages.map(({ ts }) => ts)));
    const most = storm.pages - 1 + services.length;
    const cards = chat.messages.filter(({ intent }) => begun.some(({ id }) => id === intent));
    expect(cards.length).toBeLessThanOrEqual(most);
    expect(cards.every(({ place }) => place.thread !== undefined)).toBe(true);
    expect(chat.messages.filter(({ reactions }) => reactions.size > 0).length).toBeLessThanOrEqual(most);
  });

  test("in shadow say nothing at all, and status shows what would have been", async () => {
    await begin({ shadow: true });
    const all = 12;
    for (let group = 0; group < all; group++) await notify(group);
    const begun = await until(async () => {
      const found = await incidents();
      const open = await bot.incidents.unsettled(Date.now() + 3_600_000, never);
      return found.length === all && open.length === 0 ? found : undefined;
    }, "all of it to be over");
    expect(new Set(begun.filter(isJudged).map(({ service }) => service))).toEqual(new Set(services));
    expect(begun.every(({ shadow, card, storm: of }) => shadow === true && !card && !of)).toBe(true);
    expect(chat.messages).toEqual([]);
    const stored = fakeArtifacts(artifacts);
    const status = await answerChat(
      { intent: "T1", kind: "command", userId: "U1", place: { channel: "C9" }, words: "status" },
      {
        ...bot,
        services: testServices({}),
        analyses: storedAnalyses(stored),
        people: fakePeople({ U1: "member" }),
        rooms: fakeRooms(),
        chat,
        access: { rights: {}, givenBy: { users: [], groups: [], channels: [] } },
        clock: systemClock,
        version: "0.1.0",
      },
      never,
    );
    if (status.kind !== "status") throw new Error(`not answered: ${status.kind}`);
    const { shadowed, last, storms } = status;
    expect({ last, storms }).toEqual({ last: [], storms: [] });
    expect(shadowed).toHaveLength(10);
    const { text } = chatReplyBody(status);
    expect(text).toContain("In shadow, nothing of these was posted:");
    for (const { id } of shadowed) expect(text).toContain(id);
  });

  test("lose nothing and tell nothing twice when workers end at any moment and the chat's answers are lost", async () => {
    await begin();
    const all = 60;
    const lost = new Set<string>();
    chat.fault = (method, intent) => {
      if (method === "edit" || !intent.startsWith("storm-") || lost.has(intent)) return undefined;
      lost.add(intent);
      return { when: "after", error: new PortError("timeout", "chat", "no answer") };
    };
    for (let group = 0; group < all; group++) {
      await notify(group);
      if (group % 12 !== 11) continue;
      await bot.stop(0);
      await begin();
    }
    await until(() => digests().find(({ body }) => / over · 60 pages/.test(body.text)), "the end", 90_000);
    await until(() => chat.messages.find(({ intent }) => intent.endsWith("/over")), "the list", 90_000);
    expect(digests()).toHaveLength(1);
    expect(await incidents()).toHaveLength(all);
    expect(lost.size).toBeGreaterThan(1);
    const intents = chat.messages.map(({ intent }) => intent);
    expect(intents.filter((intent, at) => intents.indexOf(intent) !== at)).toEqual([]);
  }, 120_000);
});
