import { analyzers } from "../../src/analyzers/index.ts";
import { runAnalyzers } from "../../src/analyzers/run.ts";
import type { ConfigHistoryFacts } from "../../src/domain/configuration/config-change.ts";
import type { ServiceContext } from "../../src/domain/context/service-context.ts";
import type { Analysis } from "../../src/domain/findings/finding.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { withConfig } from "../../src/governance/explain.ts";
import { evidenceSource } from "../../src/integrations/artifacts/evidence-source.ts";
import { stepOf } from "../../src/jobs/captures/steps.ts";
import { summaryOf } from "../../src/jobs/incidents/summary.ts";
import { analysisDocument } from "../../src/render/document.ts";

/** A recorded capture of the lab, judged as the bot judges it. */
export interface Recorded {
  readonly incident: Incident;
  readonly analysis: Analysis;
  /** Of the capture bundle. */
  readonly folder: string;
}

/**
 * `mode`: a folder of lab/captures/<Go version>, e.g. `mutex-io`; `context`: what a Prometheus would have said, `config`: what
 * the repository of its configuration, into which gofire may push.
 */
export async function recorded(
  mode: string,
  id: string,
  goVersion = "go1.26.8",
  context?: ServiceContext,
  config?: ConfigHistoryFacts,
): Promise<Recorded> {
  const source = evidenceSource();
  const folder = `lab/captures/${goVersion}/${mode}`;
  const read = await source.read([folder], { modules: [] }, new AbortController().signal);
  const { target, captures } = read;
  const evidence = context === undefined ? read.evidence : { ...read.evidence, context };
  const judgement = withConfig(runAnalyzers(analyzers, evidence, target, {}), config);
  const analysis = analysisDocument(evidence, target, captures, judgement);
  const startedAtMs = Math.min(...captures.map((capture) => capture.startedAtMs ?? Number.POSITIVE_INFINITY));
  const createdAtMs = Number.isFinite(startedAtMs) ? startedAtMs : 0;
  return {
    analysis,
    folder,
    incident: {
      id,
      version: 1,
      state: "verdict",
      service: target.service ?? "shop",
      ...(target.instance === undefined ? {} : { instance: target.instance }),
      wish: {},
      origin: { kind: "command", userId: "U0MIRA0001", intent: id },
      place: { channel: "C0INCID001" },
      createdAtMs,
      updatedAtMs: createdAtMs + 31_000,
      runs: 1,
      steps: captures.map(stepOf),
      analysis: summaryOf(analysis, `incidents/${id}/analysis.json`, evidence.goroutines?.best.total, {
        isWritable: config !== undefined,
      }),
      repeats: 0,
      replies: [],
    },
  };
}
