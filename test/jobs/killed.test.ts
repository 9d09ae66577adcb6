import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import type { Peer } from "../../src/domain/incidents/peer.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import type { Bot } from "../../src/main.ts";
import { type RedisGate, redisGate } from "../integrations/redis-gate.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { draftFor, healthyTarget, settled, sickTarget, startTestBot, type TestTarget, until } from "./bot.ts";
import { bundled } from "./bundled.ts";
import { chatServer } from "./chat-server.ts";
import { freed, patientTimes } from "./dead-worker.ts";

const never = new AbortController().signal;

/** Where a worker is when it is killed: the first moment at which the incident or the chat looks like this. */
type Moment = (incident: Incident, told: ReadonlySet<string>, id: string) => boolean;
const moments: Readonly<Record<string, Moment>> = {
  "before it has begun": () => true,
  "while the card is posted": (_incident, told, id) => told.has(`post ${id}`),
  "while it takes the target": ({ state }) => state === "capturing",
  "in the middle of the capture": ({ steps }) => steps.some(({ state }) => state === "ok"),
  "between capture and analysis": ({ bundle }) => bundle !== undefined,
  "once judged": ({ state }) => state === "verdict",
  "while the findings are uploaded": (_incident, told, id) => told.has(`upload ${id}/findings`),
  "while the evidence is uploaded": (_incident, told, id) => told.has(`upload ${id}/evidence`),
};

const peerMoments: Readonly<Record<string, (peer: Peer) => boolean>> = {
  "as soon as it is wanted": () => true,
  "in the middle of the capture": ({ steps }) => steps.some(({ state }) => state === "ok"),
  "between capture and comparison": ({ bundle }) => bundle !== undefined,
};

