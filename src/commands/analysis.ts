import { setTimeout as sleep } from "node:timers/promises";
import { runAnalyzers } from "../analyzers/run.ts";
import { type Manifest, manifestText } from "../capture/manifest.ts";
import type { GofireConfig, ServiceSettings } from "../config/gofire-config.ts";
import { UsageError } from "../domain/errors.ts";
import { assembleEvidence } from "../domain/evidence/assemble-evidence.ts";
import type { Analyzer } from "../domain/findings/analyzer.ts";
import type { Severity } from "../domain/findings/finding.ts";
import { nearest } from "../domain/nearest.ts";
import { withConfig } from "../governance/explain.ts";
import type { ReadEvidence } from "../ports/evidence-source.ts";
import { analysisDocument } from "../render/document.ts";
import type { Captured } from "./access/capture-target.ts";
import type { CommandContext, Ports } from "./context.ts";
import type { Reply } from "./reply.ts";

/** Options of every command that ends in a verdict. */
export const analysisOptions = {
  format: {
    kind: "choice",
    choices: ["text", "json", "markdown"],
    short: "f",
    summary: "how to print the analysis",
  },
  rules: { kind: "list", placeholder: "ID,ID", names: "rule", summary: "only these rules" },
  severity: {
    kind: "choice",
    choices: ["critical", "warning", "info"],
    summary: "exit with 1 from this severity on (default warning)",
  },
  service: {
    kind: "text",
    placeholder: "NAME",
    names: "service",
    summary: "whose modules and thresholds of gofire.yaml apply",
  },
  module: { kind: "texts", placeholder: "PATH", summary: "import path that is the service's own code too" },
  config: {
    kind: "text",
    placeholder: "FILE",
    short: "c",
    summary: "configuration instead of ./gofire.yaml",
  },
  verbose: { kind: "flag", short: "v", summary: "all groups, all evidence, every check" },
} as const;

export interface AnalysisRequest {
  readonly paths: readonly string[];
  readonly rules?: readonly string[] | undefined;
  readonly severity?: Severity | undefined;
  readonly service?: string | undefined;
  readonly module?: readonly string[] | undefined;
  readonly config?: string | undefined;
  /** They were taken just now: that nothing of them can be read is nobody's mistake. */
  readonly fresh?: boolean;
  /** The manifest of the folder among them, where it found no room in it. */
  readonly unkept?: Manifest | undefined;
}

type AnalysisReply = Extract<Reply, { kind: "analysis" }>;

/** Reads captures and judges them: the shared end of `analyze`, `replay`, `snapshot` and `demo`. */
export async function analyse(
  request: AnalysisRequest,
  context: CommandContext,
  ports: Ports,
): Promise<AnalysisReply> {
  const { signal } = context;
  const [source, config] = await Promise.all([ports.evidence(), ports.config(request.config)]);
  await checkRules(request.rules);
  tellUnknownService(config, request.service, context);
  // Who named no service means the one that the bundle is of.
  const settingsOf = (service: string | undefined) => settingsFor(config, request.service ?? service);
  const [read, analyzers] = await Promise.all([
    source.read(
      request.paths,
      {
        modules: (service) => [...(settingsOf(service)?.modules ?? []), ...(request.module ?? [])],
        ...(request.unkept === undefined ? {} : { unkeptManifest: manifestText(request.unkept) }),
      },
      signal,
    ),
    allAnalyzers(),
  ]);
  const { problems, captures } = read;
  if (
    request.fresh !== true &&
    problems.length > 0 &&
    captures.every((capture) => capture.status === "failed")
  ) {
    throw new UsageError(problems.join("\n"));
  }
  return judged(read, analyzers, request, settingsOf(read.target.service));
}

/** Judges a bundle that was captured just now. */
export async function analyseCaptured(
  { bundle, unkept }: Extract<Captured, { unkept?: Manifest }>,
  request: Omit<AnalysisRequest, "paths">,
  context: CommandContext,
  ports: Ports,
): Promise<AnalysisReply> {
  const reply = await analyse({ ...request, paths: [bundle], fresh: true, unkept }, context, ports);
  return { ...reply, bundle, ...(unkept === undefined ? {} : { bundleIsLoose: true }) };
}

