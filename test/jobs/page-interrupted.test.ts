import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PageMessage, pageMessageOf } from "../../src/domain/alerts/page-message.ts";
import { defaultStormLimits } from "../../src/domain/alerts/storm.ts";
import { PortError } from "../../src/domain/errors.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type AlertStore, alertStore } from "../../src/integrations/redis/alert-store.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { heldPageStore } from "../../src/integrations/redis/held-page-store.ts";
import { incidentStore } from "../../src/integrations/redis/incident-store.ts";
import { mutesStore } from "../../src/integrations/redis/mutes.ts";
import { pageMessageStore } from "../../src/integrations/redis/page-message-store.ts";
import { stormStore } from "../../src/integrations/redis/storm-store.ts";
import { type PageJobPorts, page } from "../../src/jobs/page.ts";
import { pageMessage } from "../../src/jobs/page-message.ts";
import { type Intake, takeNotification } from "../../src/jobs/pages/intake.ts";
import type { JobOutcome, JobRun } from "../../src/ports/worker.ts";
import { fakeClock } from "../fakes/clock.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { testServices } from "./bot.ts";

const never = new AbortController().signal;
const run: JobRun = { signal: never, attempt: 1 };
const retries = { attempts: 1, backoffMs: 1 };
const died = new Error("SIGKILL");

function posted(ts: string, title = "ManyGoroutines (order)"): PageMessage {
  const message = pageMessageOf({ channel: "C7", ts, text: `[FIRING:1] ${title}`, attachments: [] });
  if (message === undefined) throw new Error("not recognised");
  return message;
}

