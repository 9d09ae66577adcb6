import type { OwnCode } from "../code/own-code.ts";
import { type Profile, sampleIndexOf, stackOf } from "../profiles/profile.ts";
import { sampleWork } from "../profiles/sample-work.ts";
import { allocatingFrame, type Held, nothingHeld } from "./heap-sites.ts";

/** The runtime's default, one sample per 512 KiB (Go source: runtime/mprof.go, MemProfileRate). */
const defaultRateBytes = 512 << 10;

/** What the stacks of one allocating function tell about its growth between two profiles. */
export interface GrowthByStack {
  /** Of the growth, at most; see `growthOf`. */
  readonly errorBytes: number;
  /**
   * Part of all bytes that its growing stacks ever allocated that is still in use, 0 to 1: where one line keeps what
   * it allocates, another line's garbage does not tell against it.
   */
  readonly keptRatio: number;
}

/**
 * `errorBytes` is the standard error, at most, of the growth of what `symbol` allocated and is still in use: a heap profile
 * is a sample. Whether an object is sampled is decided once, when it is allocated (Go source: runtime/malloc.go, mallocgc),
 * so what both profiles hold adds no error to their difference: only what was allocated and what was freed in between does.
 * Both readings overstate (what came and went in between is in neither profile), so the smaller one holds, stack by stack.
 */
export function growthOf(first: Profile, last: Profile, symbol: string, own: OwnCode): GrowthByStack {
  const rate = last.period > 0 ? last.period : defaultRateBytes;
  const earlier = heldByStack(first, symbol, own);
  let variance = 0;
  let inuseBytes = 0;
  let allocBytes = 0;
  for (const [stack, after] of heldByStack(last, symbol, own)) {
    const before = earlier.get(stack) ?? nothingHeld;
    variance += growthVariance(before, after, rate);
    if (after.inuseBytes <= before.inuseBytes) continue;
    inuseBytes += after.inuseBytes;
    allocBytes += after.allocBytes;
  }
  return {
    errorBytes: Math.sqrt(variance),
    keptRatio: allocBytes <= 0 ? 1 : Math.min(1, inuseBytes / allocBytes),
  };
}

function growthVariance(before: Held, after: Held, rate: number): number {
  const ofBoth = inuseVariance(before, rate) + inuseVariance(after, rate);
  const allocated =
    samplingVariance(after.allocBytes, after.allocObjects, rate) -
    samplingVariance(before.allocBytes, before.allocObjects, rate);
  const freed = freedVariance(after, rate) - freedVariance(before, rate);
  return allocated < 0 || freed < 0 ? ofBoth : Math.min(ofBoth, allocated + freed);
}

function inuseVariance({ inuseBytes, inuseObjects }: Held, rate: number): number {
  return samplingVariance(inuseBytes, inuseObjects, rate);
}

function freedVariance({ inuseBytes, inuseObjects, allocBytes, allocObjects }: Held, rate: number): number {
  return samplingVariance(allocBytes - inuseBytes, allocObjects - inuseObjects, rate);
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

/** What one function holds, by stack; frames are compared by line, because profiles number their locations anew. */
function heldByStack(profile: Profile, symbol: string, own: OwnCode): ReadonlyMap<string, Held> {
  const [inuseSpace, inuseObjects, allocSpace, allocObjects] = [
    "inuse_space",
    "inuse_objects",
    "alloc_space",
    "alloc_objects",
  ].map((type) => profile.values[sampleIndexOf(profile, type)]);
  const { ownFrame } = sampleWork(profile, own);
  const held = new Map<string, Held>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (allocatingFrame(profile, sample, ownFrame[sample] ?? -1)?.function !== symbol) continue;
    const stack = stackOf(profile, sample)
      .map((frame) => `${frame.function}:${frame.line}`)
      .join();
    const before = held.get(stack) ?? nothingHeld;
    held.set(stack, {
      inuseBytes: before.inuseBytes + (inuseSpace?.[sample] ?? 0),
      inuseObjects: before.inuseObjects + (inuseObjects?.[sample] ?? 0),
      allocBytes: before.allocBytes + (allocSpace?.[sample] ?? 0),
      allocObjects: before.allocObjects + (allocObjects?.[sample] ?? 0),
    });
  }
  return held;
}
