import type { NonEmpty } from "../evidence/evidence.ts";
import { gauge } from "../metrics/counters.ts";
import type { MetricsScrape } from "../metrics/metrics.ts";
import { type Profile, sampleIndexOf } from "../profiles/profile.ts";
import { profileTotal } from "../profiles/profile-totals.ts";
import { noLimitFrom } from "./heap-goal.ts";
import type { MemStats } from "./memstats.ts";

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

/**
 * The same where nobody scraped: from runtime.MemStats taken with the first of two heap profiles to what the last one holds. What
 * was alive then is NextGC halved, as it is with the default GOGC, and as much of what was allocated since that GC as stayed of all
 * allocations between the profiles. Undefined when no MemStats are known to be of the first half of the window: later ones would
 * count growth as what had been there before, and earlier ones what came before the first profile as growth.
 */
export function liveHeapSince(
  memstats: NonEmpty<MemStats>,
  first: Profile,
  last: Profile,
): LiveHeapMove | undefined {
  if (first.timeMs === undefined || last.timeMs === undefined) return undefined;
  const [start, end] = [first.timeMs, last.timeMs];
  const at = memstats.find(({ takenAtMs, pauseEndsMs: [lastGcMs] }) => {
    const seenAtMs = takenAtMs ?? lastGcMs;
    return seenAtMs !== undefined && seenAtMs >= start && seenAtMs <= (start + end) / 2;
  });
  if (at === undefined) return undefined;
  const [inuseBefore, inuseAfter] = [first, last].map((profile) => totalOf(profile, "inuse_space"));
  const [allocBefore, allocAfter] = [first, last].map((profile) => totalOf(profile, "alloc_space"));
  const afterBytes = inuseAfter ?? 0;
  const allocatedBytes = (allocAfter ?? 0) - (allocBefore ?? 0);
  const stayed =
    allocatedBytes <= 0 ? 1 : Math.min(1, Math.max(0, (afterBytes - (inuseBefore ?? 0)) / allocatedBytes));
  const marked = Math.min(at.nextGcBytes / 2, at.heapAllocBytes);
  return {
    beforeBytes: marked + (at.heapAllocBytes - marked) * stayed,
    afterBytes,
    windowMs: end - start,
    artifact: at.artifact,
  };
}

function totalOf(profile: Profile, type: string): number {
  return profileTotal(profile, sampleIndexOf(profile, type));
}

function liveBytes(scrape: MetricsScrape): number | undefined {
  const live = gauge([scrape], "go_gc_heap_live_bytes");
  if (live !== undefined) return live;
  const nextGc = gauge([scrape], "go_memstats_next_gc_bytes");
  const gogc = gauge([scrape], "go_gc_gogc_percent") ?? 100;
  const limit = gauge([scrape], "go_gc_gomemlimit_bytes");
  const isLimited = limit !== undefined && limit < noLimitFrom;
  if (nextGc === undefined || isLimited || gogc <= 0 || gogc > 10_000) return undefined;
  return nextGc / (1 + gogc / 100);
}
