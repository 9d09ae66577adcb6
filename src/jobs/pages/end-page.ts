import { type Incident, isSettled } from "../../domain/incidents/incident.ts";
import type { SettlePorts } from "../incidents/settle.ts";

/**
 * Says on the incident's card that its alerts ended. A capture that is under way goes on: its verdict is wanted all the
 * same, and comes as resolved.
 */
export async function endPage(
  { id }: Incident,
  endedAtMs: number,
  { incidents, queue }: SettlePorts,
  signal: AbortSignal,
): Promise<void> {
  await incidents.update(id, (now) => resolved(now, endedAtMs), signal);
  await queue.publish(id, "now", signal);
}

function resolved(incident: Incident, resolvedAtMs: number): Incident {
  if (incident.resolvedAtMs !== undefined) return incident;
  return { ...incident, resolvedAtMs, ...(isSettled(incident.state) ? { state: "resolved" } : {}) };
}
