import { UsageError } from "../../domain/errors.ts";
import { present } from "../../domain/present.ts";
import type { Role } from "../../ports/server.ts";
import { openAuditLog, publicAuditFiles } from "../access/audit-log.ts";
import { configGate } from "../access/config-gate.ts";
import { configCatalog } from "../access/config-history.ts";
import { metricsCatalog } from "../access/metrics-server.ts";
import { pagesOf } from "../access/paging.ts";
import { serviceCatalog } from "../access/service-catalog.ts";
import { serviceTargets } from "../access/service-targets.ts";
import { tlsPlaces } from "../access/tls-places.ts";
import type { CommandContext, Ports } from "../context.ts";
import { stateFolder } from "../state-folder.ts";

/** Longer than a usual capture, shorter than the 30 s that Kubernetes waits before it kills. */
const defaultGraceMs = 25_000;

/** Where gofire.yaml says nothing: ours, as docs/decisions/0016-storms.md has them. */
const usualLimits = {
  overall: 20,
  perService: 2,
  waiting: 100,
  perNode: 4,
  perMinute: 30,
  cooldownMs: 600_000,
};

/** Of `gofire serve`; what is absent is as gofire.yaml or the default has it. Times in milliseconds. */
interface ServeOptions {
  readonly role: Role | undefined;
  readonly listen: string | undefined;
  readonly captures: number | undefined;
  readonly "captures-per-service": number | undefined;
  readonly waiting: number | undefined;
  readonly cooldown: number | undefined;
  readonly grace: number | undefined;
  readonly config: string | undefined;
}

/** The bot with what gofire.yaml names, until the process is told to stop. */
export async function runBot(options: ServeOptions, context: CommandContext, ports: Ports): Promise<void> {
  const { signal } = context;
  const [host, goTargets, sources, clock, config] = await Promise.all([
    ports.host(),
    ports.goTargets(),
    ports.targetSources(),
    ports.clock(),
    ports.config(options.config),
  ]);
  const server = await ports.server(config);
  const captures = { ...usualLimits, ...config?.captures };
  const pages = await pagesOf(config, host);
  const metrics = metricsCatalog(config, ports, host);
  const configs = await configCatalog(config, ports, host);
  const auditLog = await openAuditLog(config, ports, host);
  const gate = configGate(config, configs?.history);
  const auditFiles = await publicAuditFiles(config, ports, host);
  try {
    const running = await server.start({
      role: options.role ?? "all",
      listen: listenOf(options.listen ?? "127.0.0.1:8080"),
      graceMs: options.grace ?? defaultGraceMs,
      limits: {
        captures: options.captures ?? captures.overall,
        perService: options["captures-per-service"] ?? captures.perService,
        waiting: options.waiting ?? captures.waiting,
        perNode: captures.perNode,
        perMinute: captures.perMinute,
        cooldownMs: options.cooldown ?? captures.cooldownMs,
        ...(captures.cooldownMsOf === undefined ? {} : { cooldownMsOf: captures.cooldownMsOf }),
      },
      stateFolder: stateFolder(host),
      services: serviceCatalog(config, serviceTargets(config, { host, sources, clock }), goTargets),
      tlsPlaces: tlsPlaces(config, host, await ports.tlsProbes()),
      ...present({ metrics, configs, gate, pages, auditLog, auditFiles }),
      tell: (line) => context.log(line),
    });
    context.log(`gofire is up: ${running.url}/healthz`);
    await aborted(signal);
    context.log("Stopping: what runs may finish…");
    await running.stop();
  } finally {
    // Also where the server could not start.
    await configs?.close();
    await auditLog?.close();
    await auditFiles?.close();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function listenOf(text: string): { host: string; port: number } {
  const parts = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<host>[\w.-]+)):(?<port>\d{1,5})$/i.exec(text)?.groups;
  const host = parts?.["six"] ?? parts?.["host"];
  const port = Number(parts?.["port"]);
  if (host === undefined || !(port <= 65_535)) {
    throw new UsageError(`--listen takes HOST:PORT, not "${text}".`);
  }
  return { host, port };
}
