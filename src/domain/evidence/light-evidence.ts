import type { Evidence, NonEmpty } from "./evidence.ts";

/**
 * What of a whole capture a peer's short one has as well: one look at goroutines, heap and metrics, the last of each. A
 * rule that finds a thing in this can see it; one that does not might have missed it in the peer, too.
 */
export function lightEvidence({
  goroutines,
  heap,
  metrics,
}: Partial<Evidence>): Partial<Pick<Evidence, "goroutines" | "heap" | "metrics">> {
  const snapshot = goroutines === undefined ? undefined : lastOf(goroutines.series);
  return {
    ...(snapshot === undefined ? {} : { goroutines: { best: snapshot, series: [snapshot] as const } }),
    ...(heap === undefined ? {} : { heap: [lastOf(heap)] as const }),
    ...(metrics === undefined ? {} : { metrics: [lastOf(metrics)] as const }),
  };
}

function lastOf<T>(list: NonEmpty<T>): T {
  return list.at(-1) ?? list[0];
}
