import type { Evidence, TargetFacts } from "../evidence/evidence.ts";
import type { GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { gauge } from "../metrics/counters.ts";
import { coresUsed } from "./cores-used.ts";

/** What the process had to run while it was captured, against what it got. */
export interface CpuWanted {
  /** Processors that the captures found work for, at least and at most GOMAXPROCS. */
  readonly processors: number;
  readonly gomaxprocs: number;
  /** Captures of goroutines that this was seen in. */
  readonly captures: number;
  /** The last of them. */
  readonly artifact: string;
  /** Cores that it got on average. */
  readonly cores: number;
}

type Seen = Partial<Pick<Evidence, "cpu" | "metrics" | "goroutines">> & { readonly target: TargetFacts };

/**
 * Compares goroutines that run or are ready to run with the CPU time of the process. The scheduler leaves no goroutine
 * ready while a processor is idle (Go source: runtime/proc.go, wakep), so work for four processors in every
 * capture means four cores, unless the operating system does not run the threads. Undefined with fewer than two
 * captures that tell who is at work, or when the CPU time is not known.
 */
export function cpuWanted(seen: Seen): CpuWanted | undefined {
  const { metrics, goroutines, target } = seen;
  const gomaxprocs = metrics === undefined ? undefined : gauge(metrics, "go_sched_gomaxprocs_threads");
  const cores = coresUsed(seen);
  if (gomaxprocs === undefined || cores === undefined || goroutines === undefined) return undefined;
  // Whoever keeps half of its processors busy waits for itself.
  if (cores >= gomaxprocs / 2) return undefined;
  const telling = goroutines.series.filter(
    ({ form, incomplete }) => form !== "counts" && incomplete === undefined,
  );
  const artifact = telling.at(-1)?.artifact;
  if (artifact === undefined || telling.length < 2) return undefined;
  const atWork = telling.map((snapshot) => atWorkIn(snapshot, target.own));
  return {
    processors: Math.min(gomaxprocs, ...atWork),
    gomaxprocs,
    captures: telling.length,
    artifact,
    cores,
  };
}

function atWorkIn({ groups }: GoroutineSnapshot, own: TargetFacts["own"]): number {
  return groups
    .filter(({ wait, stack }) => wait === "active" && stack.some((frame) => own.isOwn(frame)))
    .reduce((sum, { count }) => sum + count, 0);
}
