import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { PageSource } from "../../src/domain/alerts/page-message.ts";
import type { AuditLog } from "../../src/ports/audit-log.ts";
import type { ConfigGate } from "../../src/ports/config-gate.ts";
import type { ConfigCatalog } from "../../src/ports/config-history.ts";
import type { MetricsCatalog } from "../../src/ports/metrics-server.ts";
import type { PagesRequest } from "../../src/ports/server.ts";
import type { Services } from "../../src/ports/services.ts";
import type { TlsPlaces } from "../../src/ports/tls-places.ts";
import { shopWorkspace, type WorkspaceSeed } from "../../src/sandbox/slack/seed.ts";
import { type SlackStandIn, startSlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { type ServeParts, server } from "../../src/serve.ts";
import { openSlack } from "../../src/slack.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { type TestTargets, testServices } from "../jobs/bot.ts";

export const mira = "U0MIRA0001";
export const incidents = "C0INCID001";

/** The bot as it is served, in a workspace of its own. */
export interface LiveBot {
  readonly slack: SlackStandIn;
  readonly url: string;
  /** What it says to who looks after it. */
  readonly lines: string[];
  messages(channel?: string): readonly SlackMessage[];
  /** Ends it, and begins it anew at the same address, with the state it left. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Long beside what a person would wait: a busy machine is no defect. */
const patienceMs = 60_000;

/**
 * `gofire serve` against the strict stand-in, a Redis of its own, and the pprof listeners of `targets`. Both wait longer for
 * each other than they do in earnest, unless the test is about that: test/integrations/slack-in.test.ts has Slack's three
 * seconds.
 */
export async function liveBot(
  mode: "socket" | "http",
  targets: TestTargets,
  pages?: { readonly request: PagesRequest; readonly messages: PageSource },
  parts: Partial<ServeParts> = {},
  {
    seed = shopWorkspace,
    waiting = 100,
    isPatient = true,
    services = testServices(targets),
    tlsPlaces,
    metrics,
    configs,
    gate,
    auditLog,
  }: {
    seed?: WorkspaceSeed;
    waiting?: number;
    isPatient?: boolean;
    services?: Services;
    tlsPlaces?: TlsPlaces;
    metrics?: MetricsCatalog;
    configs?: ConfigCatalog;
    gate?: ConfigGate;
    auditLog?: AuditLog;
  } = {},
): Promise<LiveBot> {
  const manifest: unknown = parse(readFileSync("slack-manifest.yaml", "utf8"));
  const slack = await startSlackStandIn({ manifest, seed, ...(isPatient ? { patienceMs } : {}) });
  const state = await mkdtemp(join(tmpdir(), "gofire-bot-"));
  const lines: string[] = [];
  const served = server({
    version: "0.0.0",
    openChat: (role, tell) =>
      openSlack(
        {
          slack: { mode, apiUrl: slack.apiUrl },
          access: { rights: {}, givenBy: { users: [], groups: [], channels: [] } },
          botToken: slack.tokens.bot,
          appToken: slack.tokens.app,
          signingSecret: slack.signingSecret,
          version: "0.0.0",
          ...(isPatient ? { patience: { answerWithinMs: patienceMs / 2 } } : {}),
          ...(pages === undefined ? {} : { pages: pages.messages }),
        },
        role,
        tell,
      ),
    openArtifacts: (folder) => Promise.resolve({ artifacts: fakeArtifacts(join(folder, "artifacts")) }),
    pictures: () => ({ draw: () => Promise.resolve([]), compare: () => Promise.resolve(undefined) }),
    ...parts,
  });
  const start = (port: number) =>
    served.start({
      role: "all",
      listen: { host: "127.0.0.1", port },
      graceMs: 5_000,
      limits: { captures: 20, perService: 4, waiting, cooldownMs: 0 },
      stateFolder: state,
      services,
      ...(tlsPlaces === undefined ? {} : { tlsPlaces }),
      ...(metrics === undefined ? {} : { metrics }),
      ...(configs === undefined ? {} : { configs }),
      ...(gate === undefined ? {} : { gate }),
      ...(auditLog === undefined ? {} : { auditLog }),
      ...(pages === undefined ? {} : { pages: pages.request }),
      tell: (line) => void lines.push(line),
    });
  let running = await start(0);
  const { url } = running;
  if (mode === "http") slack.deliverTo(`${running.url}/slack/events`);
  let isStopped = false;
  async function stop(): Promise<void> {
    if (!isStopped) await running.stop();
    isStopped = true;
  }
  return {
    slack,
    url,
    lines,
    messages: (channel = incidents) => slack.workspace.channels.get(channel)?.messages ?? [],
    async restart() {
      await running.stop();
      running = await start(Number(new URL(url).port));
    },
    stop,
    async close() {
      await stop();
      await slack.close();
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** The last messages of a channel with whom they were for: what a test says that waited for another one. */
export function heard(bot: LiveBot, channel = incidents): string {
  const last = bot
    .messages(channel)
    .slice(-12)
    .map(({ text, threadTs, onlyFor }) => {
      const reader = onlyFor === undefined ? "all" : `${onlyFor} alone`;
      return `  to ${reader}${threadTs === undefined ? "" : ", in a thread"}: ${text.slice(0, 400)}`;
    });
  const lines = bot.lines.slice(-6).map((line) => `  ${line}`);
  return ["What came last:", ...last, "What the bot said to who looks after it:", ...lines].join("\n");
}
