import type { OwnCode } from "../../domain/code/own-code.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import type { GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";

/** How often goroutines whose innermost own frame is a function were seen, over all captures. */
export interface GoroutinesAt {
  readonly active: number;
  readonly waiting: number;
}

export function goroutinesAt(series: readonly GoroutineSnapshot[], name: string, own: OwnCode): GoroutinesAt {
  let active = 0;
  let waiting = 0;
  for (const { groups } of series) {
    for (const group of groups) {
      if (group.stack.find((frame) => own.isOwn(frame))?.function !== name) continue;
      if (group.wait === "active") active += group.count;
      else waiting += group.count;
    }
  }
  return { active, waiting };
}

/** True when there are two captures or more, and in each a goroutine at that function runs and none waits. */
export function runsInEach(evidence: GoroutineEvidence | undefined, name: string, own: OwnCode): boolean {
  if (evidence === undefined || evidence.series.length < 2) return false;
  return evidence.series.every((snapshot) => {
    const { active, waiting } = goroutinesAt([snapshot], name, own);
    return active > 0 && waiting === 0;
  });
}
