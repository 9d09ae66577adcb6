import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { Storm, StormLimits } from "../../../src/domain/alerts/storm.ts";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import { key } from "../../../src/integrations/redis/keys.ts";
import { takeNotification } from "../../../src/jobs/pages/intake.ts";
import type { Bot } from "../../../src/main.ts";
import { type RedisGate, redisGate } from "../../integrations/redis-gate.ts";
import { testRedis } from "../../integrations/redis-server.ts";
import { alertmanagerBody } from "../../parsers/alert-bodies.ts";
import { sickTarget, startTestBot, until } from "../bot.ts";
import { chatServer } from "../chat-server.ts";
import { freed, patientTimes } from "../dead-worker.ts";
import type { WorkerProcess } from "../worker-process.ts";

const never = new AbortController().signal;
const hourMs = 3_600_000;
/** Of a machine that has much else to do. */
const patienceMs = 100_000;
export const channel = "C9";
/** It ends when the test says that an hour has passed, and not because a machine is slow. */
export const limits: StormLimits = { pages: 2, withinMs: hourMs, quietMs: hourMs };
export const services: readonly string[] = ["order", "stock", "mail"];
/** While most pages come. */
const muted = "mail";
/** Cannot be captured before the storm is over. */
export const away = "stock";
/** Every fourth is about no service that gofire knows. */
export const groups: readonly { readonly service: string; readonly sinceMs: number }[] = Array.from(
  { length: 12 },
  (_, at) => ({
    service: [...services, "nobody"][at % 4] ?? "",
    sinceMs: Date.UTC(2024, 4, 21, 3, 12) + at,
  }),
);

/** Those that come before it is a storm, two with pages that others answer, one with what is left. */
const waves = [
  [0, limits.pages - 1],
  [limits.pages - 1, 8],
  [8, groups.length],
] as const;

/** A gofire of one run's own, whose worker is a process that may be killed. */
export interface StormWorld {
  readonly gate: RedisGate;
  readonly chat: Awaited<ReturnType<typeof chatServer>>;
  readonly web: Bot;
  readonly artifacts: string;
  start(): Promise<void>;
  /** By SIGKILL. */
  kill(): Promise<void>;
  /** A storm from its first page to the list of its end. */
  run(): Promise<void>;
  /** Waits until nothing is left to be done or said. */
  settled(): Promise<void>;
  incidents(): Promise<readonly Incident[]>;
  close(): Promise<void>;
}

/** How long a target takes for an answer, in milliseconds. */
const soon = () => 20;

export async function openStormWorld(program: string, folder: string): Promise<StormWorld> {
  let isAway = true;
  const [redis, chat, target, awayTarget] = await Promise.all([
    testRedis(),
    chatServer(),
    sickTarget(soon),
    sickTarget(soon, () => isAway),
  ]);
  const gate = await redisGate(redis.socket);
  const artifacts = join(folder, redis.socket.replaceAll(/\W/g, "-"));
  const targets = Object.fromEntries(
    services.map((service) => [service, (service === away ? awayTarget : target).url]),
  );
  const workers: WorkerProcess = {
    chat: chat.url,
    redis: gate.url,
    artifacts,
    targets,
    settings: {
      role: "worker",
      caps: { overall: 8, perService: 4, cooldownMs: hourMs },
      workerTimes: patientTimes,
    },
    paging: {
      channel,
      hearsMessages: false,
      comparesPeers: false,
      storm: limits,
      services: services.map((name) => ({ name, matches: [] })),
    },
  };
  const web = await startTestBot(
    { redis: redis.url, artifacts, targets, settings: { role: "web" } },
    chat.chat,
  );
  const client = new Redis({ path: redis.socket });
  let worker: ChildProcess | undefined;

  async function kill(): Promise<void> {
    if (worker === undefined || worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = once(worker, "exit");
    worker.kill("SIGKILL");
    await gone;
    gate.cut();
    await freed(redis.socket);
  }

  async function incidents(): Promise<readonly Incident[]> {
    return await web.incidents.recent({ limit: 200 }, never);
  }

  async function stormKey(): Promise<string> {
    return await until(
      async () => {
        const [page] = await client.keys(`${key("storm-of")}:*`);
        const id = page === undefined ? null : await client.get(page);
        return id === null ? undefined : key("storm", id);
      },
      "a storm",
      patienceMs,
    );
  }

  /** The storm began long ago, or its last page came then. */
  async function longAgo(field: "beganAtMs" | "lastPageAtMs"): Promise<void> {
    await client.hset(await stormKey(), field, Date.now() - 2 * hourMs);
  }

  async function begun(count: number): Promise<void> {
    await until(
      async () => ((await incidents()).length >= count ? true : undefined),
      `${count} incidents`,
      patienceMs,
    );
  }

  /** Everything there is to say of single pages. */
  async function told(): Promise<void> {
    await until(
      async () =>
        (await web.incidents.unsettled(Date.now() + hourMs, never)).length === 0 ? true : undefined,
      "nothing left to say of the pages",
      patienceMs,
    );
  }

  async function said(intent: RegExp, text: RegExp): Promise<void> {
    await until(
      () => chat.chat.messages.find((one) => intent.test(one.intent) && text.test(one.body.text)),
      `${intent.source} in the chat`,
      patienceMs,
    );
  }

  return {
    gate,
    chat,
    web,
    artifacts,
    async start() {
      worker = spawn(process.execPath, [program, JSON.stringify(workers)], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      if (worker.stdout !== null) await once(worker.stdout, "data");
    },
    kill,
    async run() {
      const untilMs = Date.now() + hourMs;
      const subject = { kind: "service", service: muted } as const;
      await web.mutes.mute({ subject, userId: "U1", sinceMs: 0, untilMs }, never);
      // Each wave is at its end before the next: what can happen in one comes before what happens in another.
      for (const [from, to] of waves) {
        for (let at = from; at < to; at++) await notify(web, at);
        await begun(groups.slice(0, to).filter(({ service }) => service !== muted).length);
      }
      await longAgo("beganAtMs");
      await said(/\/list-/, /./);
      await told();
      await web.mutes.unmute(subject, never);
      await begun(groups.length);
      await told();
      await said(/^storm-\w+$/, new RegExp(` ${groups.length} pages`));
      isAway = false;
      await longAgo("lastPageAtMs");
      await said(/\/over$/, /./);
    },
    async settled() {
      await until(
        async () => {
          const { replies } = JSON.parse((await client.hget(await stormKey(), "content")) ?? "") as Storm;
          return replies.every(({ state }) => state === "posted") ? true : undefined;
        },
        "nothing left to say of the storm",
        patienceMs,
      );
      await told();
    },
    incidents,
    async close() {
      await kill();
      await web.stop(1_000);
      client.disconnect();
      await gate.close();
      for (const each of [chat, target, awayTarget]) each.close();
      await redis.remove();
    },
  };
}

async function notify(web: Bot, at: number): Promise<void> {
  const { service = "", sinceMs = 0 } = groups[at] ?? {};
  const body = alertmanagerBody({
    alerts: 2,
    groupKey: `group ${at}`,
    service,
    startsAt: new Date(sinceMs).toISOString(),
  });
  await takeNotification(Buffer.from(JSON.stringify(body)), web.alerts, never);
}
