import { lightEvidence } from "../../domain/evidence/light-evidence.ts";
import { type ComparedProcess, comparePeer } from "../../domain/incidents/peer-comparison.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import { type JudgePorts, judgeOf } from "../incidents/judge.ts";
import type { SettlePorts } from "../incidents/settle.ts";
import { putText } from "../thread/contents.ts";
import { peerReplies, withReplies } from "../thread/thread.ts";
import { documentOf } from "./comparison.ts";
import { changeRound } from "./peer-round.ts";

export interface PeerComparisonPorts extends SettlePorts, JudgePorts {
  readonly artifacts: Artifacts;
  /** Hears of what could not be read. */
  readonly onTrouble: (message: string) => void;
}

/**
 * Compares what was captured of a peer with what the incident's verdict stands on. Its artifacts are the same however
 * often it runs. Throws PortError.
 */
export async function compareRound(
  id: string,
  round: number,
  ports: PeerComparisonPorts,
  signal: AbortSignal,
): Promise<void> {
  const { incidents, artifacts, queue } = ports;
  const incident = await incidents.read(id, signal);
  const { peer, bundle, analysis, service } = incident ?? {};
  if (incident === undefined || service === undefined) return;
  if (peer?.bundle === undefined || bundle === undefined || analysis === undefined) return;
  const verdict = await documentOf(analysis.document, artifacts, signal);
  const here = await judgeOf(bundle, service, ports, signal);
  const light = lightEvidence(here.evidence);
  const there = await judgeOf(peer.bundle, service, ports, signal);
  const judged = there.judge(there.evidence);
  const key = `incidents/${id}/peer-${peer.runs}-analysis.json`;
  const document = await putText(key, `${JSON.stringify(judged, undefined, 2)}\n`, artifacts, signal);
  for (const problem of there.problems) ports.onTrouble(`${id}, ${peer.instance ?? "peer"}: ${problem}`);
  const total = there.evidence.goroutines?.best.total;
  const comparison = comparePeer(
    {
      ...lookOf(incident.instance ?? service, light),
      ...(analysis.goroutines === undefined ? {} : { goroutines: analysis.goroutines }),
      analysis: verdict,
    },
    here.judge(light),
    {
      ...lookOf(peer.instance ?? "the peer", lightEvidence(there.evidence)),
      ...(total === undefined ? {} : { goroutines: total }),
      analysis: judged,
    },
  );
  await changeRound(
    id,
    round,
    (now) => ({
      ...now,
      peer: { ...now.peer, state: "compared", comparison, document },
      replies: withReplies(now.replies, peerReplies(now, now.peer)),
    }),
    ports,
    signal,
  );
  await queue.publish(id, "now", signal);
}

/** What a comparison looks at, of evidence that is no more than a short capture's. */
function lookOf(
  name: string,
  { goroutines, heap }: ReturnType<typeof lightEvidence>,
): Pick<ComparedProcess, "name" | "snapshot" | "heap"> {
  return {
    name,
    ...(goroutines === undefined ? {} : { snapshot: goroutines.best }),
    ...(heap === undefined ? {} : { heap: heap[0] }),
  };
}
