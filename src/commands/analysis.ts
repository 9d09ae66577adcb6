import { setTimeout as sleep } from "node:timers/promises";
import { runAnalyzers } from "../analyzers/run.ts";
import type { GofireConfig, ServiceSettings } from "../config/gofire-config.ts";
import { UsageError } from "../domain/errors.ts";
import type { Analyzer } from "../domain/findings/analyzer.ts";
import type { Severity } from "../domain/findings/finding.ts";
import { nearest } from "../domain/nearest.ts";
import { withConfig } from "../governance/explain.ts";
import { analysisDocument } from "../render/document.ts";
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
}

/** Reads captures and judges them: the shared end of `analyze`, `replay`, `snapshot` and `demo`. */
export async function analyse(
  request: AnalysisRequest,
  context: CommandContext,
  ports: Ports,
): Promise<Extract<Reply, { kind: "analysis" }>> {
  const { signal } = context;
  const [source, config] = await Promise.all([ports.evidence(), ports.config(request.config)]);
  await checkRules(request.rules);
  tellUnknownService(config, request.service, context);
  // Who named no service means the one that the bundle is of.
  const settingsOf = (service: string | undefined) => settingsFor(config, request.service ?? service);
  const [{ evidence, target, captures, problems, unread, changed }, analyzers] = await Promise.all([
    source.read(
      request.paths,
      { modules: (service) => [...(settingsOf(service)?.modules ?? []), ...(request.module ?? [])] },
      signal,
    ),
    allAnalyzers(),
  ]);
  if (problems.length > 0 && captures.every((capture) => capture.status === "failed")) {
    throw new UsageError(problems.join("\n"));
  }
  const judgement = runAnalyzers(analyzers, evidence, target, {
    ...(request.rules === undefined ? {} : { rules: request.rules }),
    limits: settingsOf(target.service)?.thresholds ?? {},
    changed,
    unread,
  });
  return {
    kind: "analysis",
    severity: request.severity ?? "warning",
    problems,
    unread,
    analysis: analysisDocument(evidence, target, captures, withConfig(judgement, evidence.config)),
  };
}

/**
 * The rules are the largest part of the program. They are loaded while what they judge is being read: another thread
 * decompresses it, and a moment later that one has begun.
 */
async function allAnalyzers(): Promise<readonly Analyzer[]> {
  await sleep(1);
  return (await import("../analyzers/index.ts")).analyzers;
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
