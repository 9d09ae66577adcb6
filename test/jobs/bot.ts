import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../../src/domain/errors.ts";
import type { Incident, IncidentDraft } from "../../src/domain/incidents/incident.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import type { GateLooks } from "../../src/jobs/gate/looks.ts";
import type { Cards } from "../../src/jobs/publish.ts";
import { type Bot, type BotSettings, startBot } from "../../src/main.ts";
import type { Chat } from "../../src/ports/chat.ts";
import type { ServiceCapture, Services } from "../../src/ports/services.ts";
import { healthy } from "../capture/scripted.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { everybodyMay } from "../fakes/rights.ts";
import { scriptedListener } from "../integrations/pprof-server.ts";

/** What a bot of a test is told; plain values, so that it can be handed to another process. */
export interface TestBot {
  readonly redis: string;
  readonly artifacts: string;
  /** Service -> URL of its pprof listener, or of each of its processes by name. */
  readonly targets: TestTargets;
  readonly settings?: Partial<
    Pick<
      BotSettings,
      | "role"
      | "caps"
      | "mostWaiting"
      | "paging"
      | "gate"
      | "workerTimes"
      | "sweepEveryMs"
      | "configs"
      | "auditLog"
      | "rights"
    >
  >;
}

export type TestTargets = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

export const quickCapture: ServiceCapture = { cpuSeconds: 0, goroutineGapMs: 200 };

/** The state in words: enough to see which version of an incident a card shows. */
export const plainCards: Cards & GateLooks = {
  card: ({ id, state, steps, queuePlace, problem, analysis }) => ({
    text: [
      id,
      state,
      ...(queuePlace === undefined ? [] : [`${queuePlace} before it`]),
      ...steps.map((step) => `${step.kind} ${step.state}`),
      ...(problem === undefined ? [] : [problem]),
      ...(analysis === undefined ? [] : [analysis.verdict]),
    ].join(" · "),
  }),
  reply: (_incident, reply) => ({ text: reply.text }),
  comment: ({ text }) => text,
  tls: (answer) => ({ text: "report" in answer ? `TLS ${answer.report.verdict}` : answer.problem }),
  storm: ({ storm, rows }) => ({
    text: [storm.id, storm.overAtMs === undefined ? "goes on" : "over", `${rows.length} pages`].join(" · "),
  }),
  rollback: ({ id, state }) => ({ text: `rollback ${id} · ${state}` }),
  overheardRollback: ({ id, state }) => ({ text: `overheard rollback ${id} · ${state}` }),
  rollbackOutcome: ({ id, state }) =>
    state === "withdrawn" ? undefined : { text: `outcome of ${id} · ${state}` },
  lostRollback: ({ id, stands }) => ({ text: `lost ${id} · ${stands}` }),
  lostRollbackNote: ({ id, stands }) => ({ text: `word of lost ${id} · ${stands}` }),
  announcement: ({ did, intent }) => ({ text: `${did} · ${intent}` }),
  gate: (view) => ({
    body: {
      text:
        "problem" in view
          ? view.problem
          : "isOverheard" in view
            ? "overheard"
            : view.report.states
                .map(({ verdict, approvals, needed }) => `${verdict} ${approvals.length}/${needed}`)
                .join(),
    },
    isWhole: true,
  }),
  gateList: () => "",
  gateReply: ({ text }) => ({ text }),
  answer: ({ kind }, isAgain) => ({ text: isAgain ? `${kind}, again` : kind }),
  stormList: ({ rows }) => rows.map(({ page, incident }) => `${page.intent} ${incident?.id}`).join("\n"),
};

export function testServices(targets: TestTargets): Services {
  const open = goTargets({ userAgent: "gofire/test" });
  /** One without a name is called by its URL. */
  const named = (service: string): Readonly<Record<string, string>> => {
    const processes = targets[service] ?? {};
    return typeof processes === "string" ? { [processes]: processes } : processes;
  };
  return {
    list: () =>
      Promise.resolve(Object.keys(targets).map((name) => ({ name, instances: Object.keys(named(name)) }))),
    processes: (service) =>
      Promise.resolve({
        processes: Object.entries(named(service)).map(([name, url]) => ({ name, aliases: [url] })),
        knownFrom: "gofire.yaml",
      }),
    async open(service, asked) {
      await Promise.resolve();
      const processes = named(service);
      const instance = asked ?? Object.keys(processes)[0] ?? "";
      const url = typeof targets[service] === "string" ? targets[service] : processes[instance];
      if (url === undefined) throw new UsageError(`There is no service "${service}".`);
      return {
        target: open.open(
          {
            origin: url,
            pprofPath: "/debug/pprof/",
            metrics: "/metrics",
            expvarPath: "/debug/vars",
            profileRatesPath: "/debug/gofire/profile-rates",
          },
          {},
        ),
        instance,
        capture: quickCapture,
      };
    },
    permit: (_service, address) => Promise.reject(new UsageError(`${address} is not allowed.`)),
    rules: () => Promise.resolve({ modules: [], thresholds: {} }),
  };
}

