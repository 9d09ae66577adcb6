import type { Incident } from "../../domain/incidents/incident.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Storms } from "../../ports/storms.ts";

export interface StormPlacePorts {
  readonly incidents: Incidents;
  readonly storms: Storms;
}

/**
 * Where an incident is told of that may be part of a storm, whose digest is brought up to date:
 * - the incident as it is: by a card of its own, in its place.
 * - `in the digest`: the digest says all there is to say.
 * - `not yet`: by a card in the digest's thread, which is not there yet.
 *
 * Cards come with what is worth a look: a verdict, or a reply that somebody asked for. Until then, and for pages that
 * are not captured, a card would say no more than the digest's line does (docs/decisions/0016-storms.md).
 */
export async function stormPlace(
  incident: Incident,
  { incidents, storms }: StormPlacePorts,
  signal: AbortSignal,
): Promise<Incident | "in the digest" | "not yet"> {
  const { id, storm, card, analysis, replies, place } = incident;
  if (storm === undefined) return incident;
  await storms.wake(storm.id, signal);
  if (card !== undefined) return incident;
  if (analysis === undefined && replies.length === 0) return "in the digest";
  if (place.thread !== undefined) return incident;
  const present = await storms.read(storm.id, signal);
  // Forgotten, or refused by the chat: it stands alone in its channel.
  if (present === undefined || present.card?.problem !== undefined) return incident;
  if (present.card?.ref === undefined) return "not yet";
  const { channel, ts } = present.card.ref;
  return await incidents.update(
    id,
    (now) => ({ ...now, place: { channel, thread: ts }, storm: { ...storm, inThread: true } }),
    signal,
  );
}
