import type { RunnableJob } from "../ports/worker.ts";
import { type AnalyseJobPorts, analyse } from "./analyse.ts";
import { type CaptureJobPorts, capture } from "./capture.ts";
import { bindJob } from "./job.ts";
import { type PageJobPorts, page } from "./page.ts";
import { pageMessage } from "./page-message.ts";
import { type PeerJobPorts, peer } from "./peer.ts";
import { type PublishJobPorts, publish } from "./publish.ts";
import { type StormJobPorts, storm } from "./storm.ts";

/** Everything that jobs ask of the outside world. */
export type JobPorts = CaptureJobPorts &
  AnalyseJobPorts &
  PeerJobPorts &
  PublishJobPorts &
  PageJobPorts &
  StormJobPorts;

/** Every job, with its ports. */
export function jobs(ports: JobPorts): readonly RunnableJob[] {
  return [
    bindJob(capture, ports),
    bindJob(analyse, ports),
    bindJob(peer, ports),
    bindJob(publish, ports),
    bindJob(page, ports),
    bindJob(pageMessage, ports),
    bindJob(storm, ports),
  ];
}

/** How failed attempts are repeated, for the queue. */
export const retries = {
  capture: { attempts: capture.attempts, backoffMs: capture.backoffMs },
  analyse: { attempts: analyse.attempts, backoffMs: analyse.backoffMs },
  peer: { attempts: peer.attempts, backoffMs: peer.backoffMs },
  publish: { attempts: publish.attempts, backoffMs: publish.backoffMs },
  page: { attempts: page.attempts, backoffMs: page.backoffMs },
  storm: { attempts: storm.attempts, backoffMs: storm.backoffMs },
  "page-message": { attempts: pageMessage.attempts, backoffMs: pageMessage.backoffMs },
};
