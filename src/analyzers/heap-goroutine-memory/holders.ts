import type { OwnCode } from "../../domain/code/own-code.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import { type SiteGrowth, siteGrowth, type WaitSite, waitSites } from "../../domain/goroutines/wait-sites.ts";
import { type HeapSite, heapSites } from "../../domain/memory/heap-sites.ts";
import type { Profile } from "../../domain/profiles/profile.ts";

/** Goroutines that wait at the same own line, and what functions on their stacks allocated. */
export interface HolderSite extends WaitSite {
  /** Own function -> bytes in use that it allocated. Only functions with about an object for every goroutine. */
  readonly objects: ReadonlyMap<string, number>;
  /** Absent when there is only one capture. */
  readonly growth?: SiteGrowth;
}

/** Most goroutines first. A function's bytes are given to the first site that it is on the stack of. */
export function holderSites(
  goroutines: GoroutineEvidence,
  heap: Profile | undefined,
  own: OwnCode,
): HolderSite[] {
  const held: ReadonlyMap<string, HeapSite> = heap === undefined ? new Map() : heapSites(heap, own);
  const given = new Set<string>();
  const waiting = goroutines.best.groups.filter(
    ({ wait, stack }) => wait !== "active" && stack.some((frame) => own.isOwn(frame)),
  );
  return waitSites(waiting, own).map((site) => {
    const objects = new Map<string, number>();
    const creators = site.groups.flatMap(({ createdBy }) => (createdBy === undefined ? [] : [createdBy]));
    for (const { function: name } of [...site.where, ...creators]) {
      const allocated = held.get(name);
      // Half of the goroutines, because a heap profile is a sample, and a GC or two old.
      if (allocated === undefined || !allocated.isOwn || given.has(name)) continue;
      if (allocated.held.inuseObjects < site.count / 2) continue;
      objects.set(name, allocated.held.inuseBytes);
      given.add(name);
    }
    const growth = siteGrowth(goroutines, site, own);
    return { ...site, objects, ...(growth === undefined ? {} : { growth }) };
  });
}
