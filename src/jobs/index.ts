import type { JobName, RunnableJob } from "../ports/worker.ts";
import { type AnalyseJobPorts, analyse } from "./analyse.ts";
import { type CaptureJobPorts, capture } from "./capture.ts";
import { type GateJobPorts, gate } from "./gate.ts";
import { type GateCardJobPorts, gateCard } from "./gate-card.ts";
import { bindJob } from "./job.ts";
import { type PageJobPorts, page } from "./page.ts";
import { pageMessage } from "./page-message.ts";
import { type PeerJobPorts, peer } from "./peer.ts";
import { type PublishJobPorts, publish } from "./publish.ts";
import { type RollbackJobPorts, rollback } from "./rollback.ts";
import { type RollbackStepJobPorts, rollbackStep } from "./rollback-step.ts";
import { type StormJobPorts, storm } from "./storm.ts";
import { type TlsLookJobPorts, tlsLook } from "./tls-look.ts";

/** Everything that jobs ask of the outside world. */
export type JobPorts = CaptureJobPorts &
  AnalyseJobPorts &
  PeerJobPorts &
  PublishJobPorts &
  PageJobPorts &
  StormJobPorts &
  TlsLookJobPorts &
  GateJobPorts &
  GateCardJobPorts &
  RollbackJobPorts &
  RollbackStepJobPorts;

/** Every job, with its ports. A name that has no job does not compile: what is enqueued under it would wait for ever. */
export function jobs(ports: JobPorts): readonly RunnableJob[] {
  const byName: Readonly<Record<JobName, RunnableJob>> = {
    capture: bindJob(capture, ports),
    analyse: bindJob(analyse, ports),
    peer: bindJob(peer, ports),
    publish: bindJob(publish, ports),
    page: bindJob(page, ports),
    "page-message": bindJob(pageMessage, ports),
    storm: bindJob(storm, ports),
    "tls-look": bindJob(tlsLook, ports),
    gate: bindJob(gate, ports),
    "gate-card": bindJob(gateCard, ports),
    rollback: bindJob(rollback, ports),
    "rollback-step": bindJob(rollbackStep, ports),
  };
  return Object.values(byName);
}

/** How failed attempts are repeated, for the queue. */
export const retries = {
  capture: retryOf(capture),
  analyse: retryOf(analyse),
  peer: retryOf(peer),
  publish: retryOf(publish),
  page: retryOf(page),
  "page-message": retryOf(pageMessage),
  storm: retryOf(storm),
  "tls-look": retryOf(tlsLook),
  gate: retryOf(gate),
  "gate-card": retryOf(gateCard),
  rollback: retryOf(rollback),
  "rollback-step": retryOf(rollbackStep),
};

function retryOf({ attempts, backoffMs }: Pick<RunnableJob, "attempts" | "backoffMs">) {
  return { attempts, backoffMs };
}
