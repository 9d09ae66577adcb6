import type { Evidence } from "../evidence/evidence.ts";
import { counterMove, gauge, isUnknown } from "../metrics/counters.ts";
import { coresUsed } from "./cores-used.ts";

/** CPU of the process while it was captured, as part of what its GOMAXPROCS processors could give: 0 to about 1. */
export interface CpuPressure {
  /**
   * The larger of what it got and what it asked for. Near 1 it has more to run than processors, and goroutines wait
   * for each other.
   */
  readonly busy: number;
  /**
   * CPU time it got as part of what it asked for, where both are known. Far below 1, the operating system stopped its
   * threads while they had work: throttling, or a crowded host.
   */
  readonly granted?: number;
}

/** Undefined where neither what it got nor what it asked for is known: both need `metrics`. */
export function cpuPressure(evidence: Partial<Pick<Evidence, "cpu" | "metrics">>): CpuPressure | undefined {
  const { metrics } = evidence;
  if (metrics === undefined) return undefined;
  const cores = coresUsed(evidence);
  const gomaxprocs = gauge(metrics, "go_sched_gomaxprocs_threads");
  const got =
    cores === undefined || gomaxprocs === undefined || gomaxprocs <= 0 ? undefined : cores / gomaxprocs;
  const asked = askedFor(metrics);
  if (got === undefined || asked === undefined) {
    const busy = got ?? asked;
    return busy === undefined ? undefined : { busy };
  }
  return { busy: Math.max(got, asked), ...(asked > 0 ? { granted: got / asked } : {}) };
}

/**
 * From runtime/metrics' /cpu/classes: the part of GOMAXPROCS that was neither idle nor marking for want of work. The
 * runtime counts by wall clock, so time in which the operating system did not let its threads run counts as asked for.
 */
function askedFor(metrics: Evidence["metrics"]): number | undefined {
  const [total, idle, idleMarking] = ["total", "idle", "gc_mark_idle"].map((name) =>
    counterMove(metrics, `go_cpu_classes_${name}_cpu_seconds_total`),
  );
  if (total === undefined || isUnknown(total) || total.increase <= 0) return undefined;
  if (idle === undefined || isUnknown(idle) || idleMarking === undefined || isUnknown(idleMarking))
    return undefined;
  return 1 - (idle.increase + idleMarking.increase) / total.increase;
}
