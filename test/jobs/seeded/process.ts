import { systemClock } from "../../../src/integrations/clock/system-clock.ts";
import { openListener } from "../../../src/integrations/http/listener.ts";
import { parseRedisUrl } from "../../../src/integrations/redis/address.ts";
import { type Bot, startBot } from "../../../src/main.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Role } from "../../../src/ports/server.ts";
import type { ServiceCapture, Services } from "../../../src/ports/services.ts";
import { openSlack } from "../../../src/slack.ts";
import { fakeArtifacts } from "../../fakes/artifacts.ts";
import { type TestTargets, testServices } from "../bot.ts";

/** One process of gofire, in plain values: a real one can be given them, too. */
export interface ProcessSettings {
  readonly role: Role;
  readonly mode: "socket" | "http";
  readonly redis: string;
  readonly artifacts: string;
  readonly targets: TestTargets;
  readonly skewMs: number;
  readonly slack: {
    readonly apiUrl: string;
    readonly bot: string;
    readonly app: string;
    readonly signingSecret: string;
  };
}

export interface RunningProcess {
  readonly bot: Bot;
  /** Where signed requests are taken, in http mode. */
  readonly requestUrl?: string;
  stop(): Promise<void>;
}

/** What a verdict needs, and two files for the thread: what is looked at here is how all of it gets there. */
const shortCapture: ServiceCapture = {
  cpuSeconds: 0,
  goroutineGapMs: 50,
  exclude: ["mutex", "block", "threadcreate", "goroutine-counts", "heap-text"],
};

/** gofire with real Slack adapters, real Redis and real targets; only its waiting times are shorter. */
export async function startProcess(
  { role, mode, redis, artifacts, targets, skewMs, slack }: ProcessSettings,
  onTrouble: (line: string) => void,
): Promise<RunningProcess> {
  const clock = skewed(skewMs);
  const side = await openSlack(
    {
      slack: { mode, apiUrl: slack.apiUrl },
      access: { rights: {}, givenBy: { users: [], groups: [], channels: [] } },
      botToken: slack.bot,
      appToken: slack.app,
      signingSecret: slack.signingSecret,
      version: "0.0.0",
      clock,
      patience: { deadlineMs: 2_000, shareWaitMs: 2_000 },
    },
    role,
    onTrouble,
  );
  const all = testServices(targets);
  const services: Services = {
    ...all,
    open: async (...words) => ({ ...(await all.open(...words)), capture: shortCapture }),
  };
  const stored = fakeArtifacts(artifacts);
  const bot = await startBot({
    role,
    redis: parseRedisUrl(redis),
    caps: { overall: 8, perService: 4, cooldownMs: 0 },
    mostWaiting: 100,
    workerTimes: { lockMs: 4_000, stalledCheckMs: 1_000, targetLockMs: 4_000, sendLockMs: 7_000 },
    sweepEveryMs: 1_000,
    chat: side.chat,
    cards: side.cards,
    rights: side.rights,
    artifacts: stored,
    pictures: { draw: () => Promise.resolve([]), compare: () => Promise.resolve(undefined) },
    services,
    clock,
    version: "0.0.0",
    onTrouble,
  });
  const listener =
    side.requests === undefined
      ? undefined
      : await openListener({ host: "127.0.0.1", port: 0 }, { [side.requests.path]: side.requests.answer });
  if (role !== "worker") {
    await side.listen({ ...bot, services, artifacts: stored });
  }
  return {
    bot,
    ...(listener === undefined ? {} : { requestUrl: `${listener.url}${side.requests?.path ?? ""}` }),
    async stop() {
      if (role !== "worker") await side.hush();
      await listener?.close();
      await bot.stop(1_000);
      await side.close();
    },
  };
}

function skewed(skewMs: number): Clock {
  return { ...systemClock, nowMs: () => systemClock.nowMs() + skewMs };
}
