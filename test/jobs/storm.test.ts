import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Incident } from "../../src/domain/incident.ts";
import type { StormLimits } from "../../src/domain/storm.ts";
import { takeNotification } from "../../src/jobs/intake.ts";
import type { Bot } from "../../src/main.ts";
import { fakeChat } from "../fakes/chat.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { sickTarget, startTestBot, type TestTarget, until } from "./bot.ts";

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

  async function begin(hearsMessages = false): Promise<void> {
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
});
