import type { GoroutineEvidence } from "../../domain/evidence.ts";
import type { Frame } from "../../domain/frame.ts";
import { type Growth, growthOf } from "../../domain/goroutine-sites.ts";
import type { GoroutineGroup } from "../../domain/goroutine.ts";
import { heapSites } from "../../domain/heap-sites.ts";
import { type OwnCode, ownFrames } from "../../domain/own-code.ts";
import type { Profile } from "../../domain/profile.ts";

/** Goroutines that wait in the same own function, and what functions on their stacks allocated. */
export interface HolderSite {
  /** Own frames of the largest group, innermost first. */
  readonly where: readonly Frame[];
  readonly group: GoroutineGroup;
  readonly count: number;
  /** Own function -> bytes in use that it allocated. Only functions with about an object for every goroutine. */
  readonly objects: ReadonlyMap<string, number>;
  /** Summed over the groups; undefined when there is only one capture. */
  readonly growth?: Pick<Growth, "before" | "after">;
}

/** Most goroutines first. A function's bytes are given to the first site that it is on the stack of. */
export function holderSites(
  goroutines: GoroutineEvidence,
  heap: Profile | undefined,
  own: OwnCode,
): HolderSite[] {
  const byFunction = new Map<string, { groups: GoroutineGroup[]; where: readonly Frame[] }>();
  for (const group of goroutines.best.groups) {
    if (group.wait === "active") continue;
    const where = ownFrames(group.stack, own);
    const name = where[0]?.function;
    if (name === undefined) continue;
    const site = byFunction.get(name);
    if (site === undefined) byFunction.set(name, { groups: [group], where });
    else site.groups.push(group);
  }
  const held = heap === undefined ? new Map() : heapSites(heap, own);
  const given = new Set<string>();
  return [...byFunction.values()]
    .flatMap(({ groups, where }) => {
      const group = groups[0];
      if (group === undefined) return [];
      const count = groups.reduce((sum, { count: size }) => sum + size, 0);
      return [{ where, group, count, groups }];
    })
    .toSorted((a, b) => b.count - a.count)
    .map(({ where, group, count, groups }) => {
      const objects = new Map<string, number>();
      const creators = groups.flatMap(({ createdBy }) => (createdBy === undefined ? [] : [createdBy]));
      for (const { function: name } of [...where, ...creators]) {
        const site = held.get(name);
        // Half of the goroutines, because a heap profile is a sample, and one GC old.
        if (site === undefined || !site.isOwn || given.has(name) || site.held.inuseObjects < count / 2)
          continue;
        objects.set(name, site.held.inuseBytes);
        given.add(name);
      }
      const growths = groups.flatMap((each) => growthOf(goroutines, each) ?? []);
      const sum = (of: (growth: Growth) => number) =>
        growths.reduce((total, growth) => total + of(growth), 0);
      return {
        where,
        group,
        count,
        objects,
        ...(growths.length === 0
          ? {}
          : { growth: { before: sum((growth) => growth.before), after: sum((growth) => growth.after) } }),
      };
    });
}
