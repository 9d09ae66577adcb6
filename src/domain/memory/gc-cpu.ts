import { hasAnyOf, workSet } from "../code/work-kinds.ts";
import { alsoMissing, figure, type ServiceContext } from "../context/service-context.ts";
import type { Evidence, TargetFacts } from "../evidence/evidence.ts";
import { counterMove, isUnknown, type Unknown } from "../metrics/counters.ts";
import { cpuTime, workTotal } from "../profiles/sample-work.ts";

/** What garbage collection costs now, not since the start. */
export interface GcCpuShare {
  /**
   * 0 to 1: marking and stopping the world, of the CPU time that the process used. Marking on idle processors is in
   * neither of the two, sweeping is not counted: as the runtime's own limiter counts (Go source: runtime/mgclimit.go).
   */
  readonly share: number;
  /** The part of it that allocating goroutines had to do themselves: their requests are slower by that. */
  readonly assistShare?: number;
  /** Cores that it kept busy. */
  readonly cores?: number;
  /** Marking on idle processors could not be told apart (Go before 1.21), so the share may be too high. */
  readonly mayCountIdle: boolean;
  /** It is Prometheus' share over minutes rather than the captures' own. */
  readonly byPrometheus?: true;
  readonly artifact: string;
}

type Seen = Partial<Pick<Evidence, "cpu" | "metrics">> & { readonly target: TargetFacts };

export function gcCpuShare({
  context,
  ...captures
}: Seen & Partial<Pick<Evidence, "context">>): GcCpuShare | Unknown {
  const captured = capturedShare(captures);
  if (!isUnknown(captured)) return captured;
  return shareByPrometheus(context) ?? { unknown: `${captured.unknown}${alsoMissing(context, "gc-cpu")}` };
}

function shareByPrometheus(context: ServiceContext | undefined): GcCpuShare | undefined {
  const share = context === undefined ? undefined : figure(context, "gc-cpu");
  if (context === undefined || share === undefined) return undefined;
  const coresInUse = figure(context, "cpu")?.value;
  return {
    share: share.value,
    ...(coresInUse === undefined ? {} : { cores: share.value * coresInUse }),
    mayCountIdle: false,
    byPrometheus: true,
    artifact: context.artifact,
  };
}

function capturedShare(evidence: Seen): GcCpuShare | Unknown {
  const { cpu, metrics } = evidence;
  if (cpu !== undefined) {
    const share = shareOfProfile(cpu, evidence.target);
    if (share !== undefined) return share;
  }
  if (metrics !== undefined) return shareOfClasses(metrics);
  return { unknown: cpu === undefined ? "no CPU profile" : "the CPU profile holds too few samples" };
}

/** A second of CPU time at the default 100 samples a second: shares are then known to about five percent points. */
const fewestSamples = 100;

const mark = workSet("gcMark");
const idleMark = workSet("gcIdleMark");
const allocation = workSet("allocation");

function shareOfProfile(cpu: Evidence["cpu"], { own }: TargetFacts): GcCpuShare | undefined {
  const time = cpuTime(cpu);
  if (time === undefined || time.samples < fewestSamples) return undefined;
  const sum = (chosen: (anywhere: number) => boolean) =>
    workTotal(cpu, time.sampleIndex, own, (_below, anywhere) => chosen(anywhere));
  const idleNs = sum((work) => hasAnyOf(work, idleMark));
  const markNs = sum((work) => hasAnyOf(work, mark) && !hasAnyOf(work, idleMark));
  const assistNs = sum((work) => hasAnyOf(work, mark) && hasAnyOf(work, allocation));
  const usedNs = time.totalNs - idleNs;
  if (usedNs <= 0) return undefined;
  return {
    share: markNs / usedNs,
    assistShare: assistNs / usedNs,
    ...(cpu.durationMs === undefined ? {} : { cores: markNs / 1e6 / cpu.durationMs }),
    mayCountIdle: !cpu.frames.some((frame) => frame.function.startsWith("runtime.gcDrainMarkWorker")),
    artifact: cpu.artifact,
  };
}

/** From runtime/metrics' /cpu/classes, which may be compared only with each other. */
function shareOfClasses(metrics: Evidence["metrics"]): GcCpuShare | Unknown {
  const moves: number[] = [];
  let artifact = "";
  for (const name of ["gc_total", "gc_mark_idle", "gc_mark_assist", "total", "idle"]) {
    const move = counterMove(metrics, `go_cpu_classes_${name}_cpu_seconds_total`);
    if (isUnknown(move)) return { unknown: `no CPU profile, and ${move.unknown}` };
    moves.push(move.increase);
    artifact = move.last.artifact;
  }
  const [gc = 0, idleMarking = 0, assist = 0, total = 0, idle = 0] = moves;
  const used = total - idle - idleMarking;
  // Totals are settled at the end of a GC only (Go source: runtime/mstats.go, cpuStats.accumulate).
  if (used < 0.1) return { unknown: "no CPU profile, and no GC settled /cpu/classes between the scrapes" };
  return { share: (gc - idleMarking) / used, assistShare: assist / used, mayCountIdle: false, artifact };
}
