import type { Frame } from "../code/frame.ts";
import { ownFrames } from "../code/own-code.ts";
import { workSet } from "../code/work-kinds.ts";
import type { Evidence, TargetFacts } from "../evidence/evidence.ts";
import { cpuTime, does, workSites } from "../profiles/sample-work.ts";
import { bytesText, percentText } from "../units.ts";
import { firstAndLast, heapMoves, heapSites } from "./heap-sites.ts";

/** An own function and what it allocates or holds, in words. */
export interface AllocationSite {
  /** Own frames, innermost first; never empty. */
  readonly where: readonly Frame[];
  /** "shop/catalog.Render allocates most: 31 % of the CPU time goes there". */
  readonly text: string;
  readonly artifact: string;
}

const allocation = workSet("allocation");

/**
 * The own function that allocates most right now: by the CPU time spent on it, else by the bytes between two heap
 * profiles. A single heap profile counts since the start of the process, so it is not asked.
 */
export function busiestAllocationSite({
  cpu,
  heap,
  target: { own },
}: Partial<Pick<Evidence, "cpu" | "heap">> & { readonly target: TargetFacts }): AllocationSite | undefined {
  const time = cpu === undefined ? undefined : cpuTime(cpu);
  if (cpu !== undefined && time !== undefined) {
    const site = workSites(cpu, time.sampleIndex, own, does(allocation))[0];
    if (site !== undefined) {
      return {
        where: ownFrames(site.stack, own),
        text: `${site.frame.function} allocates most: ${percentText(site.value / time.totalNs)} of the CPU time goes there`,
        artifact: cpu.artifact,
      };
    }
  }
  const ends = heap === undefined ? undefined : firstAndLast(heap);
  if (ends === undefined) return undefined;
  const move = heapMoves(...ends, own)
    .filter(({ site, allocatedBytes }) => site.isOwn && allocatedBytes > 0)
    .sort((a, b) => b.allocatedBytes - a.allocatedBytes)[0];
  if (move === undefined) return undefined;
  return {
    where: ownFrames(move.site.stack, own),
    text: `${move.site.frame.function} allocates most: ${bytesText(move.allocatedBytes)} between the heap profiles`,
    artifact: ends[1].artifact,
  };
}

/** The own function whose objects fill most of the heap. */
export function largestHolder({
  heap,
  target: { own },
}: Partial<Pick<Evidence, "heap">> & { readonly target: TargetFacts }): AllocationSite | undefined {
  const profile = heap?.at(-1);
  if (profile === undefined) return undefined;
  const sites = [...heapSites(profile, own).values()];
  const total = sites.reduce((sum, { held }) => sum + held.inuseBytes, 0);
  const site = sites.filter(({ isOwn }) => isOwn).sort((a, b) => b.held.inuseBytes - a.held.inuseBytes)[0];
  if (site === undefined || site.held.inuseBytes <= 0) return undefined;
  return {
    where: ownFrames(site.stack, own),
    text: `${site.frame.function} allocated ${bytesText(site.held.inuseBytes)} (${percentText(site.held.inuseBytes / total)}) of what is in use`,
    artifact: profile.artifact,
  };
}
