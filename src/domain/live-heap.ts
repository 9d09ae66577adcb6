import { gauge } from "./counters.ts";
import type { NonEmpty } from "./evidence.ts";
import type { MetricsScrape } from "./metrics.ts";

/** How much more the last GC before the second scrape found alive than the one before the first. */
export interface LiveHeapMove {
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly windowMs?: number;
  readonly artifact: string;
}

/**
 * From go_gc_heap_live_bytes, else from go_memstats_next_gc_bytes, which the runtime sets to live heap times
 * 1 + GOGC/100 (Go source: runtime/mgcpacer.go, commit), as long as no memory limit holds it down. The stacks and
 * globals that count towards it make the result a little too large. Undefined when no GC ended in between.
 */
export function liveHeapMove(metrics: NonEmpty<MetricsScrape>): LiveHeapMove | undefined {
  const first = metrics[0];
  const last = metrics[metrics.length - 1] ?? first;
  if (first === last) return undefined;
  const gcBefore = gauge([first], "go_memstats_last_gc_time_seconds");
  const gcAfter = gauge([last], "go_memstats_last_gc_time_seconds");
  if (gcBefore !== undefined && gcBefore === gcAfter) return undefined;
  const beforeBytes = liveBytes(first);
  const afterBytes = liveBytes(last);
  if (beforeBytes === undefined || afterBytes === undefined) return undefined;
  const windowMs =
    first.takenAtMs !== undefined && last.takenAtMs !== undefined
      ? last.takenAtMs - first.takenAtMs
      : undefined;
  return {
    beforeBytes,
    afterBytes,
    ...(windowMs === undefined ? {} : { windowMs }),
    artifact: last.artifact,
  };
}

function liveBytes(scrape: MetricsScrape): number | undefined {
  const live = gauge([scrape], "go_gc_heap_live_bytes");
  if (live !== undefined) return live;
  const nextGc = gauge([scrape], "go_memstats_next_gc_bytes");
  const gogc = gauge([scrape], "go_gc_gogc_percent") ?? 100;
  const limit = gauge([scrape], "go_gc_gomemlimit_bytes");
  const isLimited = limit !== undefined && limit < 2 ** 62;
  if (nextGc === undefined || isLimited || gogc <= 0 || gogc > 10_000) return undefined;
  return nextGc / (1 + gogc / 100);
}
