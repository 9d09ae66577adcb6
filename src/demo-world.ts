/** The world that `gofire demo` shows: a workspace, a bot in it, and the service that it looks after. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { configCatalog } from "./commands/access/config-history.ts";
import { pagesOf } from "./commands/access/paging.ts";
import { serviceCatalog } from "./commands/access/service-catalog.ts";
import { serviceTargets } from "./commands/access/service-targets.ts";
import { parseConfig } from "./config/parse.ts";
import { UsageError } from "./domain/errors.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { gitHistory } from "./integrations/git/history.ts";
import { gitWriter } from "./integrations/git/writer.ts";
import { goTargets } from "./integrations/go-target/client.ts";
import { thisHost } from "./integrations/host/this-host.ts";
import type { DemoProcess, DemoWorld, DemoWorlds, Lever } from "./ports/demo-world.ts";
import type { Host } from "./ports/host.ts";
import { type AlertmanagerStandIn, alertmanagerStandIn } from "./sandbox/alertmanager.ts";
import { configFile, writeConfigRepository } from "./sandbox/config-repository.ts";
import { replayService } from "./sandbox/replayed-service.ts";
import { startSlackStandIn } from "./sandbox/slack/stand-in.ts";
import type { SlackMessage } from "./sandbox/slack/workspace.ts";
import { alertPath, server } from "./serve.ts";
import { configuredParts } from "./serve-parts.ts";
import { targetSources } from "./target-sources.ts";

const run = promisify(execFile);

/** Who types, and where (src/sandbox/slack/seed.ts). */
const onCall = "U0MIRA0001";
const incidents = "C0INCID001";
const service = "order";

const browsers = ["chromium", "chromium-browser", "google-chrome"];

export function demoWorlds(version: string): DemoWorlds {
  const userAgent = `gofire/${version}`;
  return {
    async replay(folder) {
      const replayed = await replayService(folder);
      return { debugUrl: replayed.url, stop: () => replayed.close() };
    },
    async start({ processes, levers, isPoolZero }, tell) {
      let webhookUrl = "";
      const token = randomBytes(16).toString("hex");
      const alertmanager = alertmanagerStandIn({
        post: (message) => void slack.people.page(incidents, message),
        webhook: () => ({ url: webhookUrl, token }),
      });
      const slack = await startSlackStandIn({
        manifest: manifest(),
        levers: [...levers, ...pagerLevers(alertmanager, processes)],
      });
      const stateFolder = await mkdtemp(join(tmpdir(), "gofire-demo-"));

      async function remove(): Promise<void> {
        await slack.close();
        await rm(stateFolder, { recursive: true, force: true });
      }

      try {
        const host = hostWith({
          SLACK_BOT_TOKEN: slack.tokens.bot,
          SLACK_APP_TOKEN: slack.tokens.app,
          GOFIRE_STATE: stateFolder,
          GOFIRE_ALERTS_TOKEN: token,
        });
        const repository = join(stateFolder, "config");
        const hasHistory = isPoolZero && (await writeConfigRepository(repository, systemClock.nowMs()));
        const config = parseConfig(
          configText(processes, slack.apiUrl, hasHistory ? repository : undefined),
          "the demo's gofire.yaml",
          stateFolder,
          [],
        );
        const pages = await pagesOf(config, host);
        const configs = await configCatalog(
          config,
          {
            configHistories: () => Promise.resolve({ open: gitHistory }),
            configWriters: () => Promise.resolve({ open: gitWriter }),
          },
          host,
        );
        const running = await server({
          ...configuredParts(config, host, version),
          browser: () => Promise.resolve({}),
        }).start({
          role: "all",
          listen: { host: "127.0.0.1", port: 0 },
          graceMs: 2_000,
          limits: { captures: 4, perService: 1, waiting: 20, cooldownMs: 0 },
          stateFolder,
          services: serviceCatalog(
            config,
            serviceTargets(config, { host, sources: targetSources({ userAgent }), clock: systemClock }),
            goTargets({ userAgent }),
          ),
          ...(configs === undefined ? {} : { configs }),
          ...(pages === undefined ? {} : { pages }),
          tell,
        });
        webhookUrl = `${running.url}${alertPath}`;
        return worldOf(slack, async () => {
          await running.stop();
          await configs?.close();
          await remove();
        });
      } catch (error) {
        await remove();
        throw error;
      }
    },
  };
}

/** What an Alertmanager does that looks after the shop. */
function pagerLevers(alertmanager: AlertmanagerStandIn, [sick]: readonly DemoProcess[]): readonly Lever[] {
  const group = "Alertmanager";
  const labels = { alertname: "ManyGoroutines", service, severity: "critical" };
  return [
    {
      id: "page",
      label: "Pages about order",
      group,
      pull: () =>
        alertmanager.fire(
          { ...labels, ...(sick === undefined ? {} : { instance: sick.instance }) },
          "order has too many goroutines",
        ),
    },
    { id: "storm", label: "Pages about everything at once", group, pull: () => storm(alertmanager) },
    { id: "resolve", label: "Says that it is over", group, pull: () => alertmanager.resolveAll() },
  ];
}

