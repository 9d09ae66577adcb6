import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { addressText, parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { captureLimits } from "../../src/integrations/redis/capture-limits.ts";
import { redisCaptureLock } from "../../src/integrations/redis/capture-lock.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { incidentStore } from "../../src/integrations/redis/incident-store.ts";
import { redisSendLocks } from "../../src/integrations/redis/send-locks.ts";
import { captureLockContract } from "../contracts/capture-lock.ts";
import { draftFor } from "../jobs/bot.ts";
import { freePorts } from "../loopback.ts";
import { answering, redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const never = new AbortController().signal;
const quiet = { onTrouble: () => {} };

function later(): number {
  return Date.now() + 1_000;
}

/** Path of a file of certificates/, which make.sh made. */
function file(name: string): string {
  return fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
}

describe("REDIS_URL", () => {
  test.each([
    ["redis://cache", "redis://cache:6379/0"],
    ["redis://:secret@cache:6380/3", "redis://cache:6380/3"],
    ["rediss://user:p%40ss@cache", "rediss://cache:6379/0"],
    ["redis://[::1]:6379", "redis://::1:6379/0"],
    ["unix:/run/redis.sock", "unix:/run/redis.sock"],
    ["unix:///run/redis.sock", "unix:/run/redis.sock"],
    ["redis-cluster://a:7000,b:7001", "redis-cluster://a:7000,b:7001"],
    ["rediss-sentinel://u:p@a,b:26380/shop/2", "rediss-sentinel://a:26379,b:26380/shop/2"],
  ])("%s is understood and shown without its secrets", (url, shown) => {
    expect(addressText(parseRedisUrl(url))).toBe(shown);
  });

  test("logs in with what the URL says, decoded", () => {
    expect(parseRedisUrl("rediss://user:p%40ss@cache")).toMatchObject({ username: "user", password: "p@ss" });
  });

  test.each([
    "",
    "cache:6379",
    "http://cache",
    "redis://a,b",
    "redis://cache/one",
    "redis-sentinel://a",
    "redis://:0",
  ])("%j is refused without being repeated", (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/REDIS_URL/);
    if (url !== "") expect(() => parseRedisUrl(`${url}?secret`)).toThrow(/^(?!.*secret).*$/);
  });
});

describe.skipIf(redisProgram === undefined)("Redis", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), quiet);
  });
  afterAll(async () => {
    await redis.close();
    await server.remove();
  });

  captureLockContract("Redis", async () => {
    await redis.client.flushall();
    return redisCaptureLock(redis.client);
  });

  test("a lock is kept alive while it is held, and told when it is lost", async () => {
    const lock = redisCaptureLock(redis.client, 900);
    const first = await lock.acquire("kept", Date.now() + 60_000, never);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await lock.acquire("kept", Date.now() + 60_000, never)).held).toBe(false);
    if (!first.held || first.lost === undefined) throw new Error("no lock");
    expect(first.lost.aborted).toBe(false);
    await redis.client.flushall();
    await once(first.lost, "abort");
    expect((await lock.acquire("kept", Date.now() + 60_000, never)).held).toBe(true);
    await first.release();
    expect((await lock.acquire("kept", Date.now() + 60_000, never)).held).toBe(false);
  });

  test("a lock that cannot be renewed is lost in time, also when the clock was set back", async () => {
    const first = await redisCaptureLock(redis.client, 300).acquire("kept back", Date.now() + 60_000, never);
    if (!first.held || first.lost === undefined) throw new Error("no lock");
    const hourAgo = Date.now() - 3_600_000;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => hourAgo);
    const away = vi.spyOn(redis.client, "eval").mockRejectedValue(new Error("Redis is away"));
    try {
      await once(first.lost, "abort");
    } finally {
      clock.mockRestore();
      away.mockRestore();
    }
    expect(String(first.lost.reason)).toContain("could not be renewed in time");
  });

  test("a lock is good from the question for it on, however late the answer comes", async () => {
    await redis.client.flushall();
    const given = redis.client.set.bind(redis.client);
    const slow = vi.spyOn(redis.client, "set").mockImplementation(async (...words: unknown[]) => {
      const answer = await Reflect.apply(given, undefined, words);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return answer;
    });
    const away = vi.spyOn(redis.client, "eval").mockRejectedValue(new Error("Redis is away"));
    try {
      const first = await redisCaptureLock(redis.client, 1_500).acquire("slow", Date.now() + 60_000, never);
      if (!first.held || first.lost === undefined) throw new Error("no lock");
      // Redis has forgotten it by now: somebody else may have it.
      expect(await redis.client.keys("*lock*")).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(first.lost.aborted).toBe(true);
    } finally {
      slow.mockRestore();
      away.mockRestore();
    }
  });

  describe("the lock of a message", () => {
    test("is one worker's at a time, and free once it is released", async () => {
      const [one, other] = [redisSendLocks(redis.client), redisSendLocks(redis.client)];
      const attempts = await Promise.all([one.acquire("gf-1", never), other.acquire("gf-1", never)]);
      const [held] = attempts.filter((lock) => lock !== undefined);
      expect(attempts.filter((lock) => lock === undefined)).toHaveLength(1);
      expect(await other.acquire("gf-2", never)).toBeDefined();
      await held?.release();
      expect(await other.acquire("gf-1", never)).toBeDefined();
      await held?.release();
      expect(await one.acquire("gf-1", never)).toBeUndefined();
    });

    test("is nobody's for as long as its holder says", async () => {
      const locks = redisSendLocks(redis.client);
      const held = await locks.acquire("rests", never);
      await held?.release(400);
      expect(await locks.acquire("rests", never)).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await locks.acquire("rests", never)).toBeDefined();
    });

    test("lets a call begin as long as the call is over before it, and not after its machine stood still", async () => {
      const held = await redisSendLocks(redis.client).acquire("stood still", never);
      expect(held?.mayBegin()).toBe(true);
      const jumps = { elapsed: 0, time: 0 };
      const monotonic = performance.now.bind(performance);
      const wall = Date.now.bind(Date);
      const clocks = [
        vi.spyOn(performance, "now").mockImplementation(() => monotonic() + jumps.elapsed),
        vi.spyOn(Date, "now").mockImplementation(() => wall() + jumps.time),
      ];
      try {
        jumps.elapsed = 9_000;
        expect(held?.mayBegin()).toBe(false);
        // A machine that slept: only one of the two clocks went on.
        Object.assign(jumps, { elapsed: 0, time: 9_000 });
        expect(held?.mayBegin()).toBe(false);
        Object.assign(jumps, { elapsed: 7_000, time: 7_000 });
        expect(held?.mayBegin()).toBe(true);
      } finally {
        for (const clock of clocks) clock.mockRestore();
      }
      expect(held?.mayBegin()).toBe(true);
      await held?.release();
      expect(held?.mayBegin()).toBe(false);
    });

    test("is renewed as long as its holder lives", async () => {
      const locks = redisSendLocks(redis.client, 900);
      const held = await locks.acquire("long", never);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect(held?.lost.aborted).toBe(false);
      expect(held?.mayBegin()).toBe(true);
      expect(await locks.acquire("long", never)).toBeUndefined();
      await held?.release();
    });
  });

  test("fifty changes at once are fifty versions, none of them lost", async () => {
    const incidents = incidentStore(redis.client, systemClock);
    const { incident } = await incidents.create(draftFor("order", "race"), never);
    await Promise.all(
      Array.from({ length: 50 }, () =>
        incidents.update(incident.id, (now) => ({ ...now, repeats: now.repeats + 1 }), never),
      ),
    );
    expect(await incidents.read(incident.id, never)).toMatchObject({ version: 51, repeats: 50 });
  });

  test("an incident is settled only as it was last seen, and unsettled by the next change", async () => {
    const incidents = incidentStore(redis.client, systemClock);
    const { incident } = await incidents.create(draftFor("order", "settle"), never);
    expect(await incidents.unsettled(later(), never)).toContain(incident.id);
    const changed = await incidents.update(incident.id, (now) => ({ ...now, repeats: 1 }), never);
    expect(await incidents.settle(incident.id, incident.version, never)).toBe(false);
    expect(await incidents.settle(incident.id, changed.version, never)).toBe(true);
    expect(await incidents.unsettled(later(), never)).not.toContain(incident.id);
    await incidents.update(incident.id, (now) => ({ ...now, repeats: 2 }), never);
    expect(await incidents.unsettled(later(), never)).toContain(incident.id);
  });

  test("recent incidents come newest first and by filter; an unknown one cannot be changed", async () => {
    await redis.client.flushall();
    let nowMs = 1_000_000_000_000;
    const clock = { ...systemClock, nowMs: () => (nowMs += 1_000) };
    const incidents = incidentStore(redis.client, clock);
    for (let at = 0; at < 120; at++)
      await incidents.create(draftFor(at % 2 === 0 ? "order" : "cart", `recent ${at}`), never);
    const found = await incidents.recent({ service: "cart", limit: 3 }, never);
    expect(found.map(({ origin }) => origin.intent)).toEqual(["recent 119", "recent 117", "recent 115"]);
    expect(await incidents.recent({ service: "nobody", limit: 3 }, never)).toEqual([]);
    const here = await incidents.recent({ channel: "C1", limit: 2 }, never);
    expect(here.map(({ origin }) => origin.intent)).toEqual(["recent 119", "recent 118"]);
    expect(await incidents.recent({ channel: "C2", limit: 2 }, never)).toEqual([]);
    const [newest, before] = found;
    await incidents.update(newest?.id ?? "", (now) => ({ ...now, state: "verdict" }), never);
    const open = await incidents.recent(
      { states: ["queued", "capturing"], service: "cart", limit: 2 },
      never,
    );
    expect(open.map(({ id }) => id)).toEqual([before?.id, found[2]?.id]);
    const judged = await incidents.recent({ states: ["verdict"], channel: "C1", limit: 9 }, never);
    expect(judged.map(({ id }) => id)).toEqual([newest?.id]);
    expect(await incidents.recent({ createdFromMs: nowMs, limit: 9 }, never)).toEqual([]);
    expect(await incidents.recent({ createdFromMs: newest?.createdAtMs ?? 0, limit: 9 }, never)).toHaveLength(
      1,
    );
    await expect(incidents.update("gf-0000", (now) => now, never)).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test.each([
    ["volatile-lru", "100mb", true],
    ["noeviction", "100mb", false],
    ["allkeys-lru", "0", false],
  ])("that evicts by %s when %s are full is told when it is opened: %s", async (policy, bound, isTold) => {
    const { client } = redis;
    await client.call("CONFIG", "SET", "maxmemory", bound, "maxmemory-policy", policy);
    const told: string[] = [];
    try {
      const again = await openRedis(parseRedisUrl(server.url), { onTrouble: (line) => told.push(line) });
      await again.close();
    } finally {
      await client.call("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction");
    }
    const line = expect.stringMatching(
      /forgets keys when its 100 MiB are full \(maxmemory-policy volatile-lru\)/,
    );
    expect(told).toEqual(isTold ? [line] : []);
  });

  test("caps hold over all who ask at once", async () => {
    const limits = captureLimits(redis.client, { overall: 5, perService: 2, cooldownMs: 0 });
    const asked = await Promise.all(
      ["a", "b", "c", "d"].flatMap((service) =>
        Array.from({ length: 10 }, async () => ({ service, entry: await limits.enter(service, never) })),
      ),
    );
    const entered = asked.filter(({ entry }) => entry.entered);
    expect(entered).toHaveLength(5);
    for (const name of ["a", "b", "c", "d"])
      expect(entered.filter(({ service }) => service === name).length).toBeLessThanOrEqual(2);
    for (const { entry } of entered) if (entry.entered) await entry.leave(true);
    expect((await limits.enter("a", never)).entered).toBe(true);
  });
});