export async function startTestBot(
  { redis, artifacts, targets, settings }: TestBot,
  chat: Chat,
  onTrouble: (message: string) => void = () => {},
  services: Services = testServices(targets),
): Promise<Bot> {
  return await startBot({
    role: "all",
    redis: parseRedisUrl(redis),
    caps: { overall: 8, perService: 4, cooldownMs: 0 },
    mostWaiting: 500,
    workerTimes: { lockMs: 2_000, stalledCheckMs: 500, targetLockMs: 3_000, sendLockMs: 3_000 },
    sweepEveryMs: 500,
    chat,
    cards: plainCards,
    artifacts: fakeArtifacts(artifacts),
    pictures: { draw: () => Promise.resolve([]), compare: () => Promise.resolve(undefined) },
    rights: everybodyMay(),
    services,
    clock: systemClock,
    version: "0.0.0",
    onTrouble,
    ...settings,
  });
}

export function draftFor(service: string, intent: string): IncidentDraft {
  return {
    service,
    wish: {},
    origin: { kind: "command", userId: "U1", intent },
    place: { channel: "C1" },
  };
}

const pileUp = new URL(
  "../../src/analyzers/goroutine-mutex-pileup/fixtures/fires-behind-io/goroutine-2.pb.gz",
  import.meta.url,
);

const idleCrew = new URL(
  "../../src/analyzers/goroutine-mutex-pileup/fixtures/quiet-idle-crew/goroutine-2.pb.gz",
  import.meta.url,
);

export interface TestTarget {
  readonly url: string;
  readonly asked: string[];
  close(): void;
}

/**
 * A process with a pile-up behind a mutex, over HTTP. `delayMs` is how long each answer takes; while it `isAway` it hangs
 * up on everybody.
 */
export async function sickTarget(
  delayMs: () => number = () => 0,
  isAway: () => boolean = () => false,
): Promise<TestTarget> {
  return await targetWith(pileUp, delayMs, isAway);
}

/** The same program without the pile-up. */
export async function healthyTarget(delayMs: () => number = () => 0): Promise<TestTarget> {
  return await targetWith(idleCrew, delayMs);
}

/** Piled up as long as it `isSick`, idle then. */
export async function recoveringTarget(isSick: () => boolean): Promise<TestTarget> {
  return await targetWith(
    idleCrew,
    () => 0,
    () => false,
    isSick,
  );
}

async function targetWith(
  capture: URL,
  delayMs: () => number,
  isAway: () => boolean = () => false,
  isSick: () => boolean = () => false,
): Promise<TestTarget> {
  const [usual, sick] = await Promise.all([readFile(capture), readFile(pileUp)]);
  const asked: string[] = [];
  const listener = scriptedListener((question) => {
    if (question === "goroutine" || question === "goroutine?debug=0")
      return { chunks: [isSick() ? sick : usual] };
    // Lends its rate for a second only, whatever was wished: the window is as short then.
    return healthy(question.replace(/^(rates take .*"seconds":)\d+/, "$11"));
  }, asked);
  const server: Server = createServer((request, response) => {
    if (isAway()) request.socket.destroy();
    else setTimeout(() => listener(request, response), delayMs());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * Polls until `found` gives something. `what` is waited for; where it is a function, it is asked when that did not come, and
 * should say what came instead.
 */
export async function until<T>(
  found: () => Promise<T | undefined> | T | undefined,
  what: string | (() => string),
  withinMs = 90_000,
  everyMs = 25,
): Promise<T> {
  const endsAt = Date.now() + withinMs;
  for (;;) {
    const value = await found();
    if (value !== undefined) return value;
    if (Date.now() > endsAt) {
      throw new Error(`Not within ${withinMs / 1000} s: ${typeof what === "string" ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** The incident once nothing is left to do for it. */
export async function settled(bot: Bot, id: string, withinMs = 90_000): Promise<Incident> {
  const never = new AbortController().signal;
  let seen = "it is not there";
  return await until(
    async () => {
      const open = await bot.incidents.unsettled(Date.now() + 60_000, never);
      const incident = await bot.incidents.read(id, never);
      if (!open.includes(id) && incident?.state !== "queued") return incident;
      if (incident !== undefined) seen = `it is ${plainCards.card(incident).text}`;
      return undefined;
    },
    () => `${id} settled; ${seen}`,
    withinMs,
  );
}
