import type { Frame } from "../code/frame.ts";
import { type OwnCode, ownFrames } from "../code/own-code.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import { grouped } from "../grouped.ts";
import { memoisedOfTwo } from "../memoised.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { isRuntimeFrame, siteKey } from "./goroutine-sites.ts";

/** Goroutines that stand at one line of the service's own code, whatever led them there. */
export interface WaitSite {
  /** Own frames of the largest group, innermost first; see `blamedFrames` for stacks without own code. */
  readonly where: readonly Frame[];
  /** Largest first. */
  readonly groups: readonly GoroutineGroup[];
  readonly count: number;
  /** Minutes that the longest waiting one has waited; absent when no dump says so, or below one minute. */
  readonly oldestMinutes?: number;
}

/**
 * The frames to show a person: own ones; where a stack has none, the own function that started it; where that is
 * unknown too, the innermost frame outside the runtime.
 */
export function blamedFrames(group: GoroutineGroup, own: OwnCode): readonly Frame[] {
  const frames = ownFrames(group.stack, own);
  if (frames.length > 0) return frames;
  if (group.createdBy !== undefined && own.isOwn(group.createdBy)) return [group.createdBy];
  const visible = group.stack.filter((frame) => !isRuntimeFrame(frame));
  const frame = visible.find((candidate) => !own.isStandardLibrary(candidate)) ?? visible[0];
  return frame === undefined ? [] : [frame];
}

/**
 * Rules look at so many of the largest sites. A process in trouble has its goroutines at a few lines; every group is
 * in the analysis anyway.
 */
const mostSites = 50;

/** Gathers groups by the innermost own line that they stand at: the largest sites, largest first. */
export function waitSites(groups: readonly GoroutineGroup[], own: OwnCode): WaitSite[] {
  return [...grouped(groups, (group) => ownSiteKey(group, own)).values()]
    .map((members) => ({ members, count: members.reduce((sum, group) => sum + group.count, 0) }))
    .sort((a, b) => b.count - a.count)
    .slice(0, mostSites)
    .map(({ members }) => siteOf(members, own));
}

function siteOf(members: readonly GoroutineGroup[], own: OwnCode): WaitSite {
  const groups = members.toSorted((a, b) => b.count - a.count);
  const oldestMinutes = groups.reduce((oldest, group) => Math.max(oldest, group.waitMinutes?.max ?? 0), 0);
  const [largest] = groups;
  return {
    where: largest === undefined ? [] : blamedFrames(largest, own),
    groups,
    count: groups.reduce((sum, group) => sum + group.count, 0),
    ...(oldestMinutes === 0 ? {} : { oldestMinutes }),
  };
}

/** The innermost own line; goroutines of libraries alone are told apart by their stack. */
function ownSiteKey(group: GoroutineGroup, own: OwnCode): string {
  const frame = group.stack.find((candidate) => own.isOwn(candidate));
  return frame === undefined ? siteKey(group) : `${frame.function}:${frame.line}`;
}

/** How many goroutines stood at the lines of a site in each of the comparable snapshots, oldest first. */
export interface SiteGrowth {
  readonly counts: readonly number[];
  readonly before: number;
  readonly after: number;
  /** Milliseconds between the first and the last snapshot, when known. */
  readonly windowMs?: number;
}

/** Growth of the lines of `site`; undefined when there is only one snapshot. */
export function siteGrowth(
  evidence: GoroutineEvidence,
  site: WaitSite,
  own: OwnCode,
): SiteGrowth | undefined {
  if (evidence.series.length < 2) return undefined;
  const keys = new Set(site.groups.map((group) => ownSiteKey(group, own)));
  const counts = evidence.series.map((snapshot) => {
    let count = 0;
    for (const key of keys) count += countsBySite(snapshot, own).get(key) ?? 0;
    return count;
  });
  return {
    counts,
    before: counts[0] ?? 0,
    after: counts.at(-1) ?? 0,
    ...(evidence.windowMs === undefined ? {} : { windowMs: evidence.windowMs }),
  };
}

const countsBySite = memoisedOfTwo((snapshot: GoroutineSnapshot, own: OwnCode) => {
  const counts = new Map<string, number>();
  for (const group of snapshot.groups) {
    const key = ownSiteKey(group, own);
    counts.set(key, (counts.get(key) ?? 0) + group.count);
  }
  return counts;
});
