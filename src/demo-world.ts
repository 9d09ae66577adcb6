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
import { alertmanagerStandIn } from "./sandbox/alertmanager.ts";
import { type ConfigRepository, writeConfigRepository } from "./sandbox/config-repository.ts";
import { startDeployer } from "./sandbox/deployer.ts";
import { pagerLevers } from "./sandbox/pager-levers.ts";
import { replayService } from "./sandbox/replayed-service.ts";
import { type SlackStandIn, startSlackStandIn } from "./sandbox/slack/stand-in.ts";
import { transcriptOf } from "./sandbox/slack/transcript.ts";
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
      return {
        debugUrl: replayed.url,
        become: (next) => replayed.become(next),
        stop: () => replayed.close(),
      };
    },
    async start({ processes, levers, configure, isRecorded }, tell) {
      const open: (() => Promise<void>)[] = [];
      async function close(): Promise<void> {
        for (const end of open.toReversed()) await end();
      }

      try {
        const stateFolder = await mkdtemp(join(tmpdir(), "gofire-demo-"));
        open.push(() => rm(stateFolder, { recursive: true, force: true }));
        const repository =
          configure === undefined ? undefined : await writeConfigRepository(stateFolder, systemClock.nowMs());
        if (repository !== undefined && configure !== undefined) {
          const deployer = await startDeployer(repository, configure, tell);
          open.push(() => deployer.stop());
        }
        let webhookUrl = "";
        const token = randomBytes(16).toString("hex");
        const alertmanager = alertmanagerStandIn({
          post: (message) => void slack.people.page(incidents, message),
          webhook: () => ({ url: webhookUrl, token }),
        });
        const slack = await startSlackStandIn({
          manifest: manifest(),
          levers: [
            ...levers,
            ...(repository === undefined ? [] : releaseLevers(repository)),
            ...pagerLevers(alertmanager, service, processes),
          ],
          ...(isRecorded
            ? { notice: `A recording: ${service} does not run here, what it once answered is played back.` }
            : {}),
        });
        open.push(() => slack.close());
        const host = hostWith({
          SLACK_BOT_TOKEN: slack.tokens.bot,
          SLACK_APP_TOKEN: slack.tokens.app,
          GOFIRE_STATE: stateFolder,
          GOFIRE_ALERTS_TOKEN: token,
        });
        const config = parseConfig(
          configText(processes, slack.apiUrl, repository),
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
        if (configs !== undefined) open.push(() => configs.close());
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
        open.push(() => running.stop());
        webhookUrl = `${running.url}${alertPath}`;
        return worldOf(slack, repository, close);
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}

function worldOf(
  slack: SlackStandIn,
  repository: ConfigRepository | undefined,
  stop: () => Promise<void>,
): DemoWorld {
  return {
    url: `${slack.url}/?user=${onCall}&channel=${incidents}`,
    async type(text) {
      const result = await slack.people.type(onCall, incidents, text);
      if (result?.isAcked === false) throw new Error(`gofire did not answer ${text}.`);
    },
    ...(repository === undefined ? {} : { takeBack: () => repository.releaseWell() }),
    transcript: () => transcriptOf(slack.workspace, incidents),
    async screenshot(file, signal) {
      const program = await firstProgram(browsers);
      const messages = slack.workspace.channels.get(incidents)?.messages ?? [];
      const thread = messages.findLast(({ threadTs }) => threadTs !== undefined)?.threadTs;
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

/** What somebody does to the configuration of the service. */
function releaseLevers(repository: ConfigRepository): readonly Lever[] {
  const group = "Ana, at the configuration";
  return [
    {
      id: "release-sick",
      label: "Sets the pool to 0",
      group,
      pull: () => repository.releaseSick(),
    },
    {
      id: "release-well",
      label: "Sets the pool to 200",
      group,
      pull: () => repository.releaseWell(),
    },
  ];
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
  repository: ConfigRepository | undefined,
): string {
  const targets = processes.map(({ debugUrl, instance }) => `{ url: "${debugUrl}", instance: ${instance} }`);
  return `
slack: { mode: socket, apiUrl: "${apiUrl}" }
services:
  ${service}:
    targets: [${targets.join(", ")}]
    capture: { cpuSeconds: 5, gapSeconds: 8 }${
      repository === undefined
        ? ""
        : `
    config: [${repository.file}]
configHistory: { repository: "${repository.folder}", branch: ${repository.branch} }`
    }
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
