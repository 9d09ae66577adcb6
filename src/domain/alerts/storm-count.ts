import { type Incident, isSettled } from "../incidents/incident.ts";

/** The pages of one storm in a few figures. */
export interface StormCount {
  readonly id: string;
  /** Where its digest stands. */
  readonly channel: string;
  /** URL of the digest; absent when it does not stand there yet, or the chat does not tell just now. */
  readonly link?: string;
  /** Milliseconds since the epoch at which the first of these pages began. */
  readonly sinceMs: number;
  /** Without those that came before it was a storm: they have cards. */
  readonly pages: number;
  readonly judged: number;
  readonly capturing: number;
  readonly waiting: number;
  /** Pages whose alerts ended. */
  readonly ended: number;
}

/** It has no card: all there is to say of it is its line in the digest of its storm. */
export function isOnlyInDigest({ storm, analysis, state }: Incident): boolean {
  return storm !== undefined && analysis === undefined && isSettled(state);
}

/** Figures of each storm that these pages are part of, in the order in which they come. */
export function countStorms(incidents: readonly Incident[]): readonly StormCount[] {
  const storms = new Map<string, StormCount>();
  for (const { storm, place, analysis, state, resolvedAtMs, createdAtMs } of incidents) {
    if (storm === undefined) continue;
    const { id } = storm;
    const before = storms.get(id) ?? {
      id,
      channel: place.channel,
      sinceMs: createdAtMs,
      pages: 0,
      judged: 0,
      capturing: 0,
      waiting: 0,
      ended: 0,
    };
    storms.set(id, {
      ...before,
      sinceMs: Math.min(before.sinceMs, createdAtMs),
      pages: before.pages + 1,
      judged: before.judged + (analysis === undefined ? 0 : 1),
      capturing: before.capturing + (state === "capturing" ? 1 : 0),
      waiting: before.waiting + (state === "queued" ? 1 : 0),
      ended: before.ended + (resolvedAtMs === undefined ? 0 : 1),
    });
  }
  return [...storms.values()];
}