/** Everything behind one broken switch pages, for three reasons each; gofire knows one of these services. */
async function storm(alertmanager: AlertmanagerStandIn): Promise<void> {
  const services = [service, "cart", "catalog", "checkout", "mail", "payment", "search", "stock", "tax"];
  const reasons = [
    { alertname: "ManyGoroutines", severity: "critical", summary: "has too many goroutines" },
    { alertname: "SlowRequests", severity: "critical", summary: "answers slowly" },
    { alertname: "HighErrorRate", severity: "warning", summary: "answers with errors" },
  ];
  for (const { summary, ...labels } of reasons) {
    for (const name of services) await alertmanager.fire({ ...labels, service: name }, `${name} ${summary}`);
  }
}

function worldOf(slack: Awaited<ReturnType<typeof startSlackStandIn>>, stop: () => Promise<void>): DemoWorld {
  const messages = () => slack.workspace.channels.get(incidents)?.messages ?? [];
  const names: Names = {
    person: (id) => slack.workspace.users.get(id)?.name ?? id,
    file: (id) => slack.workspace.files.get(id)?.name ?? id,
  };
  return {
    url: `${slack.url}/?user=${onCall}&channel=${incidents}`,
    async type(text) {
      const result = await slack.people.type(onCall, incidents, text);
      if (result?.isAcked === false) throw new Error(`gofire did not answer ${text}.`);
    },
    transcript: () => messages().map((message) => lineOf(message, names)),
    async screenshot(file, signal) {
      const program = await firstProgram(browsers);
      const thread = messages().findLast(({ threadTs }) => threadTs !== undefined)?.threadTs;
      if (program === undefined || thread === undefined) return undefined;
      const page = `${slack.url}/?still&user=${onCall}&channel=${incidents}&thread=${thread}`;
      await run(
        program,
        [
          "--headless",
          "--no-sandbox",
          "--hide-scrollbars",
          "--window-size=1280,1000",
          "--virtual-time-budget=5000",
          `--screenshot=${file}`,
          page,
        ],
        { signal, timeout: 60_000 },
      );
      return file;
    },
    problems: () => slack.problems(),
    stop,
  };
}

interface Names {
  person(id: string): string;
  file(id: string): string;
}

/** One message as words: who, and what; replies are indented. */
function lineOf(
  { text, attachments = [], username, threadTs, ts, user, botId, files = [] }: SlackMessage,
  names: Names,
): string {
  const who = username ?? (botId === undefined ? names.person(user ?? "") : "gofire");
  const indent = threadTs === undefined || threadTs === ts ? "" : "    ";
  const attached = files.map((id) => `${indent}  📎 ${names.file(id)}`);
  const titles = attachments.map(({ title }) => (typeof title === "string" ? title : ""));
  const words = [text, ...titles].filter((part) => part !== "").join(" ");
  return [`${indent}${who}: ${plain(words).replaceAll("\n", `\n${indent}  `)}`, ...attached].join("\n");
}

/** Slack's text as it reads: its three characters that stand for something else, and breaks that nobody sees. */
function plain(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll("\u200b", "");
}

async function firstProgram(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = await thisHost.findProgram(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** This machine with some environment variables of its own. */
function hostWith(variables: Readonly<Record<string, string>>): Host {
  return { ...thisHost, environment: (name) => variables[name] ?? thisHost.environment(name) };
}

function configText(
  processes: readonly DemoProcess[],
  apiUrl: string,
  repository: string | undefined,
): string {
  const targets = processes.map(({ debugUrl, instance }) => `{ url: "${debugUrl}", instance: ${instance} }`);
  return `
slack: { mode: socket, apiUrl: "${apiUrl}" }
services:
  ${service}:
    targets: [${targets.join(", ")}]
    capture: { cpuSeconds: 5, gapSeconds: 8 }${repository === undefined ? "" : `\n    config: [${configFile}]\nconfigHistory: { repository: "${repository}" }`}
alerts:
  channel: ${incidents}
  bearerEnv: GOFIRE_ALERTS_TOKEN
  messages: { channels: [${incidents}], senders: [Alertmanager] }
`;
}

/** slack-manifest.yaml of the checkout that this file belongs to, whether it runs from src/ or from dist/. */
function manifest(): unknown {
  for (
    let folder = dirname(fileURLToPath(import.meta.url));
    folder !== dirname(folder);
    folder = dirname(folder)
  ) {
    try {
      return parse(readFileSync(join(folder, "slack-manifest.yaml"), "utf8"));
    } catch {
      // one folder up
    }
  }
  throw new UsageError("The demo needs a checkout of gofire: slack-manifest.yaml is not there.");
}
