import { isSettled, leftQueue } from "../../domain/incidents/incident.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Queue } from "../../ports/queue.ts";

export interface SettlePorts {
  readonly incidents: Incidents;
  readonly queue: Queue;
}

/** Ends an incident without a verdict, in words that say what to do; does nothing when it has ended already. */
export async function fail(
  id: string,
  problem: string,
  { incidents, queue }: SettlePorts,
  signal: AbortSignal,
): Promise<void> {
  await incidents.update(
    id,
    (incident) =>
      isSettled(incident.state) ? incident : { ...leftQueue(incident), state: "failed", problem },
    signal,
  );
  await queue.publish(id, "now", signal);
}
