import { coresUsed } from "./cores-used.ts";
import { counterMove, gauge, isUnknown } from "./counters.ts";
import type { Evidence, TargetFacts } from "./evidence.ts";
import type { Frame } from "./frame.ts";
import { ownFrames } from "./own-code.ts";
import { cpuTime, workSites } from "./sample-work.ts";

/** The own function that uses most CPU time, what it calls in libraries and the runtime included. */
export interface CpuSite {
  /** Own frames, innermost first; never empty. */
  readonly where: readonly Frame[];
  readonly function: string;
  /** Part of the process's CPU time, 0 to 1. */
  readonly share: number;
  readonly artifact: string;
}

/** Undefined without a CPU profile, and when no own function is in it. */
export function busiestCpuSite({
  cpu,
  target: { own },
}: Partial<Pick<Evidence, "cpu">> & { readonly target: TargetFacts }): CpuSite | undefined {
  const time = cpu === undefined ? undefined : cpuTime(cpu);
  if (cpu === undefined || time === undefined) return undefined;
  const site = workSites(cpu, time.sampleIndex, own, () => true)[0];
  if (site === undefined) return undefined;
  return {
    where: ownFrames(site.stack, own),
    function: site.frame.function,
    share: site.value / time.totalNs,
    artifact: cpu.artifact,
  };
}

/**
 * How much of its GOMAXPROCS processors the process keeps busy, while it was captured. Near 1, goroutines wait because
 * it has more to run than processors; far below, because its threads do not get the CPU. Of CPU time used and the
 * runtime's own view the larger counts, because on a crowded host a busy process gets less CPU than it asks for.
 */
export function cpuSaturation(evidence: Partial<Pick<Evidence, "cpu" | "metrics">>): number | undefined {
  const { metrics } = evidence;
  if (metrics === undefined) return undefined;
  const cores = coresUsed(evidence);
  const gomaxprocs = gauge(metrics, "go_sched_gomaxprocs_threads");
  const used =
    cores === undefined || gomaxprocs === undefined || gomaxprocs <= 0 ? undefined : cores / gomaxprocs;
  const busy = busyByClasses(metrics);
  return used === undefined ? busy : Math.max(used, busy ?? 0);
}

/** From runtime/metrics' /cpu/classes: the part of GOMAXPROCS that was neither idle nor marking for want of work. */
function busyByClasses(metrics: Evidence["metrics"]): number | undefined {
  const [total, idle, idleMarking] = ["total", "idle", "gc_mark_idle"].map((name) =>
    counterMove(metrics, `go_cpu_classes_${name}_cpu_seconds_total`),
  );
  if (total === undefined || isUnknown(total) || total.increase <= 0) return undefined;
  if (idle === undefined || isUnknown(idle) || idleMarking === undefined || isUnknown(idleMarking))
    return undefined;
  return 1 - (idle.increase + idleMarking.increase) / total.increase;
}
