import { UsageError } from "../../domain/errors.ts";
import { type Incident, isSettled } from "../../domain/incidents/incident.ts";
import { withAct } from "../../domain/incidents/incident-record.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SettlePorts } from "./settle.ts";

/**
 * Ends an incident: its card says so and loses its buttons. Ending it twice is once. Throws UsageError while it is
 * captured or judged, PortError `not-found`.
 */
export async function resolveIncident(
  id: string,
  userId: string,
  { incidents, queue, clock }: SettlePorts & { readonly clock: Clock },
  signal: AbortSignal,
): Promise<{ readonly incident: Incident; readonly isNew: boolean }> {
  let isNew = false;
  const incident = await incidents.update(
    id,
    (now) => {
      isNew = false;
      if (now.state === "resolved") return now;
      if (!isSettled(now.state)) {
        throw new UsageError(`${id} is not judged yet: it can be resolved once it has a verdict.`);
      }
      isNew = true;
      const atMs = clock.nowMs();
      const resolved: Incident = { ...now, state: "resolved", resolvedAtMs: atMs, resolvedBy: userId };
      return withAct(resolved, { did: "resolved" }, { userId, intent: `resolved ${atMs}`, atMs });
    },
    signal,
  );
  if (isNew) await queue.publish(id, "now", signal);
  return { incident, isNew };
}
