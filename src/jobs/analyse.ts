import * as z from "zod/mini";
import { analyzers } from "../analyzers/index.ts";
import { runAnalyzers } from "../analyzers/run.ts";
import { type Incident, isSettled } from "../domain/incident.ts";
import type { Artifacts } from "../ports/artifacts.ts";
import type { EvidenceSource } from "../ports/evidence-source.ts";
import type { Mutes } from "../ports/mutes.ts";
import type { Services } from "../ports/services.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { analysisDocument } from "../render/document.ts";
import { analysisMarkdown } from "../render/markdown.ts";
import { contentTypeOf, utf8 } from "./contents.ts";
import { defineJob, done } from "./job.ts";
import { mutedRules, withMuted } from "./muted.ts";
import { fail, type SettlePorts } from "./settle.ts";
import { summaryOf } from "./summary.ts";
import { repliesFor, withReplies } from "./thread.ts";

export interface AnalyseJobPorts extends SettlePorts {
  readonly artifacts: Artifacts;
  /** Reads bundles by their key prefix. */
  readonly evidence: EvidenceSource;
  readonly services: Services;
  readonly mutes: Mutes;
  /** Hears of what could not be read. */
  readonly onTrouble: (message: string) => void;
}

/** Judges what was captured. Its artifacts are the same however often it runs. */
export const analyse = defineJob({
  name: "analyse",
  payload: z.object({ incidentId: z.string() }),
  attempts: 4,
  backoffMs: 1_000,
  timeoutMs: 300_000,
  // Judging takes one core and waits for files before and after; a few overlap, so that of many captures that end
  // together none waits for all the others' files. More would only hold more large dumps in memory.
  concurrency: 4,
  async run({ incidentId }, ports: AnalyseJobPorts, { signal }): Promise<JobOutcome> {
    const incident = await ports.incidents.read(incidentId, signal);
    if (incident === undefined || isSettled(incident.state)) return done;
    if (incident.bundle === undefined) {
      await fail(incidentId, "The capture ended without anything to judge. Capture again.", ports, signal);
      return done;
    }
    await judge(incident, incident.bundle, ports, signal);
    return done;
  },
  async gaveUp({ incidentId }, reason, ports, signal) {
    await fail(incidentId, `What was captured could not be judged: ${reason}`, ports, signal);
  },
});

async function judge(
  incident: Incident,
  bundle: string,
  ports: AnalyseJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const { artifacts } = ports;
  const { modules, thresholds } = await ports.services.rules(incident.service);
  const { evidence, target, captures, problems } = await ports.evidence.read([bundle], { modules }, signal);
  const muted = mutedRules(await ports.mutes.list(signal), incident.service);
  const heard = analyzers.filter(({ meta }) => !muted.has(meta.id));
  const judgement = withMuted(runAnalyzers(heard, evidence, target, { limits: thresholds }), muted);
  const analysis = analysisDocument(evidence, target, captures, judgement);

  async function put(name: string, text: string): Promise<string> {
    const key = `incidents/${incident.id}/${name}`;
    await artifacts.put(key, utf8(text), { contentType: contentTypeOf(name) }, signal);
    return key;
  }

  const [document, findings] = await Promise.all([
    put("analysis.json", `${JSON.stringify(analysis, undefined, 2)}\n`),
    put("findings.md", analysisMarkdown(analysis)),
  ]);
  for (const problem of problems) ports.onTrouble(`${incident.id}: ${problem}`);
  const summary = summaryOf(analysis, document, evidence.goroutines?.best.total);
  await ports.incidents.update(
    incident.id,
    (now) =>
      isSettled(now.state)
        ? now
        : {
            ...now,
            // The alert may have ended meanwhile.
            state: now.resolvedAtMs === undefined ? "verdict" : "resolved",
            analysis: summary,
            replies: withReplies(now.replies, repliesFor(now, analysis, findings, "later")),
          },
    signal,
  );
  await ports.queue.publish(incident.id, "now", signal);
}
