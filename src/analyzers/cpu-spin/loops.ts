import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { hasAnyOf, workSet } from "../../domain/code/work-kinds.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import type { Profile } from "../../domain/profiles/profile.ts";
import { cpuTime, type SampleChoice, workSites, workTotal } from "../../domain/profiles/sample-work.ts";

/** A function that keeps a processor busy with looking whether there is something to do. */
export interface SpinningLoop {
  readonly frame: Frame;
  readonly stack: readonly Frame[];
  /** CPU time in the function itself and in what it asks with. */
  readonly ns: number;
  /** Part of `ns` in the asking calls, 0 to 1. */
  readonly polling: number;
  /** What it asks with most. */
  readonly kind: "tryChannel" | "select" | "yield" | "atomicRead";
}

const work = workSet("libraryWork", "allocation", "gcMark", "sweep", "newTimer", "forcedGc");
const kinds = ["tryChannel", "select", "yield", "atomicRead"] as const;

/** Samples in which an own function does nothing but run itself, the runtime, sync, time or context. */
const idles: SampleChoice = (below) => !hasAnyOf(below, work);

export function spinningLoops(
  cpu: Profile,
  own: OwnCode,
  goroutines: GoroutineEvidence | undefined,
): SpinningLoop[] {
  const time = cpuTime(cpu);
  if (time === undefined) return [];
  const asked = kinds.map((kind) => {
    const set = workSet(kind);
    const sites = workSites(
      cpu,
      time.sampleIndex,
      own,
      (below) => hasAnyOf(below, set) && !hasAnyOf(below, work),
    );
    return { kind, valueOf: new Map(sites.map(({ frame, value }) => [frame.function, value])) };
  });
  const loops = workSites(cpu, time.sampleIndex, own, idles).map(({ frame, stack, value }) => {
    const most = asked
      .map(({ kind, valueOf }) => ({ kind, ns: valueOf.get(frame.function) ?? 0 }))
      .reduce((a, b) => (b.ns > a.ns ? b : a));
    return { frame, stack, ns: value, polling: most.ns / value, kind: most.kind };
  });
  const yielding = yieldingLoop(cpu, time.sampleIndex, own, goroutines);
  return yielding === undefined
    ? loops
    : [yielding, ...loops.filter(({ frame }) => frame.function !== yielding.frame.function)];
}

const yields = workSet("yield");

/**
 * runtime.Gosched switches to the scheduler's own stack, where no frame of the caller is left (Go source:
 * runtime/proc.go, gosched_m): nearly all of its cost has no own frame. It is given to the own function that is
 * seen calling Gosched, in a sample before the switch, or parked in it in a goroutine capture.
 */
function yieldingLoop(
  cpu: Profile,
  sampleIndex: number,
  own: OwnCode,
  goroutines: GoroutineEvidence | undefined,
): SpinningLoop | undefined {
  const schedulingNs = workTotal(
    cpu,
    sampleIndex,
    own,
    (below, _anywhere, frame) => frame === -1 && hasAnyOf(below, yields),
  );
  if (schedulingNs <= 0) return undefined;
  const seen = workSites(cpu, sampleIndex, own, (below) => hasAnyOf(below, yields))[0];
  const stack = seen?.stack ?? yieldingStack(goroutines, own);
  const frame = seen?.frame ?? stack?.find((candidate) => own.isOwn(candidate));
  if (stack === undefined || frame === undefined) return undefined;
  const ownNs =
    workSites(cpu, sampleIndex, own, idles).find((site) => site.frame.function === frame.function)?.value ??
    0;
  const ns = schedulingNs + ownNs;
  return { frame, stack, ns, polling: (schedulingNs + (seen?.value ?? 0)) / ns, kind: "yield" };
}

function yieldingStack(
  goroutines: GoroutineEvidence | undefined,
  own: OwnCode,
): readonly Frame[] | undefined {
  return goroutines?.series
    .flatMap(({ groups }) => groups)
    .find(
      ({ stack }) =>
        stack.some(({ function: symbol }) => symbol === "runtime.Gosched") &&
        stack.some((frame) => own.isOwn(frame)),
    )?.stack;
}
