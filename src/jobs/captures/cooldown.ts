import { type CaptureKind, coolingKinds } from "../../domain/evidence/capture.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { durationText } from "../../domain/units.ts";
import type { CaptureLimits } from "../../ports/capture-limits.ts";

/** What a capture takes unless somebody asks for more (src/capture/plan.ts). */
const usual: readonly CaptureKind[] = [
  "goroutine",
  "mutex",
  "block",
  "heap",
  "heap-text",
  "threadcreate",
  "cpu",
  "goroutine-dump",
];

/** By kind, why it is not captured again so soon, in words. */
export type Resting = Readonly<Partial<Record<CaptureKind, string>>>;

/**
 * What alerts may not have captured again yet; for people, nothing. `problem` when nothing is left that would be worth
 * asking for.
 */
export async function restingFor(
  { id, service, origin }: Incident,
  { limits }: { readonly limits: CaptureLimits },
  signal: AbortSignal,
): Promise<{ readonly resting: Resting } | { readonly problem: string }> {
  if (origin.kind !== "page") return { resting: {} };
  const resting: Partial<Record<CaptureKind, string>> = {};
  const rests: number[] = [];
  let before = "";
  for (const [kind, { incidentId, restMs, agoMs }] of await limits.cooldowns(service, signal)) {
    // Its own: the worker died after the capture, before it could say so.
    if (incidentId === id) continue;
    before = `${durationText(agoMs)} ago as ${incidentId}`;
    resting[kind] = `captured ${before}; alerts may ask again in ${durationText(restMs)}`;
    if (usual.includes(kind)) rests.push(restMs);
  }
  if (!usual.every((kind) => resting[kind] !== undefined)) return { resting };
  return {
    problem: `${service} was captured ${before}; alerts may ask again in ${durationText(Math.min(...rests))}. You may at any time: /gofire snapshot ${service}`,
  };
}

/** Kinds whose cooldown begins with a capture that left these out. */
export function cooledBy(resting: Resting): readonly CaptureKind[] {
  return coolingKinds.filter((kind) => resting[kind] === undefined);
}
