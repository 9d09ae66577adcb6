import { PortError } from "../../domain/errors.ts";
import { type Incident, isSettled } from "../../domain/incidents/incident.ts";
import { isPeerOpen, type Peer } from "../../domain/incidents/peer.ts";
import type { Clock } from "../../ports/clock.ts";
import { priorityOf, withPlace } from "../incidents/begin.ts";
import { fail, type SettlePorts } from "../incidents/settle.ts";
import { notCompared } from "../peers/peer-round.ts";

/** What changed so lately is in somebody's hands. */
export const leaveAloneMs = 10_000;

/**
 * Takes up what fell between two steps when a process died: an incident that was created and not queued, a capture
 * that was given up and told nobody, a card that the chat did not take. And tells those who wait their place. Every
 * worker does it now and then; doing it twice does no harm.
 */
export async function sweep(
  ports: SettlePorts & { readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const { incidents, queue, clock } = ports;
  for (const id of await incidents.unsettled(clock.nowMs() - leaveAloneMs, signal)) {
    const incident = await incidents.read(id, signal);
    if (incident === undefined) {
      await incidents.settle(id, 0, signal);
      continue;
    }
    if (isSettled(incident.state)) {
      if (incident.peer !== undefined && isPeerOpen(incident.peer)) {
        await takeUpPeer(id, incident.peer, ports, signal);
      }
      await queue.publish(id, "soon", signal);
    } else await takeUp(incident, ports, signal);
  }
}

async function takeUp(incident: Incident, ports: SettlePorts, signal: AbortSignal): Promise<void> {
  const { id } = incident;
  switch (await ports.queue.workOf(id, signal)) {
    case "over":
      await fail(id, "The capture ended without a verdict. Capture again.", ports, signal);
      return;
    case "absent":
      try {
        await ports.queue.enqueueCapture(id, priorityOf(incident), signal);
      } catch (error) {
        if (!(error instanceof PortError && error.code === "rate-limited")) throw error;
        return; // the next sweep tries again
      }
      break;
    case "pending":
      break;
  }
  const placed = await withPlace(incident, ports, signal);
  if (placed.version !== incident.version || incident.card?.ref === undefined)
    await ports.queue.publish(id, "soon", signal);
}

async function takeUpPeer(
  id: string,
  { round }: Peer,
  ports: SettlePorts,
  signal: AbortSignal,
): Promise<void> {
  switch (await ports.queue.peerWorkOf(id, round, signal)) {
    case "over":
      await notCompared(id, round, "the comparison ended without a result", ports, signal);
      return;
    case "absent":
      await ports.queue.enqueuePeer(id, round, signal);
      return;
    case "pending":
      return;
  }
}
