import type { NonEmpty } from "./evidence.ts";
import type { Frame } from "./frame.ts";
import { isRuntimeFrame } from "./goroutine-sites.ts";
import type { OwnCode } from "./own-code.ts";
import { leafOf, type Profile, sampleIndexOf, stackOf } from "./profile.ts";
import { sampleWork } from "./sample-work.ts";

/** What a heap profile says about the objects that one function allocated. */
export interface Held {
  readonly inuseBytes: number;
  readonly inuseObjects: number;
  /** Since the process started. */
  readonly allocBytes: number;
  readonly allocObjects: number;
  /** Variance of `inuseBytes`, in bytes squared: a heap profile is a sample. */
  readonly inuseVariance: number;
  /** Variance of the bytes that were ever allocated there. */
  readonly allocVariance: number;
  /** Variance of the bytes that were freed again. */
  readonly freedVariance: number;
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

/** The runtime's default, one sample per 512 KiB (Go source: runtime/mprof.go, MemProfileRate). */
const defaultRateBytes = 512 << 10;

/** Function name -> what it holds. Empty when the profile is not a heap profile. */
export function heapSites(profile: Profile, own: OwnCode): ReadonlyMap<string, HeapSite> {
  const indexes = ["inuse_space", "inuse_objects", "alloc_space", "alloc_objects"].map((type) =>
    sampleIndexOf(profile, type),
  );
  if (indexes.includes(-1)) return new Map();
  const [inuseSpace, inuseObjects, allocSpace, allocObjects] = indexes.map(
    (index) => profile.values[index] ?? new Float64Array(0),
  );
  const rate = profile.period > 0 ? profile.period : defaultRateBytes;
  const { ownFrame } = sampleWork(profile, own);
  const sums = new Map<string, SiteSum>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const id = ownFrame[sample] ?? -1;
    const frame = id === -1 ? libraryFrame(profile, sample) : profile.frames[id];
    if (frame === undefined) continue;
    let sum = sums.get(frame.function);
    if (sum === undefined) {
      sum = new SiteSum(id !== -1);
      sums.set(frame.function, sum);
    }
    const bytes = inuseSpace?.[sample] ?? 0;
    const objects = inuseObjects?.[sample] ?? 0;
    sum.inuseBytes += bytes;
    sum.inuseObjects += objects;
    const allocated = allocSpace?.[sample] ?? 0;
    const allocations = allocObjects?.[sample] ?? 0;
    sum.allocBytes += allocated;
    sum.allocObjects += allocations;
    sum.inuseVariance += samplingVariance(bytes, objects, rate);
    sum.allocVariance += samplingVariance(allocated, allocations, rate);
    sum.freedVariance += samplingVariance(allocated - bytes, allocations - objects, rate);
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
  inuseVariance = 0;
  allocVariance = 0;
  freedVariance = 0;
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
    const { inuseVariance, allocVariance, freedVariance } = this;
    return {
      inuseBytes,
      inuseObjects,
      allocBytes,
      allocObjects,
      inuseVariance,
      allocVariance,
      freedVariance,
    };
  }
}

/**
 * Variance of a scaled-up sum. An object of size s is sampled with probability p = 1 - exp(-s/rate) and then counts
 * for 1/p objects (Go source: runtime/pprof/protomem.go, scaleHeapSample), so n objects seen as n*p samples have
 * the variance n * s^2 * (1-p)/p: about bytes * rate for small objects, nothing for large ones.
 */
function samplingVariance(bytes: number, objects: number, rateBytes: number): number {
  if (bytes <= 0 || objects <= 0) return 0;
  const size = bytes / objects;
  const missed = Math.exp(-size / rateBytes);
  return (bytes * size * missed) / (1 - missed);
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
  /** Standard error of `growthBytes`, at most: see `growthVariance`. */
  readonly growthErrorBytes: number;
  /** Bytes allocated in between. */
  readonly allocatedBytes: number;
}

const nothing: Held = {
  inuseBytes: 0,
  inuseObjects: 0,
  allocBytes: 0,
  allocObjects: 0,
  inuseVariance: 0,
  allocVariance: 0,
  freedVariance: 0,
};

/** Largest growth first. */
export function heapMoves(first: Profile, last: Profile, own: OwnCode): HeapMove[] {
  const earlier = heapSites(first, own);
  return [...heapSites(last, own)]
    .map(([name, site]) => {
      const before = earlier.get(name)?.held ?? nothing;
      const after = site.held;
      return {
        site,
        before,
        after,
        growthBytes: after.inuseBytes - before.inuseBytes,
        growthErrorBytes: Math.sqrt(growthVariance(before, after)),
        allocatedBytes: after.allocBytes - before.allocBytes,
      };
    })
    .sort(
      (a, b) => b.growthBytes - a.growthBytes || (a.site.frame.function < b.site.frame.function ? -1 : 1),
    );
}

/**
 * Whether an object is sampled is decided once, when it is allocated (Go source: runtime/malloc.go, mallocgc), so what
 * both profiles hold adds no error to their difference: only what was allocated and what was freed in between does. Both
 * readings overstate (what came and went in between is in neither profile), so the smaller one holds.
 */
function growthVariance(before: Held, after: Held): number {
  const ofBoth = before.inuseVariance + after.inuseVariance;
  const allocated = after.allocVariance - before.allocVariance;
  const freed = after.freedVariance - before.freedVariance;
  return allocated < 0 || freed < 0 ? ofBoth : Math.min(ofBoth, allocated + freed);
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
