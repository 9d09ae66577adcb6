import { severityRank } from "../../domain/alerts/severity-label.ts";
import { PortError } from "../../domain/errors.ts";
import type { Incident, IncidentDraft } from "../../domain/incidents/incident.ts";
import type { Priority } from "../../ports/queue.ts";
import type { SettlePorts } from "./settle.ts";

/**
 * Begins an incident: its card appears, its capture is queued. The same intent again gives the incident that it began,
 * and begins nothing. Throws PortError `rate-limited`, in words for the person, when the queue is full: then there is
 * no card, except for a page.
 */
export async function beginIncident(
  draft: IncidentDraft,
  ports: SettlePorts,
  signal: AbortSignal,
): Promise<{ readonly incident: Incident; readonly isNew: boolean }> {
  const { incidents, queue } = ports;
  const { incident, isNew } = await incidents.create(draft, signal);
  if (!isNew) return { incident, isNew };
  try {
    await queue.enqueueCapture(incident.id, priorityOf(incident), signal);
  } catch (error) {
    if (!(error instanceof PortError && error.code === "rate-limited")) throw error;
    const { version, origin } = await incidents.update(
      incident.id,
      (now) => ({ ...now, state: "failed", problem: error.message }),
      signal,
    );
    // A page's card says so, also when this process dies before it asks for that: the sweep finds what is not settled.
    if (origin.kind !== "page") await incidents.settle(incident.id, version, signal);
    throw error;
  }
  const placed = await withPlace(incident, ports, signal);
  await queue.publish(incident.id, "now", signal);
  return { incident: placed, isNew };
}

/**
 * Begins an incident that nothing is captured for. It says why from its first moment: whoever dies, nobody finds it
 * without a word and takes it for one that waits.
 */
export async function beginUncaptured(
  draft: IncidentDraft & { readonly problem: string },
  { incidents, queue }: SettlePorts,
  signal: AbortSignal,
): Promise<void> {
  const { incident } = await incidents.create(draft, signal);
  await queue.publish(incident.id, "now", signal);
}

export function priorityOf({ origin }: Incident): Priority {
  if (origin.kind !== "page") return "person";
  const { severity } = origin.page ?? {};
  return severity !== undefined && severityRank(severity) === 0 ? "critical-page" : "page";
}

/** The incident with its place in the queue as it is now; unchanged once it is captured. */
export async function withPlace(
  incident: Incident,
  { incidents, queue }: SettlePorts,
  signal: AbortSignal,
): Promise<Incident> {
  const queuePlace = await queue.placeOf(incident.id, signal);
  return await incidents.update(
    incident.id,
    (now) =>
      now.state !== "queued" || queuePlace === undefined || now.queuePlace === queuePlace
        ? now
        : { ...now, queuePlace },
    signal,
  );
}
