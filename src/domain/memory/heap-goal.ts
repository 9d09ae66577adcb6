import { figure } from "../context/service-context.ts";
import type { Evidence } from "../evidence/evidence.ts";
import { gauge } from "../metrics/counters.ts";
import { sampleIndexOf } from "../profiles/profile.ts";
import { profileTotal } from "../profiles/profile-totals.ts";
import { type HeapFigures, heapFigures } from "./heap-figures.ts";

/** What decides how far the heap may grow before the next GC. */
export interface HeapGoal {
  /** GOGC in percent; "off" when it is; undefined when not reported. */
  readonly gogcPercent?: number | "off";
  /** GOMEMLIMIT; "none" when it is not set; undefined when not reported. */
  readonly memoryLimit?: number | "none";
  /** Bytes that the last GC found alive. */
  readonly liveBytes?: number;
  /** `liveBytes` is the sum of a sampled heap profile rather than the runtime's own count. */
  readonly liveIsSampled: boolean;
  /** Heap size at which the next GC is to be done. */
  readonly goalBytes?: number;
  /** (goal - live) / live in percent: what GOGC amounts to, whatever set it. */
  readonly effectivePercent?: number;
  /** The highest goal that GOMEMLIMIT allows at this moment. */
  readonly limitGoalBytes?: number;
  readonly figures?: HeapFigures;
}

/** runtime/metrics gives "no limit" as math.MaxInt64 and GOGC=off as -1 in 64 bits; floats round both. */
export const noLimitFrom = 2 ** 62;

/** What no evidence tells is absent. Where /metrics has no GOMEMLIMIT, what Prometheus knows of it counts. */
export function heapGoal(
  evidence: Partial<Pick<Evidence, "metrics" | "memstats" | "heap" | "context">>,
): HeapGoal {
  const { metrics, context } = evidence;
  const gogc = metrics === undefined ? undefined : gauge(metrics, "go_gc_gogc_percent");
  const limit =
    (metrics === undefined ? undefined : gauge(metrics, "go_gc_gomemlimit_bytes")) ??
    (context === undefined ? undefined : figure(context, "memory-limit-go")?.value);
  const figures = heapFigures(evidence);
  const goalBytes =
    figures?.nextGcBytes ?? (metrics === undefined ? undefined : gauge(metrics, "go_gc_heap_goal_bytes"));
  const counted = metrics === undefined ? undefined : gauge(metrics, "go_gc_heap_live_bytes");
  const liveBytes = counted ?? sampledLiveBytes(evidence.heap);
  const limitGoalBytes =
    limit === undefined || limit >= noLimitFrom || figures === undefined
      ? undefined
      : goalOfLimit(limit, figures);
  return {
    ...(gogc === undefined ? {} : { gogcPercent: gogc < 0 || gogc >= noLimitFrom ? "off" : gogc }),
    ...(limit === undefined ? {} : { memoryLimit: limit >= noLimitFrom ? "none" : limit }),
    ...(liveBytes === undefined ? {} : { liveBytes }),
    liveIsSampled: counted === undefined,
    ...(goalBytes === undefined ? {} : { goalBytes }),
    ...(liveBytes === undefined || goalBytes === undefined || liveBytes <= 0
      ? {}
      : { effectivePercent: Math.max(0, (goalBytes / liveBytes - 1) * 100) }),
    ...(limitGoalBytes === undefined ? {} : { limitGoalBytes }),
    ...(figures === undefined ? {} : { figures }),
  };
}

/** A heap profile is the state at the end of the last GC but one (Go source: runtime/mprof.go, memRecord). */
function sampledLiveBytes(heap: Evidence["heap"] | undefined): number | undefined {
  const profile = heap?.at(-1);
  if (profile === undefined) return undefined;
  const index = sampleIndexOf(profile, "inuse_space");
  return index === -1 ? undefined : profileTotal(profile, index);
}

/**
 * The runtime's own sum: the limit less what is not heap objects, less what it is over the limit already, less 3 % of
 * headroom and at least 1 MiB (Go source: runtime/mgcpacer.go, memoryLimitHeapGoal).
 */
function goalOfLimit(limitBytes: number, figures: HeapFigures): number {
  const notObjects = figures.sysBytes - figures.heapIdleBytes - figures.heapAllocBytes;
  const over = Math.max(0, figures.sysBytes - figures.heapReleasedBytes - limitBytes);
  const goal = limitBytes - notObjects - over;
  return Math.max(0, goal - Math.max(goal * 0.03, 1 << 20));
}

/** True when the memory limit and not GOGC decides when the next GC runs; undefined when that cannot be told. */
export function isLimitBound(goal: HeapGoal): boolean | undefined {
  if (goal.memoryLimit === "none") return false;
  const { memoryLimit, gogcPercent, goalBytes, liveBytes, limitGoalBytes } = goal;
  if (memoryLimit === undefined) return undefined;
  if (gogcPercent === "off") return true;
  if (limitGoalBytes !== undefined && liveBytes !== undefined && gogcPercent !== undefined) {
    return limitGoalBytes < liveBytes * (1 + gogcPercent / 100);
  }
  if (goalBytes !== undefined && limitGoalBytes !== undefined) return goalBytes >= limitGoalBytes * 0.95;
  return undefined;
}