/** The judgement of a capture that gave nothing to judge: what was tried, and which rules could not be checked. */
export async function nothingCaptured(
  request: Omit<AnalysisRequest, "paths">,
  { manifest, why, bundle }: Extract<Captured, { manifest: Manifest }>,
  ports: Ports,
): Promise<AnalysisReply> {
  const config = await ports.config(request.config);
  const { service, instance } = manifest.target;
  const settings = settingsFor(config, request.service ?? service);
  const { evidence, target } = assembleEvidence([], {
    modules: [...(settings?.modules ?? []), ...(request.module ?? [])],
    instance,
    ...(service === undefined ? {} : { service }),
  });
  const { captures } = manifest;
  const read = { evidence, target, captures, problems: [why.message], unread: 1, changed: [] };
  const reply = judged(read, await allAnalyzers(), request, settings);
  return bundle === undefined ? reply : { ...reply, bundle };
}

function judged(
  { evidence, target, captures, problems, unread, changed, folder }: ReadEvidence,
  analyzers: readonly Analyzer[],
  { rules, severity }: Omit<AnalysisRequest, "paths">,
  settings: ServiceSettings | undefined,
): AnalysisReply {
  const judgement = runAnalyzers(analyzers, evidence, target, {
    ...(rules === undefined ? {} : { rules }),
    limits: settings?.thresholds ?? {},
    changed,
    unread,
  });
  return {
    kind: "analysis",
    severity: severity ?? "warning",
    problems,
    unread,
    ...(folder === undefined ? {} : { folder }),
    analysis: analysisDocument(evidence, target, captures, withConfig(judgement, evidence.config)),
  };
}

/**
 * The rules are the largest part of the program. They are loaded while what they judge is being read: another thread
 * decompresses it, and a moment later that one has begun.
 */
async function allAnalyzers(): Promise<readonly Analyzer[]> {
  await sleep(1);
  const { analyzers } = await import("../analyzers/index.ts");
  await optimizeLater();
  return analyzers;
}

/**
 * V8's optimizing compiler works for a process that lives on. This one is over before most of that pays, and on a busy
 * machine it competes with it (docs/decisions/0045-optimize-later.md). V8 takes no code cache under other flags than it
 * was made with, so this comes behind what is loaded.
 */
async function optimizeLater(): Promise<void> {
  // Later versions have a compiler for in between, and other flags.
  if (!process.version.startsWith("v20.")) return;
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString("--interrupt-budget=600000");
}

/** Refuses a rule that there is not. A capture asks first: a typing mistake must not show after it is taken. */
export async function checkRules(wanted: readonly string[] | undefined): Promise<void> {
  if (wanted === undefined) return;
  const { analyzers } = await import("../analyzers/index.ts");
  const known = analyzers.map((analyzer) => analyzer.meta.id);
  const mistakes = wanted
    .filter((id) => !known.includes(id))
    .map((id) => {
      const close = nearest(id, known);
      return `There is no rule "${id}".${close === undefined ? "" : ` Did you mean ${close}?`}`;
    });
  if (mistakes.length > 0) throw new UsageError(`${mistakes.join(" ")} gofire rules lists all.`);
}

/** A name with a typing mistake would leave out the limits that somebody set, and nobody would notice. */
function tellUnknownService(
  config: GofireConfig | undefined,
  service: string | undefined,
  context: CommandContext,
): void {
  if (config === undefined || service === undefined || config.services[service] !== undefined) return;
  const close = nearest(service, Object.keys(config.services));
  const hint = close === undefined ? "" : ` Did you mean ${close}?`;
  context.log(`${config.file} has no service "${service}", so its defaults apply.${hint}`);
}

/** A service that gofire.yaml does not know is judged by the defaults: a bundle may come from elsewhere. */
export function settingsFor(
  config: GofireConfig | undefined,
  service: string | undefined,
): ServiceSettings | undefined {
  return service === undefined ? config?.defaults : (config?.services[service] ?? config?.defaults);
}
