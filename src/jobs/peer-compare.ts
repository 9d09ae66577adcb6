import type { Evidence } from "../domain/evidence.ts";
import { lightEvidence } from "../domain/light-evidence.ts";
import { comparePeer } from "../domain/peer-comparison.ts";
import { sampleIndexOf } from "../domain/profile.ts";
import { profileTotal } from "../domain/profile-totals.ts";
import type { Artifacts } from "../ports/artifacts.ts";
import type { Clock } from "../ports/clock.ts";
import { documentOf } from "./comparison.ts";
import { putText } from "./contents.ts";
import { instancesOf } from "./instances.ts";
import { type JudgePorts, judgeOf } from "./judge.ts";
import { changeRound } from "./peer-round.ts";
import type { SettlePorts } from "./settle.ts";
import { peerReplies, withReplies } from "./thread.ts";

export interface PeerComparisonPorts extends SettlePorts, JudgePorts {
  readonly artifacts: Artifacts;
  readonly clock: Clock;
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
  const [first = service] = await instancesOf(service, ports.services);
  const comparison = comparePeer(
    {
      ...lookOf(incident.instance ?? first, light),
      ...totalsOf(analysis.goroutines, here.evidence),
      analysis: verdict,
    },
    here.judge(light),
    {
      ...lookOf(peer.instance ?? "the peer", there.evidence),
      ...totalsOf(there.evidence.goroutines?.best.total, there.evidence),
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

function lookOf(name: string, { goroutines }: Pick<Partial<Evidence>, "goroutines">) {
  return {
    name,
    ...(goroutines === undefined ? {} : { snapshot: goroutines.series.at(-1) ?? goroutines.best }),
  };
}

function totalsOf(goroutines: number | undefined, { heap }: Pick<Partial<Evidence>, "heap">) {
  const profile = heap?.at(-1);
  const index = profile === undefined ? -1 : sampleIndexOf(profile, "inuse_space");
  return {
    ...(goroutines === undefined ? {} : { goroutines }),
    ...(profile === undefined || index === -1 ? {} : { heapBytes: profileTotal(profile, index) }),
  };
}
