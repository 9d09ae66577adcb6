import * as z from "zod/mini";
import { type Incident, isSettled } from "../domain/incidents/incident.ts";
import { isPeerOpen, peerAfterVerdict } from "../domain/incidents/peer.ts";
import { unrecordedWaitsNote } from "../domain/profiles/block-profile.ts";
import type { Artifacts } from "../ports/artifacts.ts";
import type { ConfigCatalog } from "../ports/config-history.ts";
import type { Feedback } from "../ports/feedback.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { analysisMarkdown } from "../render/markdown.ts";
import { type JudgePorts, judgeOf } from "./incidents/judge.ts";
import { fail, type SettlePorts } from "./incidents/settle.ts";
import { summaryOf } from "./incidents/summary.ts";
import { defineJob, done } from "./job.ts";
import { processCount } from "./peers/process-count.ts";
import { putText } from "./thread/contents.ts";
import { repliesFor, withReplies } from "./thread/thread.ts";
import type { VerdictsFirst } from "./turns/verdicts-first.ts";

export interface AnalyseJobPorts extends SettlePorts, JudgePorts {
  readonly artifacts: Artifacts;
  readonly feedback: Pick<Feedback, "fired">;
  readonly verdictsFirst: VerdictsFirst;
  readonly configs?: Pick<ConfigCatalog, "of">;
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
    const { bundle } = incident;
    await ports.verdictsFirst.judging(() => judge(incident, bundle, ports, signal));
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
  const { artifacts, queue } = ports;
  const { id, service } = incident;
  const { evidence, problems, judge: judgement } = await judgeOf(bundle, service, ports, signal);
  const analysis = judgement(evidence);
  const [document, findings] = await Promise.all([
    putText(
      `incidents/${id}/analysis.json`,
      `${JSON.stringify(analysis, undefined, 2)}\n`,
      artifacts,
      signal,
    ),
    putText(`incidents/${id}/findings.md`, analysisMarkdown(analysis), artifacts, signal),
  ]);
  for (const problem of problems) ports.onTrouble(`${id}: ${problem}`);
  const isWritable = ports.configs?.of(service)?.writer !== undefined;
  const summary = summaryOf(analysis, document, evidence.goroutines?.best.total, { isWritable });
  const note = incident.wish.block === true ? unrecordedWaitsNote(evidence) : undefined;
  // Before the verdict: once that stands, nobody comes back here.
  await ports.feedback.fired(id, analysis.findings, signal);
  const processes = await processCount(service, ports.services, signal);
  const { peer } = await ports.incidents.update(
    id,
    (now) => {
      if (isSettled(now.state)) return now;
      const wanted = peerAfterVerdict(now, processes);
      return {
        ...now,
        // The alert may have ended meanwhile.
        state: now.resolvedAtMs === undefined ? "verdict" : "resolved",
        analysis: note === undefined ? summary : { ...summary, notes: [note] },
        ...(wanted === undefined ? {} : { peer: wanted }),
        replies: withReplies(now.replies, repliesFor(now, analysis, findings, "later")),
      };
    },
    signal,
  );
  await queue.publish(id, "now", signal);
  // The verdict does not wait for it. What dies before this is taken up by the sweep.
  if (peer !== undefined && isPeerOpen(peer)) await queue.enqueuePeer(id, peer.round, signal);
}
