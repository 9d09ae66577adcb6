import { PortError } from "../../domain/errors.ts";
import { type HumanAct, withAct } from "../../domain/incident-record.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Incidents } from "../../ports/incidents.ts";

/**
 * Puts what a person did into an incident's record, once for each intent. An incident that was forgotten meanwhile has
 * none. Throws PortError when the store cannot be reached.
 */
export async function noteAct(
  incidentId: string,
  act: HumanAct,
  { userId, intent }: { readonly userId: string; readonly intent: string },
  { incidents, clock }: { readonly incidents: Incidents; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const atMs = clock.nowMs();
  try {
    await incidents.update(incidentId, (now) => withAct(now, act, { userId, intent, atMs }), signal);
  } catch (error) {
    if (!(error instanceof PortError && error.code === "not-found")) throw error;
  }
}