describe.skipIf(redisProgram === undefined)("a Redis elsewhere", () => {
  const started: ChildProcess[] = [];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-redis-kinds-"));
  });
  afterAll(async () => {
    for (const child of started) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  function run(...words: string[]): void {
    started.push(spawn(redisProgram ?? "", words, { stdio: "ignore", cwd: folder }));
  }

  test("is found through its sentinels", async () => {
    const [port = 0, sentinel = 0] = await freePorts(2);
    run("--port", `${port}`, "--bind", "127.0.0.1", "--save", "");
    await answering({ port });
    const settings = join(folder, "sentinel.conf");
    await writeFile(
      settings,
      `port ${sentinel}\nbind 127.0.0.1\nsentinel monitor shop 127.0.0.1 ${port} 1\n`,
    );
    run(settings, "--sentinel");
    await answering({ port: sentinel });
    const redis = await openRedis(parseRedisUrl(`redis-sentinel://127.0.0.1:${sentinel}/shop`), quiet);
    const incidents = incidentStore(redis.client, systemClock);
    expect((await incidents.create(draftFor("order", "sentinel"), never)).isNew).toBe(true);
    expect(redis.server).toMatch(/^(?:Redis|Valkey) \d/);
    await redis.close();
  });

  test("speaks TLS with an authority of its own, and is refused without", async () => {
    const [port = 0] = await freePorts(1);
    const place = ["--port", "0", "--tls-port", `${port}`, "--bind", "127.0.0.1", "--save", ""];
    const own = ["--tls-cert-file", file("server.pem"), "--tls-key-file", file("server.key.pem")];
    const access = [
      "--tls-ca-cert-file",
      file("ca.pem"),
      "--tls-auth-clients",
      "no",
      "--requirepass",
      "secret",
    ];
    run(...place, ...own, ...access);
    const ca = readFileSync(file("ca.pem"), "utf8");
    const url = `rediss://:secret@127.0.0.1:${port}`;
    const redis = await openRedis(parseRedisUrl(url), { ...quiet, tls: { ca, serverName: "localhost" } });
    expect(await redis.client.ping()).toBe("PONG");
    await redis.close();
    await expect(openRedis(parseRedisUrl(url), quiet)).rejects.toMatchObject({ code: "unavailable" });
    const wrong = parseRedisUrl(`rediss://:wrong@127.0.0.1:${port}`);
    await expect(openRedis(wrong, { ...quiet, tls: { ca, serverName: "localhost" } })).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  test("that is not there is reported within seconds", async () => {
    await expect(openRedis(parseRedisUrl("redis://127.0.0.1:1"), quiet)).rejects.toThrow(
      /^There is no Redis to work with at redis:\/\/127\.0\.0\.1:1\/0/,
    );
  });
});
