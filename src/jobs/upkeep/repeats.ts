import type { Alerts } from "../../ports/alerts.ts";
import type { SettlePorts } from "../incidents/settle.ts";

const mostAtOnce = 100;

/** Brings the repeats that were counted since the last time to the cards. Every worker does it now and then. */
export async function countRepeats(
  { alerts, incidents, queue }: SettlePorts & { readonly alerts: Alerts },
  signal: AbortSignal,
): Promise<void> {
  for (const groupId of await alerts.takeRepeated(mostAtOnce, signal)) {
    const group = await alerts.read(groupId, signal);
    for (const open of group?.open ?? []) {
      const incident = await incidents.ofIntent(open.intent, signal);
      if (group === undefined || incident === undefined) continue;
      const repeats = group.repeats - open.repeatsBefore;
      await incidents.update(
        incident.id,
        (now) =>
          now.repeats >= repeats
            ? now
            : {
                ...now,
                repeats,
                ...(group.lastRepeatAtMs === undefined ? {} : { lastRepeatAtMs: group.lastRepeatAtMs }),
              },
        signal,
      );
      await queue.publish(incident.id, "soon", signal);
    }
  }
}
