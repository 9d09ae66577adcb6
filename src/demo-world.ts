/** The world that `gofire demo` shows: a workspace, a bot in it, and the service that it looks after. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { auditFolder, openAuditLog } from "./commands/access/audit-log.ts";
import { configGate } from "./commands/access/config-gate.ts";
import { configCatalog } from "./commands/access/config-history.ts";
import { pagesOf } from "./commands/access/paging.ts";
import { serviceCatalog } from "./commands/access/service-catalog.ts";
import { serviceTargets } from "./commands/access/service-targets.ts";
import { parseConfig } from "./config/parse.ts";
import { UsageError } from "./domain/errors.ts";
import { auditLogs } from "./integrations/audit-log/logs.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { gitHistory } from "./integrations/git/history.ts";
import { gitWriter } from "./integrations/git/writer.ts";
import { goTargets } from "./integrations/go-target/client.ts";
import { thisHost } from "./integrations/host/this-host.ts";
import type { ConfigCatalog } from "./ports/config-history.ts";
import type { DemoPerson, DemoWorld, DemoWorlds, Lever } from "./ports/demo-world.ts";
import type { Host } from "./ports/host.ts";
import { alertmanagerStandIn } from "./sandbox/alertmanager.ts";
import { type ConfigRepository, writeConfigRepository } from "./sandbox/config-repository.ts";
import { startDeployer } from "./sandbox/deployer.ts";
import { gofireYaml } from "./sandbox/gofire-yaml.ts";
import { pagerLevers } from "./sandbox/pager-levers.ts";
import { replayService } from "./sandbox/replayed-service.ts";
import { type SlackStandIn, startSlackStandIn } from "./sandbox/slack/stand-in.ts";
import { transcriptOf } from "./sandbox/slack/transcript.ts";
import { alertPath, server } from "./serve.ts";
import { configuredParts } from "./serve-parts.ts";
import { targetSources } from "./target-sources.ts";

const run = promisify(execFile);

/** Who types, and where (src/sandbox/slack/seed.ts). */
const people: Readonly<Record<DemoPerson, string>> = { mira: "U0MIRA0001", jonas: "U0JONAS002" };
const incidents = "C0INCID001";
const service = "order";

/** After a push, and after a capture that did not show it yet. */
const soon = { firstAfterMs: 5_000, againAfterMs: 15_000 };

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
        const text = gofireYaml({ service, processes, apiUrl: slack.apiUrl, incidents, repository });
        const config = parseConfig(text, "the demo's gofire.yaml", stateFolder, []);
        // For who wants to look, and for other commands of gofire.
        await writeFile(join(stateFolder, "gofire.yaml"), text);
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
        const auditLog = await openAuditLog(
          config,
          { auditLogs: () => Promise.resolve(auditLogs({ userAgent })) },
          host,
        );
        if (auditLog !== undefined) open.push(() => auditLog.close());
        const gate = configGate(config, configs?.history);
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
          ...(configs === undefined ? {} : { configs: soonMeasured(configs) }),
          ...(pages === undefined ? {} : { pages }),
          ...(auditLog === undefined ? {} : { auditLog }),
          ...(gate === undefined ? {} : { gate }),
          tell,
        });
        open.push(() => running.stop());
        webhookUrl = `${running.url}${alertPath}`;
        const log =
          auditLog === undefined || repository?.canMerge !== true
            ? undefined
            : {
                folder: auditFolder(host),
                key: auditLog.verifier,
                look: [`S=${stateFolder}`, "GOFIRE_STATE=$S node dist/cli.js audit show -c $S/gofire.yaml"],
              };
        return worldOf(slack, log, close);
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}

/** The deployer is quick, so what was rolled back is measured soon. */
function soonMeasured(configs: ConfigCatalog): ConfigCatalog {
  return {
    ...configs,
    of(name) {
      const files = configs.of(name);
      return files === undefined ? undefined : { ...files, verify: { ...files.verify, ...soon } };
    },
  };
}

function worldOf(slack: SlackStandIn, log: DemoWorld["auditLog"], stop: () => Promise<void>): DemoWorld {
  const messages = () => slack.workspace.channels.get(incidents)?.messages ?? [];
  return {
    url: `${slack.url}/?user=${people.mira}&channel=${incidents}`,
    async type(who, text) {
      acked(await slack.people.type(people[who], incidents, text), text);
    },
    async press(who, label) {
      const result = await slack.people.press(people[who], incidents, label);
      return result?.isAcked === true;
    },
    ...(log === undefined ? {} : { auditLog: log }),
    transcript: () => transcriptOf(slack.workspace, incidents),
    async screenshot(file, signal) {
      const program = await firstProgram(browsers);
      const thread = messages().findLast(({ threadTs }) => threadTs !== undefined)?.threadTs;
      if (program === undefined || thread === undefined) return undefined;
      const rollback = messages().find(({ threadTs, text }) => threadTs === thread && isRollback(text));
      const aimed = rollback === undefined ? "" : `#m${rollback.ts}`;
      const page = `${slack.url}/?still&user=${people.jonas}&channel=${incidents}&thread=${thread}${aimed}`;
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

/** The card that everything of a rollback stands on, once it has begun. */
function isRollback(text: string): boolean {
  return /^\S+ order · (?:being )?rolled back/.test(text);
}

function acked(result: { readonly isAcked: boolean } | undefined, what: string): void {
  if (result?.isAcked === false) throw new Error(`gofire did not answer ${what}.`);
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
