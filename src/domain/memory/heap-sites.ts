import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { NonEmpty } from "../evidence/evidence.ts";
import { isRuntimeFrame } from "../goroutines/goroutine-sites.ts";
import { leafOf, type Profile, sampleIndexOf, stackOf } from "../profiles/profile.ts";
import { sampleWork } from "../profiles/sample-work.ts";

/** What a heap profile says about the objects that one function allocated. */
export interface Held {
  readonly inuseBytes: number;
  readonly inuseObjects: number;
  /** Since the process started. */
  readonly allocBytes: number;
  readonly allocObjects: number;
}

/** Objects by the function that allocated them: the innermost own one, else the innermost of a library. */
export interface HeapSite {
  /** The line of the function that holds most in-use bytes. */
  readonly frame: Frame;
  readonly isOwn: boolean;
  /** The stack that holds most of them, innermost first. */
  readonly stack: readonly Frame[];
  readonly held: Held;
}

/** Function name -> what it holds. Empty when the profile is not a heap profile. */
export function heapSites(profile: Profile, own: OwnCode): ReadonlyMap<string, HeapSite> {
  const indexes = ["inuse_space", "inuse_objects", "alloc_space", "alloc_objects"].map((type) =>
    sampleIndexOf(profile, type),
  );
  if (indexes.includes(-1)) return new Map();
  const [inuseSpace, inuseObjects, allocSpace, allocObjects] = indexes.map(
    (index) => profile.values[index] ?? new Float64Array(0),
  );
  const { ownFrame } = sampleWork(profile, own);
  const sums = new Map<string, SiteSum>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const id = ownFrame[sample] ?? -1;
    const frame = allocatingFrame(profile, sample, id);
    if (frame === undefined) continue;
    let sum = sums.get(frame.function);
    if (sum === undefined) {
      sum = new SiteSum(id !== -1);
      sums.set(frame.function, sum);
    }
    const bytes = inuseSpace?.[sample] ?? 0;
    sum.inuseBytes += bytes;
    sum.inuseObjects += inuseObjects?.[sample] ?? 0;
    sum.allocBytes += allocSpace?.[sample] ?? 0;
    sum.allocObjects += allocObjects?.[sample] ?? 0;
    sum.offer(frame, sample, bytes);
  }
  return new Map(
    [...sums].flatMap(([name, sum]) => {
      const { frame } = sum;
      return frame === undefined
        ? []
        : [
            [
              name,
              { frame, isOwn: sum.isOwn, stack: stackOf(profile, sum.heaviest), held: sum.held() },
            ] as const,
          ];
    }),
  );
}

class SiteSum {
  readonly isOwn: boolean;
  frame: Frame | undefined;
  heaviest = -1;
  inuseBytes = 0;
  inuseObjects = 0;
  allocBytes = 0;
  allocObjects = 0;
  #most = -1;

  constructor(isOwn: boolean) {
    this.isOwn = isOwn;
  }

  offer(frame: Frame, sample: number, bytes: number): void {
    if (bytes <= this.#most) return;
    this.#most = bytes;
    this.frame = frame;
    this.heaviest = sample;
  }

  held(): Held {
    const { inuseBytes, inuseObjects, allocBytes, allocObjects } = this;
    return { inuseBytes, inuseObjects, allocBytes, allocObjects };
  }
}

/** The innermost own frame, whose id is given, or the innermost one outside the runtime where that is -1. */
export function allocatingFrame(profile: Profile, sample: number, ownFrame: number): Frame | undefined {
  return ownFrame === -1 ? libraryFrame(profile, sample) : profile.frames[ownFrame];
}

function libraryFrame(profile: Profile, sample: number): Frame | undefined {
  const { frames, sampleStart, sampleLocations, locationStart, locationFrames } = profile;
  const end = sampleStart[sample + 1] ?? 0;
  for (let i = sampleStart[sample] ?? 0; i < end; i++) {
    const location = sampleLocations[i] ?? 0;
    const frameEnd = locationStart[location + 1] ?? 0;
    for (let f = locationStart[location] ?? 0; f < frameEnd; f++) {
      const frame = frames[locationFrames[f] ?? 0];
      if (frame !== undefined && !isRuntimeFrame(frame)) return frame;
    }
  }
  return leafOf(profile, sample);
}

/** How one function's objects changed between the first and the last heap profile. */
export interface HeapMove {
  readonly site: HeapSite;
  readonly before: Held;
  readonly after: Held;
  readonly growthBytes: number;
  /** Bytes allocated in between. */
  readonly allocatedBytes: number;
}

/** Of a function or stack that the profile does not show. */
export const nothingHeld: Held = { inuseBytes: 0, inuseObjects: 0, allocBytes: 0, allocObjects: 0 };

/** Largest growth first. */
export function heapMoves(first: Profile, last: Profile, own: OwnCode): HeapMove[] {
  const earlier = heapSites(first, own);
  return [...heapSites(last, own)]
    .map(([name, site]) => {
      const before = earlier.get(name)?.held ?? nothingHeld;
      const after = site.held;
      return {
        site,
        before,
        after,
        growthBytes: after.inuseBytes - before.inuseBytes,
        allocatedBytes: after.allocBytes - before.allocBytes,
      };
    })
    .sort(
      (a, b) => b.growthBytes - a.growthBytes || (a.site.frame.function < b.site.frame.function ? -1 : 1),
    );
}

/** False when the profiles are the same: a heap profile changes only when a GC ends (Go source: runtime/mprof.go). */
export function collectedBetween(first: Profile, last: Profile): boolean {
  if (first.sampleCount !== last.sampleCount) return true;
  return last.values.some((values, type) =>
    values.some((value, sample) => value !== first.values[type]?.[sample]),
  );
}

/** First and last of successive heap profiles of one process; undefined when there is only one. */
export function firstAndLast(heap: NonEmpty<Profile>): readonly [Profile, Profile] | undefined {
  const first = heap[0];
  const last = heap.at(-1) ?? first;
  return first === last ? undefined : [first, last];
}