/** The jobs on real stores, step by step: nobody else works on what is queued. */
describe.skipIf(redisProgram === undefined)("a page whose job is cut off, or comes late", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let alerts: AlertStore;
  let pageMessages: ReturnType<typeof pageMessageStore>;
  let clock: ReturnType<typeof fakeClock>;
  let ports: PageJobPorts;
  /** What the queue was asked for. */
  let asked: string[];
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
  });
  beforeEach(async () => {
    await redis.client.flushdb();
    clock = fakeClock(Date.now());
    asked = [];
    const settings = { retries, onTrouble: () => {} };
    alerts = alertStore(redis.client, clock, settings);
    pageMessages = pageMessageStore(redis.client, clock, settings);
    const storms = stormStore(redis.client, defaultStormLimits, settings);
    ports = {
      alerts,
      pageMessages,
      storms,
      incidents: incidentStore(redis.client, clock),
      mutes: mutesStore(redis.client, clock),
      heldPages: heldPageStore(redis.client),
      clock,
      paging: {
        channel: "C9",
        hearsMessages: true,
        services: () => Promise.resolve([{ name: "order", matches: [] }]),
      },
      services: testServices({}),
      queue: {
        enqueueCapture: async (id) => void asked.push(`capture ${id}`),
        publish: async (id) => void asked.push(`publish ${id}`),
        placeOf: () => Promise.resolve(undefined),
        workOf: () => Promise.resolve("absent"),
        forgetCapture: () => Promise.resolve(),
        enqueuePeer: () => Promise.resolve(),
        peerWorkOf: () => Promise.resolve("absent"),
        counts: () => Promise.resolve({ waiting: 0, delayed: 0, capturing: 0, limit: 1 }),
      },
    };
    return async () => {
      await Promise.all([alerts.close(), pageMessages.close(), storms.close()]);
    };
  });
  afterAll(async () => {
    await redis.close();
    await server.remove();
  });

  async function notify(body: ReturnType<typeof alertmanagerBody>): Promise<Intake> {
    return await takeNotification(Buffer.from(JSON.stringify(body)), alerts, never);
  }

  async function onlyGroup(): Promise<string> {
    const [name] = await redis.client.keys("{gofire}:alerts:group:*");
    return name?.split(":").at(-1) ?? "";
  }

  async function follow(changes: Partial<PageJobPorts> = {}): Promise<JobOutcome> {
    return await page.run({ groupId: await onlyGroup() }, { ...ports, ...changes }, run);
  }

  async function incidents(): Promise<readonly Incident[]> {
    return await ports.incidents.recent({ limit: 10 }, never);
  }

  const startsAt = new Date(Date.now() - 60_000).toISOString();
  const firing = alertmanagerBody({ alerts: 1, startsAt });

  test("that tells of a part of its alerts ends nothing that it does not tell of", async () => {
    const hearsMessages = { paging: { ...ports.paging, hearsMessages: false } };
    const both = alertmanagerBody({ alerts: 2, startsAt });
    const [here, there] = both.alerts;
    const resolved = { ...there, status: "resolved", endsAt: "2024-05-21T03:23:00Z" };
    await notify(both);
    await follow(hearsMessages);
    const parts = [
      { alerts: [], truncatedAlerts: 0 },
      { alerts: [], truncatedAlerts: 2 },
      { alerts: [resolved], truncatedAlerts: 1 },
      { alerts: [{ ...here, labels: { alertname: "Other" } }], truncatedAlerts: 1 },
    ];
    for (const part of parts) {
      await notify({ ...both, ...part } as typeof firing);
      await follow(hearsMessages);
      expect(await incidents()).toContainEqual(
        expect.objectContaining({ service: "order", state: "queued" }),
      );
      expect((await incidents()).filter(({ resolvedAtMs }) => resolvedAtMs !== undefined)).toEqual([]);
    }
    // Nothing is left out any more: what it does not tell of is over.
    const whole = { ...both, alerts: parts.at(-1)?.alerts ?? [], truncatedAlerts: 0 };
    expect(await notify(whole as typeof firing)).toMatchObject({ news: "changed" });
    await follow(hearsMessages);
    const ended = (await incidents()).filter(({ resolvedAtMs }) => resolvedAtMs !== undefined);
    expect(ended.map(({ service }) => service)).toEqual(["order"]);
  });

  test("is answered in the thread of its message, whoever gets to it", async () => {
    await pageMessages.receive(posted("1.1"), never);
    await notify(firing);
    const dying = { ...ports.incidents, create: () => Promise.reject(died) };
    await expect(follow({ incidents: dying })).rejects.toBe(died);
    await follow();
    expect(await incidents()).toMatchObject([{ service: "order", place: { channel: "C7", thread: "1.1" } }]);
  });

  test("that the full queue refused is left for the sweep when its card could not be asked for", async () => {
    const queue: PageJobPorts["queue"] = {
      ...ports.queue,
      enqueueCapture: () => Promise.reject(new PortError("rate-limited", "queue", "100 wait already")),
      publish: () => Promise.reject(died),
    };
    await notify(firing);
    clock.advance(5_000);
    await expect(follow({ queue })).rejects.toBe(died);
    const [incident] = await incidents();
    expect(incident).toMatchObject({ state: "failed", problem: "100 wait already" });
    clock.advance(20_000);
    expect(await ports.incidents.unsettled(clock.nowMs(), never)).toEqual([incident?.id]);
  });

  test("of no service says which labels are missing, and is not captured under the alert's name", async () => {
    await notify(alertmanagerBody({ alerts: 1, startsAt, service: "nobody" }));
    clock.advance(5_000);
    const dying = { ...ports.queue, publish: () => Promise.reject(died) };
    await expect(follow({ queue: dying })).rejects.toBe(died);
    // At no moment it looks like one that waits for a capture, which the sweep would take up.
    const [incident] = await incidents();
    expect(incident).toMatchObject({
      state: "failed",
      problem: expect.stringContaining("belongs to no service"),
      record: { entries: [{ kind: "state", state: "failed" }] },
    });
    expect(await ports.incidents.recent({ states: ["queued", "capturing"], limit: 10 }, never)).toEqual([]);
    await follow();
    expect(await incidents()).toHaveLength(1);
    clock.advance(20_000);
    expect(await ports.incidents.unsettled(clock.nowMs(), never)).toEqual([incident?.id]);
  });

  test("that ended, and fires again before its end was noted, is a new one", async () => {
    await notify(firing);
    clock.advance(5_000);
    await follow();
    await notify(alertmanagerBody({ alerts: 1, startsAt, status: "resolved" }));
    await expect(follow({ alerts: { ...alerts, closePage: () => Promise.reject(died) } })).rejects.toBe(died);
    await notify(alertmanagerBody({ alerts: 1, startsAt: new Date().toISOString() }));
    clock.advance(5_000);
    await follow();
    const found = await incidents();
    expect(found).toHaveLength(2);
    expect(found.filter(({ resolvedAtMs }) => resolvedAtMs === undefined)).toHaveLength(1);
  });

  test("that could not be worked on is worked on when the sender says it again", async () => {
    await notify(firing);
    expect(await notify(firing)).toMatchObject({ news: "repeat" });
    const broken = { ...ports.paging, services: () => Promise.reject(new Error("gofire.yaml is broken")) };
    clock.advance(5_000);
    await expect(follow({ paging: broken })).rejects.toThrow("gofire.yaml is broken");
    await page.gaveUp({ groupId: await onlyGroup() }, "gofire.yaml is broken", ports, never);
    expect(await notify(firing)).toMatchObject({ news: "changed" });
    clock.advance(5_000);
    await follow();
    expect(await incidents()).toMatchObject([{ service: "order", state: "queued" }]);
  });

  test("does not wait for a clock that is an hour ahead", async () => {
    clock.advance(3_600_000);
    await notify(firing);
    await pageMessages.receive(posted("2.1", "Slow (order)"), never);
    clock.advance(-3_600_000);
    expect(await follow()).toEqual({ kind: "done" });
    expect(await pageMessage.run({ channel: "C7", ts: "2.1" }, ports, run)).toEqual({ kind: "done" });
    expect(asked.filter((what) => what.startsWith("capture"))).toHaveLength(2);
  });

  test("is answered by its repeat when the first message came while the service was muted", async () => {
    const subject = { kind: "service", service: "order" } as const;
    const sinceMs = clock.nowMs();
    await ports.mutes.mute({ subject, userId: "U1", sinceMs, untilMs: sinceMs + 60_000 }, never);
    async function hear(ts: string): Promise<void> {
      await pageMessages.receive(posted(ts), never);
      clock.advance(6_000);
      expect(await pageMessage.run({ channel: "C7", ts }, ports, run)).toEqual({ kind: "done" });
    }
    await hear("1.1");
    expect(await incidents()).toEqual([]);
    await ports.mutes.unmute(subject, never);
    await hear("1.2");
    await hear("1.3");
    expect(await incidents()).toMatchObject([
      { service: "order", place: { channel: "C7", thread: "1.2" }, repeats: 1 },
    ]);
  });

  test("of a group that never stops changing does not wait for its message without end", async () => {
    for (let alerts = 1; alerts <= 3; alerts++) {
      await notify(alertmanagerBody({ alerts, startsAt }));
      expect(await follow()).toMatchObject({ kind: "later" });
      clock.advance(2_000);
    }
    expect(await follow()).toEqual({ kind: "done" });
    expect(await incidents()).toMatchObject([{ service: "order", place: { channel: "C9" } }]);
  });

  test("finds its message among hundreds of others, and not what is another group's", async () => {
    for (let at = 0; at < 600; at++)
      await pageMessages.receive(posted(`5.${at}`, `Other ${at} (order)`), never);
    await pageMessages.receive(posted("6.1", "MANYGOROUTINES"), never);
    await pageMessages.receive(posted("6.2", "ManyGoroutines"), never);
    await notify(firing);
    await notify(alertmanagerBody({ alerts: 1, startsAt, groupKey: "another" }));
    const groups = await redis.client.keys("{gofire}:alerts:group:*");
    for (const name of groups) await page.run({ groupId: name.split(":").at(-1) ?? "" }, ports, run);
    const threads = (await incidents()).map(({ place }) => place.thread);
    expect(new Set(threads)).toEqual(new Set(["6.1", "6.2"]));
  });
});
