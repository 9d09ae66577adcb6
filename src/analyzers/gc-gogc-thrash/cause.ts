import type { GcRate } from "../../domain/memory/gc-rate.ts";
import type { HeapGoal } from "../../domain/memory/heap-goal.ts";
import { bytesText } from "../../domain/units.ts";

/**
 * Why the runtime collects so often.
 * - `forced`: the program asks for it.
 * - `GOGC`: the setting leaves little room, as reported.
 * - `little room`: the heap may grow only little, but neither GOGC nor GOMEMLIMIT is reported.
 * - `allocation`: the room is normal, so it is filled fast.
 * - `unknown`: neither is reported, and a sampled live heap is too rough to tell.
 */
export type CollectionCause = "forced" | "GOGC" | "little room" | "allocation" | "unknown";

export function collectionCause(goal: HeapGoal, rate: GcRate | undefined, lowGogc: number): CollectionCause {
  if (rate?.forced !== undefined && rate.cycles > 0 && rate.forced > rate.cycles / 2) return "forced";
  if (goal.gogcPercent === "off") return "allocation";
  if (goal.gogcPercent !== undefined) return goal.gogcPercent < lowGogc ? "GOGC" : "allocation";
  const room = goal.effectivePercent;
  if (room === undefined) return "unknown";
  // A heap profile is a sample and one GC old: half of the limit leaves room for that, above it nothing is certain.
  if (room < lowGogc / 2) return "little room";
  return goal.liveIsSampled ? "unknown" : "allocation";
}

export function collectionCauseText(cause: CollectionCause, goal: HeapGoal): string {
  const { liveBytes, goalBytes } = goal;
  const about = goal.liveIsSampled ? "about " : "";
  const room =
    liveBytes === undefined || goalBytes === undefined
      ? ""
      : ` (${about}${bytesText(liveBytes)} live, next GC at ${bytesText(goalBytes)})`;
  const texts: Readonly<Record<CollectionCause, string>> = {
    forced:
      "Most of the collections were asked for by the program itself (runtime.GC or debug.FreeOSMemory).",
    GOGC: `GOGC is ${goal.gogcPercent}${room}; the default is 100.`,
    "little room":
      `The heap may grow by only ${(goal.effectivePercent ?? 0).toFixed(0)} % before the next GC${room}: GOGC is set low, or ` +
      "GOMEMLIMIT is nearly reached. Which of the two is not known, because /metrics reports neither.",
    unknown:
      "Whether GOGC, GOMEMLIMIT or the allocation rate is the reason is not known, because /metrics reports neither of the two.",
    allocation:
      goal.gogcPercent === undefined
        ? `The room between collections is not small${room}, so it is the allocation rate that fills it.`
        : `GOGC is ${goal.gogcPercent}${room}, so it is the allocation rate that fills the room between collections.`,
  };
  return texts[cause];
}

export function nextSteps(cause: CollectionCause, cpuFile: string | undefined): readonly string[] {
  const allocations =
    "go tool pprof -top -sample_index=alloc_space 'http://HOST/debug/pprof/allocs?seconds=30'";
  const steps: Readonly<Record<CollectionCause, readonly string[]>> = {
    forced: [
      "Take the calls of runtime.GC and debug.FreeOSMemory out of the running path.",
      `Find them: go tool pprof -peek 'runtime.GC$' ${cpuFile ?? "cpu.pb.gz"}`,
    ],
    GOGC: [
      "Set GOGC back to 100 (environment, or debug.SetGCPercent in the code); to bound memory set GOMEMLIMIT to 90-95 % of the container's limit instead.",
      `Who allocates: ${allocations}`,
    ],
    "little room": [
      "Look up GOGC and GOMEMLIMIT in the environment of the process and in calls of debug.SetGCPercent and debug.SetMemoryLimit.",
      "Export them: client_golang 1.20+ has go_gc_gogc_percent and go_gc_gomemlimit_bytes.",
    ],
    unknown: [
      "Look up GOGC and GOMEMLIMIT in the environment of the process and in calls of debug.SetGCPercent and debug.SetMemoryLimit.",
      `Who allocates: ${allocations}`,
    ],
    allocation: [
      `Allocate less at the site named above; who allocates: ${allocations}`,
      "Where memory allows, give the collector room: GOGC above 100 together with GOMEMLIMIT.",
    ],
  };
  return steps[cause];
}
