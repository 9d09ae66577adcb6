import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseTarget } from "../../src/capture/address.ts";
import { PortError } from "../../src/domain/errors.ts";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import { sweep } from "../../src/jobs/upkeep/sweep.ts";
import type { Bot } from "../../src/main.ts";
import { fakeChat } from "../fakes/chat.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { draftFor, settled, sickTarget, startTestBot, until } from "./bot.ts";

const never = new AbortController().signal;

describe.skipIf(redisProgram === undefined)("an incident on real Redis", () => {
  let redis: TestRedis;
  let artifacts: string;
  let target: Awaited<ReturnType<typeof sickTarget>>;
  beforeAll(async () => {
    [redis, artifacts, target] = await Promise.all([
      testRedis(),
      mkdtemp(join(tmpdir(), "gofire-artifacts-")),
      sickTarget(),
    ]);
  });
  afterAll(async () => {
    target.close();
    await redis.remove();
    await rm(artifacts, { recursive: true, force: true });
  });

  async function withBot(
    work: (bot: Bot, chat: ReturnType<typeof fakeChat>, troubles: string[]) => Promise<void>,
    settings = {},
  ): Promise<void> {
    const chat = fakeChat();
    const troubles: string[] = [];
    const targets = { order: target.url, kinds: target.url, gone: "http://127.0.0.1:9" };
    const bot = await startTestBot({ redis: redis.url, artifacts, targets, settings }, chat, (message) =>
      troubles.push(message),
    );
    try {
      await work(bot, chat, troubles);
    } finally {
      await bot.stop(5_000);
    }
  }

  test("goes from a request to a verdict in one edited card, with findings and evidence in its thread", async () => {
    await withBot(async (bot, chat, troubles) => {
      const { incident } = await beginIncident(draftFor("order", "t1"), bot, never);
      const end = await settled(bot, incident.id);
      expect(end.state).toBe("verdict");
      expect(end.analysis?.verdict).toBe("fail");
      expect(end.analysis?.findings[0]?.title).toMatch(/199 waiters/);
      expect(end.steps.some(({ kind, state }) => kind === "goroutine" && state === "ok")).toBe(true);
      expect(chat.messages.map(({ intent }) => intent)).toEqual([
        incident.id,
        `${incident.id}/findings`,
        `${incident.id}/evidence`,
      ]);
      const [card, findings, evidence] = chat.messages;
      expect(card?.body.text).toContain(`${incident.id} · verdict`);
      expect(findings?.place.thread).toBe(card?.ref.ts);
      expect(findings?.files[0]?.bytes).toBeGreaterThan(100);
      expect(evidence?.files.map(({ name }) => name)).toContainEqual(
        expect.stringMatching(/^pprof\.order\.[\w.-]+\.goroutine\.\d{8}-\d{6}\.pb\.gz$/),
      );
      // The scripted process' other profiles are no real ones, and its goroutine profile is of one moment.
      expect(
        troubles.filter((trouble) => !/\/bundle-1\/|the same capture as goroutine-1/.test(trouble)),
      ).toEqual([]);
    });
  });

  test("that wishes to know what is waited for has the process lend its rate, and gives it back", async () => {
    await withBot(async (bot) => {
      const lent = target.asked.filter((question) => question.startsWith("rates")).length;
      const { incident } = await beginIncident(
        { ...draftFor("order", "b1"), wish: { block: true } },
        bot,
        never,
      );
      const end = await settled(bot, incident.id);
      expect(target.asked.filter((question) => question.startsWith("rates")).slice(lent)).toEqual([
        'rates take {"blockRateNs":10000,"seconds":25}',
        "rates giveBack lease-1",
      ]);
      expect(end.steps.findLast(({ kind }) => kind === "block")?.reason).toMatch(
        /^[\d.]+ m?s at a rate of 10 µs$/,
      );
    });
  });

  test("the same request delivered twice is one incident and one card", async () => {
    await withBot(async (bot, chat) => {
      const begun = await Promise.all(
        Array.from({ length: 5 }, () => beginIncident(draftFor("order", "twice"), bot, never)),
      );
      expect(new Set(begun.map(({ incident }) => incident.id)).size).toBe(1);
      expect(begun.filter(({ isNew }) => isNew)).toHaveLength(1);
      const id = begun[0]?.incident.id ?? "";
      await settled(bot, id);
      expect(chat.messages.filter(({ intent }) => intent === id)).toHaveLength(1);
    });
  });

  test("a target that cannot be reached and a service that there is not end in words, not in retries", async () => {
    await withBot(async (bot, chat) => {
      const gone = await beginIncident(draftFor("gone", "g1"), bot, never);
      const unknown = await beginIncident(draftFor("nobody", "n1"), bot, never);
      expect(await settled(bot, gone.incident.id)).toMatchObject({ state: "failed", runs: 1 });
      expect(await settled(bot, unknown.incident.id)).toMatchObject({
        state: "failed",
        problem: 'There is no service "nobody".',
      });
      expect(chat.messages.map(({ body }) => body.text)).toContainEqual(
        expect.stringContaining("no service"),
      );
    });
  });

  test("a Redis that is full refuses in words and forgets nothing; with room again all goes on", async () => {
    const admin = new Redis(redis.socket);
    const room = (bytes: number) => admin.call("CONFIG", "SET", "maxmemory", `${bytes}`);
    await withBot(async (bot, chat) => {
      const { incident } = await beginIncident(draftFor("order", "before"), bot, never);
      await room(1);
      try {
        await expect(beginIncident(draftFor("order", "while full"), bot, never)).rejects.toMatchObject({
          code: "unavailable",
          message: expect.stringContaining("its memory is full (maxmemory), so it takes nothing new"),
        });
        expect(await bot.incidents.ofIntent("while full", never)).toBeUndefined();
      } finally {
        await room(0);
      }
      const { incident: after } = await beginIncident(draftFor("order", "after"), bot, never);
      for (const { id } of [incident, after]) {
        expect((await settled(bot, id)).state).toBe("verdict");
        expect(chat.messages.filter(({ intent }) => intent === id)).toHaveLength(1);
      }
    });
    admin.disconnect();
  });

  test("one capture per target at a time; those that wait are told, and all get their verdict", async () => {
    await withBot(async (bot, chat) => {
      const before = target.asked.filter((question) => question === "index").length;
      const begun = await Promise.all(
        Array.from({ length: 6 }, (_, at) => beginIncident(draftFor("order", `same-${at}`), bot, never)),
      );
      const ends = await Promise.all(begun.map(({ incident }) => settled(bot, incident.id)));
      expect(ends.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => "verdict"));
      const spans = ends
        .map(({ steps }) => steps.map(({ startedAtMs }) => startedAtMs ?? 0).filter((at) => at > 0))
        .map((times) => ({ from: Math.min(...times), to: Math.max(...times) }))
        .sort((a, b) => a.from - b.from);
      for (const [at, span] of spans.entries())
        expect(span.from).toBeGreaterThanOrEqual(spans[at - 1]?.to ?? 0);
      expect(target.asked.length).toBeGreaterThan(before);
      expect(new Set(chat.messages.map(({ intent }) => intent)).size).toBe(chat.messages.length);
    });
  });

  test("that was noted and not queued, because the process died in between, is taken up by the sweep", async () => {
    await withBot(async (bot, chat) => {
      const { incident } = await bot.incidents.create(draftFor("order", "died before the queue"), never);
      // Its own look comes ten seconds after the last change.
      const clock = { ...systemClock, nowMs: () => Date.now() + 60_000 };
      await Promise.all([1, 2, 3].map(() => sweep({ ...bot, clock }, never)));
      expect(await settled(bot, incident.id)).toMatchObject({ state: "verdict", runs: 1 });
      const again = await beginIncident(draftFor("order", "died before the queue"), bot, never);
      expect(again).toMatchObject({ isNew: false, incident: { id: incident.id } });
      expect(chat.messages.filter(({ intent }) => intent === incident.id)).toHaveLength(1);
    });
  });

  test("a capture from this machine's terminal is waited for", async () => {
    const nearLock = captureLock(join(artifacts, "locks"));
    // The person writes the target in another way than gofire.yaml.
    const typed = parseTarget(target.url.replace("127.0.0.1", "localhost")).address;
    const { name } = goTargets().open(typed, {});
    const terminal = await nearLock.acquire(name, Date.now() + 60_000, never);
    if (!terminal.held) throw new Error("no lock");
    await withBot(
      async (bot) => {
        const { incident } = await beginIncident(draftFor("order", "beside a terminal"), bot, never);
        const waits = await until(async () => {
          const now = await bot.incidents.read(incident.id, never);
          return now?.waitsFor === undefined ? undefined : now;
        }, "it waits");
        expect(waits).toMatchObject({ state: "queued", runs: 0 });
        expect(waits.waitsFor).toMatch(
          new RegExp(`^another capture of .* is running .*process ${process.pid} on`),
        );
        await terminal.release();
        expect(await settled(bot, incident.id)).toMatchObject({ state: "verdict", runs: 1 });
      },
      { nearLock },
    );
  });

  test("a chat that loses answers, limits and breaks shows everything once", async () => {
    await withBot(async (bot, chat) => {
      const seen = new Map<string, number>();
      chat.fault = (method, intent) => {
        const nth = (seen.get(`${method} ${intent}`) ?? 0) + 1;
        seen.set(`${method} ${intent}`, nth);
        if (nth === 1)
          return { when: "after", error: new PortError("unavailable", "chat", "connection reset") };
        if (nth === 2)
          return {
            when: "before",
            error: new PortError("rate-limited", "chat", "429", { retryAfterMs: 300 }),
          };
        if (nth === 3) return { when: "before", error: new PortError("timeout", "chat", "no answer") };
        return undefined;
      };
      const { incident } = await beginIncident(draftFor("order", "faults"), bot, never);
      const end = await settled(bot, incident.id);
      expect(end.state).toBe("verdict");
      expect(end.replies.map(({ state }) => state)).toEqual(["posted", "posted"]);
      const ofIt = chat.messages.filter(({ intent }) => intent.startsWith(incident.id));
      expect(ofIt).toHaveLength(3);
      expect(ofIt[0]?.body.text).toContain("verdict");
    });
  });

  test("a full queue refuses in words, and a page within the cooldown is told so", async () => {
    await withBot(
      async (bot) => {
        await expect(beginIncident(draftFor("order", "full"), bot, never)).rejects.toThrow(
          /captures are waiting/,
        );
      },
      { mostWaiting: 0 },
    );
    await withBot(
      async (bot) => {
        const first = await beginIncident(draftFor("order", "cool-1"), bot, never);
        expect((await settled(bot, first.incident.id)).state).toBe("verdict");
        const draft = draftFor("order", "cool-2");
        const page = await beginIncident({ ...draft, origin: { ...draft.origin, kind: "page" } }, bot, never);
        expect((await settled(bot, page.incident.id)).problem).toMatch(/alerts may ask again in/);
        const person = await beginIncident(draftFor("order", "cool-3"), bot, never);
        expect((await settled(bot, person.incident.id)).state).toBe("verdict");
      },
      { caps: { overall: 8, perService: 4, cooldownMs: 60_000 } },
    );
  });

  test("a page is captured without the kinds that are still too fresh, and says which and why", async () => {
    await withBot(
      async (bot) => {
        const first = await beginIncident(draftFor("kinds", "kinds-1"), bot, never);
        expect((await settled(bot, first.incident.id)).state).toBe("verdict");
        const draft = draftFor("kinds", "kinds-2");
        const page = await beginIncident({ ...draft, origin: { ...draft.origin, kind: "page" } }, bot, never);
        const { state, steps, problem } = await settled(bot, page.incident.id);
        expect([state, problem]).toEqual(["verdict", undefined]);
        const taken = steps.filter((step) => step.state === "ok").map(({ kind }) => kind);
        expect(taken).toContain("goroutine");
        expect(taken).not.toContain("heap");
        expect(steps.find(({ kind }) => kind === "heap")).toMatchObject({
          state: "skipped",
          reason: expect.stringMatching(
            new RegExp(`^captured .+ ago as ${first.incident.id}; alerts may ask again in`),
          ),
        });
        // It took no heap, so it puts nothing off for the next one.
        const third = await beginIncident(
          { ...draft, origin: { ...draft.origin, intent: "kinds-3", kind: "page" } },
          bot,
          never,
        );
        const again = (await settled(bot, third.incident.id)).steps.find(({ kind }) => kind === "heap");
        expect(again?.reason).toContain(first.incident.id);
      },
      { caps: { overall: 8, perService: 4, cooldownMs: 60_000, cooldownMsOf: { goroutine: 0 } } },
    );
  });

  test("captures on one node wait for each other, and the card says so", async () => {
    await withBot(
      async (bot) => {
        const begun = await Promise.all(
          ["node-1", "node-2"].map((intent) => beginIncident(draftFor("order", intent), bot, never)),
        );
        const ends = await Promise.all(begun.map(({ incident }) => settled(bot, incident.id)));
        expect(ends.map(({ state }) => state)).toEqual(["verdict", "verdict"]);
        const [one, other] = ends.map(({ steps }) => steps.map(({ startedAtMs = 0 }) => startedAtMs));
        const [firstEnd, secondStart] = [one ?? [], other ?? []]
          .toSorted((a, b) => Math.max(...a) - Math.max(...b))
          .map((times, at) => (at === 0 ? Math.max(...times) : Math.min(...times.filter((ms) => ms > 0))));
        expect(secondStart).toBeGreaterThanOrEqual(firstEnd ?? Number.POSITIVE_INFINITY);
      },
      { caps: { overall: 8, perService: 4, perNode: 1, cooldownMs: 0 } },
    );
  });
});