describe.skipIf(redisProgram === undefined)("a worker that is killed", () => {
  let folder: string;
  let program: string;
  let redis: TestRedis;
  let target: TestTarget;
  let healthy: TestTarget;
  let chat: Awaited<ReturnType<typeof chatServer>>;
  let web: Bot;
  let gate: RedisGate;
  const told = new Set<string>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-killed-"));
    program = join(folder, "worker.mjs");
    [redis, target, healthy, chat] = await Promise.all([
      testRedis(),
      sickTarget(() => 40),
      healthyTarget(() => 40),
      chatServer(),
      bundled(new URL("worker-process.ts", import.meta.url), program),
    ]);
    gate = await redisGate(redis.socket);
    chat.chat.fault = (method, intent) => {
      told.add(`${method} ${intent}`);
      return undefined;
    };
    web = await startTestBot({ ...settings(), settings: { role: "web" } }, chat.chat);
  }, 120_000);
  afterAll(async () => {
    await web.stop(1_000);
    target.close();
    healthy.close();
    chat.close();
    await gate.close();
    await redis.remove();
    await rm(folder, { recursive: true, force: true });
  });

  function settings() {
    return {
      redis: redis.url,
      artifacts: join(folder, "artifacts"),
      targets: { order: target.url, pair: { "pair-1": target.url, "pair-2": healthy.url } },
      settings: { workerTimes: patientTimes },
    };
  }
  async function killed(child: ChildProcess): Promise<void> {
    await ended(child, "SIGKILL");
    await freed(redis.socket);
  }
  async function worker(redisUrl = redis.url): Promise<ChildProcess> {
    const words = [program, JSON.stringify({ ...settings(), chat: chat.url, redis: redisUrl })];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
    if (child.stdout !== null) await once(child.stdout, "data");
    return child;
  }
  function messagesOf(id: string): string[] {
    return chat.chat.messages.map(({ intent }) => intent).filter((intent) => intent.startsWith(id));
  }
  function whole(id: string): void {
    expect(messagesOf(id)).toEqual([id, `${id}/findings`, `${id}/evidence`]);
    expect(chat.chat.messages.find(({ intent }) => intent === id)?.body.text).toContain(`${id} · verdict`);
  }

  test.each(Object.keys(moments))(
    "%s loses no card and says nothing twice",
    async (when) => {
      const first = await worker();
      const { incident } = await beginIncident(draftFor("order", when), web, never);
      const { id } = incident;
      await until(async () => {
        const now = await web.incidents.read(id, never);
        return now !== undefined && moments[when]?.(now, told, id) === true ? now : undefined;
      }, when);
      await killed(first);
      const second = await worker();
      try {
        expect((await settled(web, id)).state).toBe("verdict");
        whole(id);
      } finally {
        await killed(second);
      }
    },
    90_000,
  );

  test.each(Object.keys(peerMoments))(
    "%s, of a page's peer loses no comparison and says nothing twice",
    async (when) => {
      const first = await worker();
      const draft = draftFor("pair", `peer ${when}`);
      const page = { title: "ManyGoroutines", sinceMs: 0 };
      const { incident } = await beginIncident(
        { ...draft, origin: { ...draft.origin, kind: "page", page } },
        web,
        never,
      );
      const { id } = incident;
      await until(async () => {
        const now = await web.incidents.read(id, never);
        return now?.peer !== undefined && peerMoments[when]?.(now.peer) === true ? now : undefined;
      }, when);
      await killed(first);
      const second = await worker();
      try {
        const end = await settled(web, id);
        expect(end).toMatchObject({
          state: "verdict",
          runs: 1,
          peer: { state: "compared", round: 1, comparison: { outcome: "only-here", there: "pair-2" } },
        });
        expect(messagesOf(id)).toEqual([id, `${id}/findings`, `${id}/evidence`, `${id}/peer-1/evidence`]);
      } finally {
        await killed(second);
      }
    },
    90_000,
  );

  const captured: Readonly<Record<string, string>> = {
    "its capture": '"bundle":"incidents/',
    "its peer's capture": '/peer-1/"',
  };

  test.each(Object.keys(captured))(
    "when %s is over, before it says so, asks the target no second time",
    async (whose) => {
      const stuck = gate.stopAt({ command: captured[whose] ?? "", when: "before" });
      const first = await worker(gate.url);
      const draft = draftFor("pair", whose);
      const page = { title: "ManyGoroutines", sinceMs: 0 };
      const { incident } = await beginIncident(
        { ...draft, origin: { ...draft.origin, kind: "page", page } },
        web,
        never,
      );
      await stuck;
      await killed(first);
      gate.cut();
      const before = [target.asked.length, healthy.asked.length];
      const second = await worker();
      try {
        const { id, bundle, peer, steps, record } = await settled(web, incident.id);
        expect(bundle).toBe(`incidents/${id}/bundle-1/`);
        expect(peer).toMatchObject({ state: "compared", runs: 1, bundle: `incidents/${id}/peer-1/` });
        expect(steps.map(({ state }) => state)).not.toContain("running");
        expect(record?.entries.filter((entry) => entry.kind === "state").map(({ run }) => run)).not.toContain(
          2,
        );
        expect(target.asked.length).toBe(before[0]);
        if (whose !== "its capture") expect(healthy.asked.length).toBe(before[1]);
        expect(messagesOf(id)).toEqual([id, `${id}/findings`, `${id}/evidence`, `${id}/peer-1/evidence`]);
      } finally {
        await killed(second);
      }
    },
    90_000,
  );

  test("told to end, finishes what runs and leaves the rest to the next", async () => {
    const first = await worker();
    const begun = await Promise.all(
      Array.from({ length: 3 }, (_, at) => beginIncident(draftFor("order", `term ${at}`), web, never)),
    );
    const [{ incident: running }] = begun as [(typeof begun)[0]];
    await until(async () => {
      const states = await Promise.all(begun.map(({ incident }) => web.incidents.read(incident.id, never)));
      return states.some((incident) => incident?.state === "capturing") ? running : undefined;
    }, "the first capture");
    await ended(first, "SIGTERM");
    expect(first.exitCode).toBe(0);
    const second = await worker();
    try {
      for (const { incident } of begun) {
        const end = await settled(web, incident.id);
        expect(end).toMatchObject({ state: "verdict", runs: 1 });
        whole(incident.id);
      }
    } finally {
      await killed(second);
    }
  }, 90_000);

  test("and a Redis that is killed and comes back lose nothing that was answered", async () => {
    const only = await worker();
    try {
      const begun = await Promise.all(
        Array.from({ length: 3 }, (_, at) => beginIncident(draftFor("order", `redis ${at}`), web, never)),
      );
      await redis.kill();
      await new Promise((resolve) => setTimeout(resolve, 700));
      await redis.start();
      for (const { incident } of begun) {
        expect((await settled(web, incident.id)).state).toBe("verdict");
        whole(incident.id);
      }
    } finally {
      await killed(only);
    }
  }, 90_000);
});

async function ended(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}
