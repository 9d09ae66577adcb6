import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue } from "bullmq";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { AlertNotification } from "../../src/domain/alerts/alert.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type AlertStore, alertStore } from "../../src/integrations/redis/alert-store.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { rememberingIntake } from "../../src/jobs/pages/intake.ts";
import { parseAlertNotification } from "../../src/parsers/alerts/alert-notification.ts";
import { fakeClock } from "../fakes/clock.ts";
import { until } from "../jobs/bot.ts";
import { bundled } from "../jobs/bundled.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const never = new AbortController().signal;
const retries = { attempts: 1, backoffMs: 1 };

function bytesOf(group: string, startsAt = "2024-05-21T03:12:00Z"): Uint8Array {
  return Buffer.from(JSON.stringify(alertmanagerBody({ alerts: 3, groupKey: group, startsAt })));
}

function said(group: string, startsAt?: string): AlertNotification {
  const parsed = parseAlertNotification(bytesOf(group, startsAt));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
/** 0: no answer. */
async function post(url: string, group: string): Promise<number> {
  const headers = { authorization: "Bearer token" };
  return await fetch(url, { method: "POST", headers, body: bytesOf(group) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );
}

describe.skipIf(redisProgram === undefined)("alerts on real Redis", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let alerts: AlertStore;
  let queue: Queue<{ groupId: string }>;
  const clock = fakeClock();

  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
    queue = new Queue("page", { connection: redis.client, prefix: "{gofire}" });
    queue.on("error", () => {});
  });
  beforeEach(async () => {
    await redis.client.flushdb();
    alerts = alertStore(redis.client, clock, { retries, onTrouble: () => {} });
  });
  afterEach(async () => await alerts.close());
  afterAll(async () => {
    await queue.close();
    await redis.close();
    await server.remove();
  });

  /** Key of each group that was queued, sorted; one twice is there twice. */
  async function queued(): Promise<string[]> {
    const jobs = await queue.getJobs(["waiting"]);
    const groups = await Promise.all(jobs.map(({ data }) => alerts.read(data.groupId, never)));
    return groups.map((group) => group?.notification.groupKey ?? "a group that is not kept").toSorted();
  }
  /** After all that was taken over has been queued. */
  async function allQueued(): Promise<string[]> {
    await alerts.enqueueChanged(never);
    expect(await redis.client.xlen("{gofire}:alerts:unqueued")).toBe(0);
    return await queued();
  }
  async function onlyGroup() {
    const [name = ""] = await redis.client.keys("{gofire}:alerts:group:*");
    return await alerts.read(name.split(":").at(-1) ?? "", never);
  }

  async function newsOf(notification: AlertNotification): Promise<"changed" | "repeat"> {
    return (await alerts.receive(notification, never)).news;
  }

  test("what says the same of the same alerts is a repeat, whatever else differs; a change is none", async () => {
    const first = said("a");
    expect(await newsOf(first)).toBe("changed");
    expect(await newsOf(first)).toBe("repeat");
    // From another process, or the other Alertmanager of a pair: another object, other words, the same state.
    const other = { ...said("a"), commonAnnotations: { summary: "12409 goroutines" } };
    expect(await newsOf(other)).toBe("repeat");
    clock.advance(1_000);
    const atMs = clock.nowMs();
    expect(await newsOf(other)).toBe("repeat");
    expect(await onlyGroup()).toMatchObject({ repeats: 3, lastRepeatAtMs: atMs, notification: first });
    clock.advance(1_000);
    expect(await newsOf(said("a", "2024-05-21T04:00:00Z"))).toBe("changed");
    expect(await onlyGroup()).toMatchObject({
      repeats: 3,
      changedAtMs: clock.nowMs(),
      unansweredSinceMs: atMs - 1_000,
      notification: said("a", "2024-05-21T04:00:00Z"),
    });
    // Back to what it said before: news, although it was read long ago.
    expect(await newsOf(first)).toBe("changed");
    expect(await onlyGroup()).toMatchObject({ repeats: 3, notification: first });
    expect(await allQueued()).toEqual(["a"]);
  });

  test("of many at once each is counted once, and each group is queued once", async () => {
    const groups = Array.from({ length: 30 }, (_, at) => `group ${at}`);
    const take = rememberingIntake(alerts);
    const taken = await Promise.all(
      Array.from({ length: 20 }, () => groups)
        .flat()
        .map(async (group) => await take(bytesOf(group), never)),
    );
    expect(taken.filter((one) => one.kind === "taken" && one.news === "changed")).toHaveLength(30);
    expect(await allQueued()).toEqual(groups.toSorted());
    const repeated = await alerts.takeRepeated(100, never);
    expect(new Set(repeated).size).toBe(30);
    for (const id of repeated) expect(await alerts.read(id, never)).toMatchObject({ repeats: 19 });
    expect(await alerts.takeRepeated(100, never)).toEqual([]);
  });

  test("what is to be worked on again is no repeat, and a server that forgot everything is told everything", async () => {
    const first = said("a");
    await alerts.receive(first, never);
    expect(await allQueued()).toEqual(["a"]);
    await alerts.workAgain((await onlyGroup())?.id ?? "", never);
    expect(await newsOf(first)).toBe("changed");
    await allQueued();
    await redis.client.flushdb();
    await redis.client.script("FLUSH");
    expect(await newsOf(first)).toBe("changed");
    expect(await onlyGroup()).toMatchObject({ notification: first, repeats: 0 });
    expect(await allQueued()).toEqual(["a"]);
  });

  test("whatever two web processes and a worker do at once, each answer was a change or is counted, once", async () => {
    const sides = [alerts, alertStore(redis.client, clock, { retries, onTrouble: () => {} })] as const;
    const takes = sides.map((side) => rememberingIntake(side));
    const group = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.tuple(fc.constant("say"), group, fc.nat(1), fc.nat(1)) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom("again", "read", "take"), group, fc.nat(1), fc.nat(1)),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 40 }), async (steps) => {
        await redis.client.flushdb();
        /** By group key: how often "repeat" was answered, and the group's id. */
        const repeats = new Map<string, number>();
        const idOf = new Map<string, string>();
        const running: Promise<void>[] = [];
        for (const [[what, name, process, state], waits] of steps) {
          const id = idOf.get(name);
          const side = sides[process] ?? alerts;
          const act = async () => {
            if (what === "say") {
              const taken = await takes[process]?.(bytesOf(name, `2024-05-21T03:1${state}:00Z`), never);
              if (taken?.kind !== "taken") throw new Error("not taken");
              idOf.set(name, taken.said.groupId);
              if (taken.news === "repeat") repeats.set(name, (repeats.get(name) ?? 0) + 1);
            } else if (what === "take") await side.takeRepeated(1, never);
            else if (id !== undefined)
              await (what === "read" ? side.read(id, never) : side.workAgain(id, never));
          };
          running.push(act());
          if (waits) await Promise.all(running);
        }
        await Promise.all(running);
        for (const [name, id] of idOf) {
          expect((await alerts.read(id, never))?.repeats).toBe(repeats.get(name) ?? 0);
        }
      }),
      { numRuns: 60 },
    );
    await sides[1].close();
  });

  test("repeats that nobody asks for take no more room with time, and bring no forgotten group back", async () => {
    const take = rememberingIntake(alerts);
    for (const name of ["a", "b"]) await take(bytesOf(name), never);
    await Promise.all(["a", "b"].map(async (name) => await take(bytesOf(name), never)));
    const lost = (await redis.client.keys("{gofire}:alerts:group:*"))[0] ?? "";
    await redis.client.del(lost);
    // One after the other: as many round trips.
    const kept = (await alerts.receive(said("c"), never)).said;
    for (let at = 0; at < 1_000; at++) expect(await alerts.repeat(kept, never)).toBe(true);
    expect(await redis.client.llen("{gofire}:alerts:noted")).toBeLessThan(300);
    expect(await alerts.read(kept.groupId, never)).toMatchObject({ repeats: 1_000 });
    expect(await redis.client.llen("{gofire}:alerts:noted")).toBe(0);
    expect(await redis.client.exists(lost)).toBe(0);
    expect(await redis.client.pttl(`{gofire}:alerts:group:${kept.groupId}`)).toBeGreaterThan(6 * 86_400_000);
    expect(await alerts.takeRepeated(100, never)).toHaveLength(2);
  });

  test("is queued once when several workers look at the same time", async () => {
    const groups = Array.from({ length: 50 }, (_, at) => `group ${at}`);
    for (const group of groups) await alerts.receive(said(group), never);
    await Promise.all(Array.from({ length: 4 }, async () => await alerts.enqueueChanged(never)));
    expect(await allQueued()).toEqual(groups.toSorted());
  });

  describe("taken over by a process that is killed", () => {
    let folder: string;
    let program: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "gofire-alerts-"));
      program = join(folder, "alert-process.mjs");
      await bundled(new URL("alert-process.ts", import.meta.url), program);
    });
    afterAll(async () => await rm(folder, { recursive: true, force: true }));

    async function begin(step = ""): Promise<{ readonly child: ChildProcess; readonly url: string }> {
      const child = spawn(process.execPath, [program, server.url, step], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      onTestFinished(async () => {
        child.kill("SIGKILL");
        await ended(child);
      });
      if (child.stdout === null) throw new Error("no output");
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      return { child, url: line.toString().trim() };
    }

    test("when it has kept it, before the sender hears of it", async () => {
      const { child, url } = await begin("kept");
      expect(await post(url, "a")).toBe(0);
      await ended(child);
      // As the sender says it again.
      expect(await newsOf(said("a"))).toBe("repeat");
      expect(await allQueued()).toEqual(["a"]);
    });

    test.each(["read", "queued"])("when it is about to queue it, and has %s it", async (step) => {
      expect(await newsOf(said("a"))).toBe("changed");
      const { child } = await begin(step);
      await ended(child);
      expect(await queued()).toEqual(step === "read" ? [] : ["a"]);
      expect(await allQueued()).toEqual(["a"]);
    });

    test("at any time, and Redis with it: what was answered is kept and gets its job, once", async () => {
      const answered: string[] = [];
      let repeats = 0;
      for (let round = 0; round < 3; round++) {
        const { child, url } = await begin();
        const isRedisKilled = round === 1;
        const over = new AbortController();
        let next = 0;
        const senders = Array.from({ length: 8 }, async () => {
          while (!over.signal.aborted) {
            const group = `${round}/${next++}`;
            if ((await post(url, group)) === 200) answered.push(group);
            if ((await post(url, "said again")) === 200) repeats++;
          }
        });
        const enough = answered.length + 20 + 20 * round;
        await until(() => (answered.length >= enough ? true : undefined), "answers");
        if (isRedisKilled) await server.kill();
        child.kill("SIGKILL");
        await ended(child);
        over.abort();
        await Promise.all(senders);
        if (isRedisKilled) await server.start();
      }
      await until(() => (redis.client.status === "ready" ? true : undefined), "Redis again");
      const jobs = await allQueued();
      expect(new Set(jobs).size).toBe(jobs.length);
      expect(answered.filter((group) => !jobs.includes(group))).toEqual([]);
      const { said: again, news } = await alerts.receive(said("said again"), never);
      expect(news).toBe("repeat");
      // The first was none, this one is; what was counted and not answered may be more.
      expect((await alerts.read(again.groupId, never))?.repeats).toBeGreaterThanOrEqual(repeats);
    }, 90_000);
  });
});
