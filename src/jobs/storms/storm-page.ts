import type { Incident, IncidentDraft } from "../../domain/incidents/incident.ts";
import type { HeldPage } from "../../ports/held-pages.ts";
import type { Storms } from "../../ports/storms.ts";
import type { SettlePorts } from "../incidents/settle.ts";

export interface StormPagePorts extends SettlePorts {
  readonly storms: Storms;
}

/** The storm that a page which is about to begin is part of; undefined while pages are few. */
export async function inStorm(
  { service, place, origin: { intent, page }, shadow }: IncidentDraft,
  held: HeldPage,
  { storms }: StormPagePorts,
  signal: AbortSignal,
): Promise<Incident["storm"]> {
  // Of those nothing is posted anyway.
  if (shadow === true) return undefined;
  const { title = "", sinceMs = 0, alerts = 1, severity } = page ?? {};
  const found = await storms.join(
    place.channel,
    {
      intent,
      group: held.kind === "group" ? held.groupId : `${held.channel}/${held.ts}`,
      service,
      title,
      alerts,
      sinceMs,
      ...(severity === undefined ? {} : { severity }),
    },
    signal,
  );
  if (found === undefined) return undefined;
  const { id, captured } = found;
  return captured === intent || service === "" ? { id } : { id, captured };
}

export function coveredText(service: string, other: Incident | undefined): string {
  const name = other === undefined ? "" : ` as ${other.id}`;
  return `One capture of ${service}${name} answers all its pages of this storm. For another one: /gofire snapshot ${service}`;
}
