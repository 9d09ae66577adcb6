import type { Evidence } from "../evidence/evidence.ts";
import { counterMove, isUnknown } from "../metrics/counters.ts";
import { sampleIndexOf } from "../profiles/profile.ts";
import { profileTotal } from "../profiles/profile-totals.ts";

/** Below this a process is taken for idle: sampling at 100 Hz sees nothing smaller in a few seconds. */
const leastSampled = 0.005;
/** Resolution of the CPU time that Linux tells, in seconds: one tick of 100 Hz (man 5 proc_pid_stat, utime). */
const tickSeconds = 0.01;

/**
 * Cores that the process kept busy on average while it was captured: by its CPU profile, at least 0.005, or by two
 * /metrics scrapes, at least one tick in the time between them; the less of both, because captures are work, too.
 * Undefined when neither tells.
 */
export function coresUsed({ cpu, metrics }: Partial<Pick<Evidence, "cpu" | "metrics">>): number | undefined {
  const told = [sampledCores(cpu), countedCores(metrics)].filter((cores) => cores !== undefined);
  return told.length === 0 ? undefined : Math.min(...told);
}

function sampledCores(cpu: Evidence["cpu"] | undefined): number | undefined {
  const index = cpu === undefined ? -1 : sampleIndexOf(cpu, "cpu");
  if (cpu?.durationMs === undefined || cpu.durationMs <= 0 || index === -1) return undefined;
  return Math.max(leastSampled, profileTotal(cpu, index) / 1e6 / cpu.durationMs);
}

function countedCores(metrics: Evidence["metrics"] | undefined): number | undefined {
  const move = metrics === undefined ? undefined : counterMove(metrics, "process_cpu_seconds_total");
  if (move === undefined || isUnknown(move) || move.windowMs === undefined) return undefined;
  return Math.max(tickSeconds, move.increase) / (move.windowMs / 1000);
}

/**
 * CPU milliseconds, user and kernel, that work costs at the very least. Measured with Go 1.26 on x86-64 over loopback:
 * an HTTP call over a kept-alive connection with a small answer took 0.063 ms without the handler that makes it, a TLS
 * handshake as client 0.68 ms, a look-up that is refused at once 0.27 ms. What is assumed is less, for faster machines.
 */
export const cpuMsPerHttpCall = 0.05;
export const cpuMsPerTlsHandshake = 0.1;
export const cpuMsPerLookup = 0.05;

/**
 * The least time that each of `waiting` goroutines waits on average, in milliseconds, by Little's law: what takes
 * `cpuMs` of CPU time each cannot be completed more often than `cores / cpuMs`, and the wait is the number that waits
 * divided by the completions. Real waits are longer: the process does other work too.
 */
export function leastWaitMs(waiting: number, cores: number, cpuMs: number): number {
  return (waiting * cpuMs) / cores;
}
