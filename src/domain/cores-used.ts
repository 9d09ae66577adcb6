import { counterMove, isUnknown } from "./counters.ts";
import type { Evidence } from "./evidence.ts";
import { sampleIndexOf } from "./profile.ts";
import { profileTotal } from "./profile-totals.ts";

/** Below this a process is taken for idle: sampling at 100 Hz sees nothing smaller in a few seconds. */
const leastCores = 0.005;

/**
 * Cores that the process kept busy on average while it was captured, from its CPU profile, else from two /metrics
 * scrapes; at least 0.005. Undefined when neither tells.
 */
export function coresUsed({ cpu, metrics }: Partial<Pick<Evidence, "cpu" | "metrics">>): number | undefined {
  const index = cpu === undefined ? -1 : sampleIndexOf(cpu, "cpu");
  if (cpu?.durationMs !== undefined && cpu.durationMs > 0 && index !== -1) {
    return Math.max(leastCores, profileTotal(cpu, index) / 1e6 / cpu.durationMs);
  }
  const move = metrics === undefined ? undefined : counterMove(metrics, "process_cpu_seconds_total");
  if (move === undefined || isUnknown(move) || move.perSecond === undefined) return undefined;
  return Math.max(leastCores, move.perSecond);
}

/**
 * The least time that each of `waiting` goroutines waits on average, in milliseconds, by Little's law: what takes
 * `cpuMs` of CPU time each cannot be completed more often than `cores / cpuMs`, and the wait is the number that waits
 * divided by the completions. Real waits are longer: the process does other work too.
 */
export function leastWaitMs(waiting: number, cores: number, cpuMs: number): number {
  return (waiting * cpuMs) / cores;
}
