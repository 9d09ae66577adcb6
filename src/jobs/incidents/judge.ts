import { analyzers } from "../../analyzers/index.ts";
import { runAnalyzers } from "../../analyzers/run.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import { withConfig } from "../../governance/explain.ts";
import type { EvidenceSource, ReadEvidence } from "../../ports/evidence-source.ts";
import type { Mutes } from "../../ports/mutes.ts";
import type { Services } from "../../ports/services.ts";
import { analysisDocument } from "../../render/document.ts";
import { mutedRules, withMuted } from "../pages/muted.ts";

export interface JudgePorts {
  /** Reads bundles by their key prefix. */
  readonly evidence: EvidenceSource;
  readonly services: Services;
  readonly mutes: Mutes;
}

/** What a bundle holds, and how to judge it or a part of it by the service's limits and mutes. */
export interface Judge extends ReadEvidence {
  readonly judge: (evidence: Partial<Evidence>) => Analysis;
}

/** Reads what is kept under `bundle`, and what counts for the service now. What of it cannot be read is a problem, no error. */
export async function judgeOf(
  bundle: string,
  service: string,
  ports: JudgePorts,
  signal: AbortSignal,
): Promise<Judge> {
  const { modules, thresholds } = await ports.services.rules(service);
  const read = await ports.evidence.read([bundle], { modules }, signal);
  const muted = mutedRules(await ports.mutes.list(signal), service);
  const heard = analyzers.filter(({ meta }) => !muted.has(meta.id));
  return {
    ...read,
    judge(evidence) {
      const options = { limits: thresholds, changed: read.changed, unread: read.unread };
      const judgement = runAnalyzers(heard, evidence, read.target, options);
      const heardJudgement = withConfig(withMuted(judgement, muted), evidence.config);
      return analysisDocument(evidence, read.target, read.captures, heardJudgement);
    },
  };
}
