import { leafIndex, type Profile } from "./profile.ts";

/** What Go's heap and allocation profiles always have (Go source: runtime/pprof/protomem.go, writeHeapProto). */
const heapTypes = 4;
const heapType = /^(?:inuse|alloc)_(?:space|objects)$/;

/**
 * Why a profile of a Go program is no capture of a process at one moment, as the end of a sentence about it: one that
 * somebody has added up counts what is there many times over, and would fail a healthy service by any limit.
 */
export function whyNoCapture(profile: Profile): string | undefined {
  if (profile.rewritten !== true) return undefined;
  const { sampleTypes } = profile;
  if (isOfGoroutines(profile)) {
    const captures = goroutineCaptures(profile);
    return captures > 1
      ? `is the sum of ${captures} captures (so many goroutines in it were just writing one), shows no moment, and is not judged: give the captures themselves`
      : undefined;
  }
  if (sampleTypes.length < heapTypes && sampleTypes.some(({ type }) => heapType.test(type))) {
    return "is what a profile store exports of one sample type, perhaps added up over a time and several processes, and is not judged: gofire snapshot URL captures the heap of one";
  }
  return undefined;
}

/** Asks the others for their stacks, and is in the profile with its own, once (Go source: runtime/mprof.go). */
const writesGoroutines = /^runtime\.(?:goroutineProfileWithLabels(?:Concurrent)?|GoroutineProfile)$/;

/** A profile of goroutines that must hold the one that wrote it, and does not: another program left it out. */
export function lacksItsWriter(profile: Profile): boolean {
  if (!isOfGoroutines(profile)) return false;
  return profile.sampleCount === 0 || (profile.rewritten === true && goroutineCaptures(profile) === 0);
}

/**
 * Another program took samples out of a profile of goroutines: their places stand in it still, and nobody at them. A writer
 * has only those that it needs, so has pprof where it adds up or saves; its filters leave them (google/pprof
 * profile/filter.go, FilterSamplesByName).
 */
export function hasPlacesOfNobody(profile: Profile): boolean {
  if (profile.rewritten !== true || !isOfGoroutines(profile)) return false;
  const { locationStart, sampleStart, sampleCount, sampleLocations } = profile;
  const used = new Uint8Array(locationStart.length);
  for (const location of sampleLocations.subarray(0, sampleStart[sampleCount])) used[location] = 1;
  return locationStart.some((start, at) => (locationStart[at + 1] ?? 0) > start && used[at] === 0);
}

function isOfGoroutines({ sampleTypes: [first, ...others] }: Profile): boolean {
  return first?.type === "goroutine" && others.length === 0;
}

/** Of how many captures a goroutine profile is the sum; 0 when parts were left out or taken away. */
function goroutineCaptures(profile: Profile): number {
  const { frames, locationFrames, sampleCount, values, defaultSampleIndex } = profile;
  const writers = new Set(
    frames.flatMap(({ function: symbol }, id) => (writesGoroutines.test(symbol) ? [id] : [])),
  );
  if (writers.size === 0) return 0;
  let captures = 0;
  for (let sample = 0; sample < sampleCount; sample++) {
    const leaf = locationFrames[leafIndex(profile, sample)];
    if (leaf !== undefined && writers.has(leaf)) captures += values[defaultSampleIndex]?.[sample] ?? 0;
  }
  return captures;
}
