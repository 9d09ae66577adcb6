import { UsageError } from "../domain/errors.ts";
import { openAuditLog, publicAuditFiles } from "./access/audit-log.ts";
import { configGate } from "./access/config-gate.ts";
import { configCatalog } from "./access/config-history.ts";
import { metricsCatalog } from "./access/metrics-server.ts";
import { pagesOf } from "./access/paging.ts";
import { serviceCatalog } from "./access/service-catalog.ts";
import { serviceTargets } from "./access/service-targets.ts";
import { tlsPlaces } from "./access/tls-places.ts";
import { defineCommand } from "./command.ts";
import { stateFolder } from "./state-folder.ts";

/** Longer than a usual capture, shorter than the 30 s that Kubernetes waits before it kills. */
const defaultGraceMs = 25_000;

export const serve = defineCommand({
  name: "serve",
  summary: "Run the bot: answer people and alerts, capture, explain",
  usage: "[options]",
  examples: [
    { line: "serve", does: "everything in one process, with a Redis of its own" },
    { line: "serve --role worker", does: "one more worker; all share the Redis of REDIS_URL" },
    { line: "serve --role web --listen 0.0.0.0:8080", does: "only hear people and alerts" },
  ],
  whoMayUse: "operators",
  effect: "read",
  operands: { placeholder: "", min: 0, max: 0 },
  options: {
    role: {
      kind: "choice",
      choices: ["all", "web", "worker"],
      summary: "what this process does (default all)",
    },
    listen: {
      kind: "text",
      placeholder: "HOST:PORT",
      summary: "where /healthz is answered (default 127.0.0.1:8080)",
    },
    captures: {
      kind: "integer",
      placeholder: "20",
      min: 1,
      max: 1_000,
      summary: "captures at the same time, over all workers",
    },
    "captures-per-service": {
      kind: "integer",
      placeholder: "2",
      min: 1,
      max: 1_000,
      summary:
        "captures of one service at the same time; on one node and within a minute: captures.perNode and captures.perMinute in gofire.yaml",
    },
    waiting: {
      kind: "integer",
      placeholder: "100",
      min: 1,
      max: 10_000,
      summary: "captures that may wait; further ones are refused",
    },
    cooldown: {
      kind: "duration",
      placeholder: "10m",
      minMs: 0,
      maxMs: 86_400_000,
      summary: "until alerts may have a service captured again",
    },
    grace: {
      kind: "duration",
      placeholder: "25s",
      minMs: 0,
      maxMs: 600_000,
      summary: "how long work may go on once gofire is told to stop",
    },
    config: {
      kind: "text",
      placeholder: "FILE",
      short: "c",
      summary: "configuration instead of ./gofire.yaml",
    },
  },
  async run(context, options, ports) {
    const { signal } = context;
    const [host, goTargets, sources, clock, config] = await Promise.all([
      ports.host(),
      ports.goTargets(),
      ports.targetSources(),
      ports.clock(),
      ports.config(options.config),
    ]);
    const server = await ports.server(config);
    const { captures = {} } = config ?? {};
    const pages = await pagesOf(config, host);
    const metrics = metricsCatalog(config, ports, host);
    const configs = await configCatalog(config, ports, host);
    const auditLog = await openAuditLog(config, ports, host);
    const gate = configGate(config, configs?.history);
    const auditFiles = await publicAuditFiles(config, ports, host);
    const running = await server.start({
      role: options.role ?? "all",
      listen: listenOf(options.listen ?? "127.0.0.1:8080"),
      graceMs: options.grace ?? defaultGraceMs,
      limits: {
        captures: options.captures ?? captures.overall ?? 20,
        perService: options["captures-per-service"] ?? captures.perService ?? 2,
        waiting: options.waiting ?? captures.waiting ?? 100,
        perNode: captures.perNode ?? 4,
        perMinute: captures.perMinute ?? 30,
        cooldownMs: options.cooldown ?? captures.cooldownMs ?? 600_000,
        ...(captures.cooldownMsOf === undefined ? {} : { cooldownMsOf: captures.cooldownMsOf }),
      },
      stateFolder: stateFolder(host),
      services: serviceCatalog(config, serviceTargets(config, { host, sources, clock }), goTargets),
      tlsPlaces: tlsPlaces(config, host, await ports.tlsProbes()),
      ...(metrics === undefined ? {} : { metrics }),
      ...(configs === undefined ? {} : { configs }),
      ...(gate === undefined ? {} : { gate }),
      ...(pages === undefined ? {} : { pages }),
      ...(auditLog === undefined ? {} : { auditLog }),
      ...(auditFiles === undefined ? {} : { auditFiles }),
      tell: (line) => context.log(line),
    });
    context.log(`gofire is up: ${running.url}/healthz`);
    try {
      if (!signal.aborted) {
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
      }
    } finally {
      context.log("Stopping: what runs may finish…");
      await running.stop();
      await configs?.close();
      await auditLog?.close();
      await auditFiles?.close();
    }
    return { kind: "text", text: "Stopped.\n" };
  },
});

function listenOf(text: string): { host: string; port: number } {
  const parts = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<host>[\w.-]+)):(?<port>\d{1,5})$/i.exec(text)?.groups;
  const host = parts?.["six"] ?? parts?.["host"];
  const port = Number(parts?.["port"]);
  if (host === undefined || !(port <= 65_535)) {
    throw new UsageError(`--listen takes HOST:PORT, not "${text}".`);
  }
  return { host, port };
}
