import { UsageError } from "../domain/errors.ts";
import type { Analysis, Severity } from "../domain/finding.ts";
import { nearest } from "../domain/nearest.ts";
import type { ReadEvidence } from "../ports/evidence-source.ts";
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
  rules: { kind: "list", placeholder: "ID,ID", summary: "only these rules" },
  severity: {
    kind: "choice",
    choices: ["critical", "warning", "info"],
    summary: "exit with 1 from this severity on (default warning)",
  },
  service: {
    kind: "text",
    placeholder: "NAME",
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
  { signal }: CommandContext,
  ports: Ports,
): Promise<Extract<Reply, { kind: "analysis" }>> {
  const [{ analyzers }, { runAnalyzers }, source] = await Promise.all([
    import("../analyzers/index.ts"),
    import("../analyzers/run.ts"),
    ports.evidence(),
  ]);
  checkRules(
    request.rules ?? [],
    analyzers.map((analyzer) => analyzer.meta.id),
  );
  const config = await ports.config(request.config);
  const service = serviceSettings(config, request.service);
  const read = await source.read(
    request.paths,
    { modules: [...service.modules, ...(request.module ?? [])] },
    signal,
  );
  if (read.captures.every((capture) => capture.status === "failed") && read.problems.length > 0) {
    throw new UsageError(read.problems.join("\n"));
  }
  const limits = service.thresholds ?? (await thresholdsOf(config, read.target.service));
  const judgement = runAnalyzers(analyzers, read.evidence, read.target, {
    ...(request.rules === undefined ? {} : { rules: request.rules }),
    limits,
  });
  return {
    kind: "analysis",
    severity: request.severity ?? "warning",
    problems: read.problems,
    analysis: { ...document(read, request.service), ...judgement },
  };
}
