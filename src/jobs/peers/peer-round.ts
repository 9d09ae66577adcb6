import { UsageError } from "../../domain/errors.ts";
import { type Incident, isSettled } from "../../domain/incidents/incident.ts";
import { askedAgain, isPeerOpen, type Peer } from "../../domain/incidents/peer.ts";
import type { Services } from "../../ports/services.ts";
import type { SettlePorts } from "../incidents/settle.ts";

/**
 * Has a peer of the incident's process captured and compared, for a person. Asking twice is once. Throws UsageError, in
 * words for the person, where there is nothing to compare or it is compared already, PortError `not-found`.
 */
export async function askForPeer(
  incident: Incident,
  { incidents, queue, services }: SettlePorts & { readonly services: Services },
  signal: AbortSignal,
): Promise<{ readonly incident: Incident; readonly isNew: boolean }> {
  const { id, service } = incident;
  const { processes, knownFrom } = await services.processes(service, signal);
  if (processes.length < 2) {
    throw new UsageError(
      `No other process of ${service} is known from ${knownFrom} to compare with. gofire.yaml says under services.${service} which there are: targets lists them, discover says where to look.`,
    );
  }
  let isNew = false;
  const asked = await incidents.update(
    id,
    (now) => {
      isNew = false;
      if (now.bundle === undefined || now.analysis === undefined || !isSettled(now.state)) {
        throw new UsageError(`${id} has no verdict to compare a peer with. Its card says why.`);
      }
      if (isPeerOpen(now.peer)) return now;
      if (now.peer?.state === "compared") {
        throw new UsageError(
          `${id} is compared with ${now.peer.instance ?? "a peer"} already: its card says how they differ. ` +
            `For how they are now: /gofire snapshot ${service} peer`,
        );
      }
      isNew = true;
      return { ...now, peer: askedAgain(now.peer, true) };
    },
    signal,
  );
  if (asked.peer !== undefined && isNew) {
    await queue.enqueuePeer(id, asked.peer.round, signal);
    await queue.publish(id, "now", signal);
  }
  return { incident: asked, isNew };
}

/** Ends a round without a comparison; does nothing when it has ended already. `reason` follows "not compared: ". */
export async function notCompared(
  id: string,
  round: number,
  reason: string,
  ports: SettlePorts,
  signal: AbortSignal,
): Promise<void> {
  await changeRound(
    id,
    round,
    (now) => ({ ...now, peer: { ...now.peer, state: "not-compared", reason } }),
    ports,
    signal,
  );
  await ports.queue.publish(id, "now", signal);
}

/** An incident whose peer is waited for or captured. */
type WithPeer = Incident & { readonly peer: Peer };

/** Changes the incident while the round lasts; otherwise nothing happens. */
export async function changeRound(
  id: string,
  round: number,
  change: (now: WithPeer) => Incident,
  { incidents }: Pick<SettlePorts, "incidents">,
  signal: AbortSignal,
): Promise<Incident> {
  return await incidents.update(
    id,
    (now) => {
      const { peer } = now;
      if (peer === undefined || peer.round !== round || !isPeerOpen(peer)) return now;
      return change({ ...now, peer });
    },
    signal,
  );
}
