import { isOnlyInDigest } from "../../domain/alerts/storm-count.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { isSettled } from "../../domain/incidents/incident.ts";
import type { IncidentFilter } from "../../ports/incidents.ts";
import { key } from "./keys.ts";

const allKey = key("incidents");

/** Ids of incidents that wait or are captured: as few as the queue lets in. */
export const openKey = key("incidents", "open");

/** Sorted sets of ids by the time of creation, each a way to find an incident. */
export function listsOf({ service, place }: Pick<Incident, "service" | "place">): readonly string[] {
  return [allKey, ofService(service), inChannel(place.channel)];
}

/** The shortest list that has all incidents that fit. */
export function listFor({ service, channel, states }: IncidentFilter): string {
  if (states !== undefined && !states.some(isSettled)) return openKey;
  if (service !== undefined) return ofService(service);
  return channel === undefined ? allKey : inChannel(channel);
}

export function fits(
  incident: Incident,
  { service, channel, states, shadow, storm }: IncidentFilter,
): boolean {
  return (
    (service === undefined || incident.service === service) &&
    (channel === undefined || incident.place.channel === channel) &&
    (states === undefined || states.includes(incident.state)) &&
    (shadow === undefined || shadow === (incident.shadow === true)) &&
    (storm !== "pages" || incident.storm !== undefined) &&
    (storm !== "told" || !isOnlyInDigest(incident))
  );
}

function ofService(service: string): string {
  return key("incidents", "of", service);
}

function inChannel(channel: string): string {
  return key("incidents", "in", channel);
}
