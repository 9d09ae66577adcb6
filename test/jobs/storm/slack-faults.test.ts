import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PortError } from "../../../src/domain/errors.ts";
import { parseRedisUrl } from "../../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../../src/integrations/redis/connection.ts";
import { incidentStore } from "../../../src/integrations/redis/incident-store.ts";
import { key } from "../../../src/integrations/redis/keys.ts";
import { stormStore } from "../../../src/integrations/redis/storm-store.ts";
import { type StormJobPorts, storm } from "../../../src/jobs/storm.ts";
import type { FaultEffect } from "../../../src/sandbox/slack/faults.ts";
import { fakeArtifacts } from "../../fakes/artifacts.ts";
import { redisProgram, type TestRedis, testRedis } from "../../integrations/redis-server.ts";
import { type SlackWorld, slackWorld } from "../../integrations/slack-world.ts";
import { plainCards } from "../bot.ts";

const never = new AbortController().signal;
const hourMs = 3_600_000;
const limits = { pages: 2, withinMs: hourMs, quietMs: hourMs };
const settings = { retries: { attempts: 1, backoffMs: 1 }, onTrouble: () => {} };

const effects: Readonly<Record<string, FaultEffect>> = {
  "is told to wait": { kind: "rate-limited", retryAfterS: 3 },
  "gets a 503 before anything happened": { kind: "status", status: 503, when: "before" },
  "gets a 503 after all was done": { kind: "status", status: 503, when: "after" },
  "loses its connection before anything happened": { kind: "reset", when: "before" },
  "loses its connection after all was done": { kind: "reset", when: "after" },
  "hears of an internal error after all was done": { kind: "error", error: "internal_error", when: "after" },
  "hears nothing any more after all was done": { kind: "hang", when: "after" },
};
const methods = ["chat.postMessage", "chat.update", "files.completeUploadExternal"] as const;

function unused(): never {
  throw new Error("not asked for in this test");
}

/** The job itself, on a real Redis, over the wire to a Slack that fails; time is the Slack's. */
describe.skipIf(redisProgram === undefined)("a digest that", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let folder: string;
  let world: SlackWorld;
  let storms: ReturnType<typeof stormStore>;
  let ports: StormJobPorts;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), settings);
    folder = await mkdtemp(join(tmpdir(), "gofire-storm-faults-"));
  });
  beforeEach(async () => {
    await redis.client.flushdb();
    world = await slackWorld();
    storms = stormStore(redis.client, limits, settings);
    const { chat, clock } = world;
    ports = {
      storms,
      chat,
      clock: {
        nowMs: () => clock.nowMs(),
        monotonicMs: () => clock.nowMs(),
        sleep: (ms) => Promise.resolve(clock.advance(ms)),
      },
      cards: plainCards,
      incidents: incidentStore(redis.client, {
        nowMs: () => clock.nowMs(),
        monotonicMs: unused,
        sleep: unused,
      }),
      artifacts: fakeArtifacts(folder),
      mutes: { list: () => Promise.resolve([]), mute: unused, unmute: unused },
      limits: { cooldowns: unused, cooling: unused, enter: unused, enterNode: unused, captured: unused },
      queue: {
        counts: unused,
        placeOf: unused,
        forgetCapture: unused,
        enqueueCapture: unused,
        enqueuePeer: unused,
        publish: unused,
        workOf: unused,
        peerWorkOf: unused,
      },
    };
  });
  afterEach(async () => {
    await storms.close();
    await world.close();
  });
  afterAll(async () => {
    await redis.close();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  });

  let count = 0;
  async function page(): Promise<string> {
    const intent = `page ${count++}`;
    const about = { service: "", title: "Slow", alerts: 1, sinceMs: 0 };
    await ports.incidents.create(
      {
        service: "Slow",
        wish: {},
        origin: { kind: "page", intent },
        place: { channel: world.channels.home },
        problem: "Slow belongs to no service.",
      },
      never,
    );
    return (await storms.join(world.channels.home, { intent, group: intent, ...about }, never))?.id ?? "";
  }

  /** As the queue does: again, later where it is told when, until the job has nothing left to do just now. */
  async function worked(stormId: string): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      try {
        const outcome = await storm.run({ stormId }, ports, { signal: never, attempt: 1 });
        if (outcome.kind === "done" || outcome.reason === "the storm goes on") return;
        world.clock.advance(outcome.delayMs);
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        world.clock.advance(error.retryAfterMs ?? 1_000);
      }
    }
    throw new Error("no end to it");
  }

  test.each(methods.flatMap((on) => Object.keys(effects).map((name) => [name, on] as const)))(
    "%s, at %s, stands there once and says the last word",
    async (name, on) => {
      const effect = effects[name];
      if (effect === undefined) throw new Error(name);
      await page();
      const id = await page();
      world.fault({ on, ...effect });
      await worked(id);
      await page();
      world.clock.advance(60_000);
      await worked(id);
      await redis.client.hset(key("storm", id), "lastPageAtMs", 1);
      world.clock.advance(60_000);
      await worked(id);
      const [shown, list, ...others] = world.shown(world.channels.home);
      expect(others).toEqual([]);
      expect(shown).toMatchObject({ text: `${id} · over · 3 pages` });
      expect(shown?.thread).toBeUndefined();
      expect(list).toMatchObject({ thread: shown?.ts, files: [{ name: `${id}.over.md` }] });
      expect(world.slack.traffic.exchanges.filter(({ fault }) => fault !== undefined)).toHaveLength(1);
      expect((await storms.read(id, never))?.replies.map(({ state }) => state)).toEqual(["posted"]);
    },
  );
});
