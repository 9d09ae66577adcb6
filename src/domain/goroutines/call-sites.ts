import type { Frame } from "../code/frame.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineGroup } from "./goroutine.ts";
import { type PileUp, pileUp } from "./pile-up.ts";

/** Goroutines of one kind that one function is answerable for. */
export interface CallSite {
  /** Innermost first; empty when no stack of theirs shows own code. */
  readonly where: readonly Frame[];
  readonly pile: PileUp;
}

/** Splits the groups that `belongs` picks by the function of the first frame of `framesOf`, largest pile first. */
export function callSites(
  evidence: GoroutineEvidence,
  belongs: (group: GoroutineGroup) => boolean,
  framesOf: (group: GoroutineGroup) => readonly Frame[],
): CallSite[] {
  const whereOf = new Map<string, readonly Frame[]>();
  for (const snapshot of [evidence.best, ...evidence.series]) {
    for (const group of snapshot.groups) {
      if (!belongs(group)) continue;
      const where = framesOf(group);
      const name = where[0]?.function ?? "";
      if (!whereOf.has(name)) whereOf.set(name, where);
    }
  }
  return [...whereOf]
    .map(([name, where]) => ({
      where,
      pile: pileUp(evidence, (group) => belongs(group) && (framesOf(group)[0]?.function ?? "") === name),
    }))
    .sort((a, b) => b.pile.count - a.pile.count);
}
