import type { Frame } from "./frame.ts";

export interface ValueType {
  /** e.g. `inuse_space`, `delay`, `goroutine`. */
  readonly type: string;
  /** e.g. `bytes`, `nanoseconds`, `count`. */
  readonly unit: string;
}

/**
 * A pprof profile as flat arrays: no object per sample or location, so a profile of millions of frames stays small.
 * Format: github.com/google/pprof proto/profile.proto.
 */
export interface Profile {
  readonly artifact: string;
  readonly sampleTypes: readonly ValueType[];
  /** Index into `sampleTypes` that `go tool pprof` shows when none is named. */
  readonly defaultSampleIndex: number;
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
  /** Locations of sample `s`: `sampleLocations[sampleStart[s] .. sampleStart[s + 1]]`, leaf first; may be empty. */
  readonly sampleStart: Uint32Array;
  readonly sampleLocations: Uint32Array;
  /** `values[t][s]` is the value of sample `s` for sample type `t`. Negative in deltas. Exact up to 2^53. */
  readonly values: readonly Float64Array[];
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

/** What one function holds in a profile, in the unit of the chosen sample type. */
export interface FunctionTotal {
  readonly function: string;
  /** Value of the samples whose leaf is this function. */
  readonly flat: number;
  /** Value of the samples that have this function anywhere in their stack, each counted once. */
  readonly cum: number;
}

/** Value of one line of code that a person can change, with the heaviest stack that reached it. */
export interface SiteTotal {
  readonly frame: Frame;
  readonly value: number;
  readonly stack: readonly Frame[];
}
