import type { Frame } from "../code/frame.ts";

export interface ValueType {
  /** e.g. `inuse_space`, `delay`, `goroutine`. */
  readonly type: string;
  /** e.g. `bytes`, `nanoseconds`, `count`. */
  readonly unit: string;
}

/** 64-bit values as two halves: value = high * 2^32 + low. */
export interface Int64Values {
  readonly high: Int32Array;
  readonly low: Uint32Array;
}

/**
 * A pprof profile as flat arrays: no object per sample or location, so a profile of millions of frames stays small.
 * Format: github.com/google/pprof proto/profile.proto.
 *
 * A sample is one distinct stack (sequence of locations): what the file says about the same stack several times,
 * under different labels, is added up, so a profile is as large as its distinct stacks are.
 */
export interface Profile {
  readonly artifact: string;
  readonly sampleTypes: readonly ValueType[];
  /** Index into `sampleTypes` that `go tool pprof` shows when none is named. */
  readonly defaultSampleIndex: number;
  /** As the file declares it; Go does so only for `allocs` ("alloc_space"). */
  readonly defaultSampleType?: string;
  readonly periodType?: ValueType;
  readonly period: number;
  /** Milliseconds since the epoch at which the profile was taken. */
  readonly timeMs?: number;
  /** Set for profiles over a window (CPU, `?seconds=N` deltas). */
  readonly durationMs?: number;
  /** Distinct frames; an index into this array is a frame id. */
  readonly frames: readonly Frame[];
  /** Frames of location `l`: `locationFrames[locationStart[l] .. locationStart[l + 1]]`, innermost (inlined) first. */
  readonly locationStart: Uint32Array;
  readonly locationFrames: Uint32Array;
  readonly sampleCount: number;
  /** How many samples the file has; larger than `sampleCount` where stacks repeat under different labels. */
  readonly fileSampleCount: number;
  /**
   * Locations of sample `s`: `sampleLocations[sampleStart[s] .. sampleStart[s + 1]]`, leaf first; may be empty.
   * This is nearly all of a profile's memory, hence the short numbers wherever they do.
   */
  readonly sampleStart: Uint32Array;
  readonly sampleLocations: Uint16Array | Uint32Array;
  /** `values[t][s]` is the value of sample `s` for sample type `t`. Negative in deltas. Exact up to 2^53. */
  readonly values: readonly Float64Array[];
  /** `sums[t]` is the sum of `values[t]` where the reader has made it: see `profileTotal`. */
  readonly sums?: readonly (number | undefined)[];
  /**
   * Exact values of the sample types whose sums leave the 53 bits of a number (`delay` of many idle goroutines does
   * within minutes), by index of the sample type; absent elsewhere.
   */
  readonly exactValues: readonly (Int64Values | undefined)[];
  /**
   * Set when a program other than the process wrote it, as `go tool pprof` and profile stores do: fields follow the
   * strings, which Go's runtime writes last (Go source: runtime/pprof/proto.go, build).
   */
  readonly rewritten?: true;
  /** Main binary of the process, when a mapping names it. */
  readonly binary?: { readonly file: string; readonly buildId: string };
}

/** Index of the sample type called `type`, or -1. */
export function sampleIndexOf(profile: Profile, type: string): number {
  return profile.sampleTypes.findIndex((sampleType) => sampleType.type === type);
}

/** The stack of a sample, inlined frames expanded, innermost first. */
export function stackOf(profile: Profile, sample: number): Frame[] {
  const stack: Frame[] = [];
  const end = profile.sampleStart[sample + 1] ?? 0;
  for (let i = profile.sampleStart[sample] ?? 0; i < end; i++) {
    const location = profile.sampleLocations[i] ?? 0;
    const frameEnd = profile.locationStart[location + 1] ?? 0;
    for (let f = profile.locationStart[location] ?? 0; f < frameEnd; f++) {
      const frame = profile.frames[profile.locationFrames[f] ?? 0];
      if (frame !== undefined) stack.push(frame);
    }
  }
  return stack;
}

/** Index into `locationFrames` of the innermost frame of a sample, or -1 for an empty stack. */
export function leafIndex(profile: Profile, sample: number): number {
  const { sampleStart, sampleLocations, locationStart } = profile;
  const end = sampleStart[sample + 1] ?? 0;
  for (let i = sampleStart[sample] ?? 0; i < end; i++) {
    const location = sampleLocations[i] ?? 0;
    const first = locationStart[location] ?? 0;
    if (first < (locationStart[location + 1] ?? 0)) return first;
  }
  return -1;
}

/** The innermost frame of a sample, or undefined for an empty stack. */
export function leafOf(profile: Profile, sample: number): Frame | undefined {
  const frame = profile.locationFrames[leafIndex(profile, sample)];
  return frame === undefined ? undefined : profile.frames[frame];
}
