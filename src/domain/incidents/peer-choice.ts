import type { ServiceProcesses } from "../targets/service-process.ts";

/** What is known of a service's processes when a peer for one of them is wanted. */
export interface PeerCandidates extends Pick<ServiceProcesses, "processes" | "knownFrom"> {
  readonly service: string;
  /** The one that was captured; the first when absent. */
  readonly captured?: string;
  /** Those that firing alerts name: they are no measure of health. */
  readonly alerted: ReadonlySet<string>;
  /** Those whose last capture is so fresh that alerts may not have them captured again. */
  readonly cooling: ReadonlySet<string>;
  /** What the alerts call the sick process, when that is none of these. */
  readonly unknownInstance?: string;
  /** People may have a process captured however fresh its last capture is, and know better which one is sick. */
  readonly byPerson: boolean;
}

export type PeerChoice =
  | { readonly instance: string }
  /** Nothing to compare with; why, in words. */
  | { readonly reason: string };

/**
 * The next process after the captured one, in their order and from its end on from the beginning, that no firing alert
 * names, that whoever lists it takes for ready, and that was not captured just now. The same facts give the same peer;
 * another sick process has another neighbour, so that captures spread over the service.
 */
export function choosePeer({
  service,
  processes,
  knownFrom,
  captured = processes[0]?.name,
  alerted,
  cooling,
  unknownInstance,
  byPerson,
}: PeerCandidates): PeerChoice {
  if (unknownInstance !== undefined && !byPerson) {
    return {
      reason: `the alert is about ${unknownInstance}, which is unknown to ${knownFrom}: any process of ${service} may be the sick one`,
    };
  }
  const at = processes.findIndex(({ name }) => name === captured);
  const others = [...processes.slice(at + 1), ...processes.slice(0, Math.max(0, at))];
  if (others.length === 0) return { reason: `no other process of ${service} is known from ${knownFrom}` };
  const ready = others.filter(({ isReady = true }) => isReady);
  if (ready.length === 0) return { reason: `no other process of ${service} is ready` };
  const quiet = ready.flatMap(({ name }) => (alerted.has(name) ? [] : [name]));
  if (quiet.length === 0) return { reason: `alerts are firing for every other process of ${service}` };
  const instance = quiet.find((each) => !cooling.has(each)) ?? (byPerson ? quiet[0] : undefined);
  return instance === undefined
    ? {
        reason: `every other process of ${service} was captured a moment ago, and alerts may not ask again so soon`,
      }
    : { instance };
}
