import type { Frame } from "./frame.ts";
import type { OwnCode } from "./own-code.ts";
import type { Int64Values, Profile } from "./profile.ts";
import { stackOf } from "./profile.ts";

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
  /** Innermost first. */
  readonly stack: readonly Frame[];
}

/** Sum of all samples, those without a stack included. */
export function profileTotal(profile: Profile, sampleIndex: number): number {
  const sum = new ExactSums(profile, sampleIndex, 1);
  for (let sample = 0; sample < profile.sampleCount; sample++) sum.add(0, sample);
  return sum.of(0);
}

/**
 * Flat and cumulative value of every function, largest flat first, as `go tool pprof -top -nodefraction=0` counts
 * them (google/pprof internal/graph, newGraph): functions are told apart by name, a recursive one counts once in
 * `cum`, an inlined leaf takes the flat value, functions that hold nothing are left out.
 */
export function functionTotals(profile: Profile, sampleIndex: number): FunctionTotal[] {
  const names: string[] = [];
  const functionOfFrame = functionIds(profile, names);
  const flat = new ExactSums(profile, sampleIndex, names.length);
  const cum = new ExactSums(profile, sampleIndex, names.length);
  const countedIn = new Int32Array(names.length).fill(-1);
  const { sampleStart, sampleLocations, locationStart, locationFrames, sampleCount } = profile;
  for (let sample = 0; sample < sampleCount; sample++) {
    if (flat.isZero(sample)) continue;
    let isLeaf = true;
    const end = sampleStart[sample + 1] ?? 0;
    for (let i = sampleStart[sample] ?? 0; i < end; i++) {
      const location = sampleLocations[i] ?? 0;
      const frameEnd = locationStart[location + 1] ?? 0;
      for (let f = locationStart[location] ?? 0; f < frameEnd; f++) {
        const id = functionOfFrame[locationFrames[f] ?? 0] ?? 0;
        if (countedIn[id] === sample) continue;
        countedIn[id] = sample;
        cum.add(id, sample);
        if (isLeaf) flat.add(id, sample);
        isLeaf = false;
      }
    }
  }
  const totals: FunctionTotal[] = [];
  for (const [id, name] of names.entries()) {
    const total = { function: name, flat: flat.of(id), cum: cum.of(id) };
    if (total.flat !== 0 || total.cum !== 0) totals.push(total);
  }
  return totals.sort(
    (a, b) => Math.abs(b.flat) - Math.abs(a.flat) || Math.abs(b.cum) - Math.abs(a.cum) || byText(a, b),
  );
}

/** Numbers the functions of all frames; returns the number of each frame's function. */
function functionIds(profile: Profile, names: string[]): Uint32Array {
  const ids = new Map<string, number>();
  const functionOfFrame = new Uint32Array(profile.frames.length);
  for (const [index, frame] of profile.frames.entries()) {
    let id = ids.get(frame.function);
    if (id === undefined) {
      id = names.push(frame.function) - 1;
      ids.set(frame.function, id);
    }
    functionOfFrame[index] = id;
  }
  return functionOfFrame;
}

function byText(a: FunctionTotal, b: FunctionTotal): number {
  return a.function < b.function ? -1 : a.function > b.function ? 1 : 0;
}

/**
 * Every sample's value given to its innermost own frame, largest first. Samples without one are left out:
 * `profileTotal` tells how much that is.
 */
export function siteTotals(profile: Profile, sampleIndex: number, own: OwnCode): SiteTotal[] {
  const { frames, sampleStart, sampleLocations, sampleCount } = profile;
  const ownFrameOfLocation = innermostOwnFrames(profile, own);
  const sums = new ExactSums(profile, sampleIndex, frames.length);
  const heaviest = new Int32Array(frames.length).fill(-1);
  const values = profile.values[sampleIndex] ?? new Float64Array(0);
  for (let sample = 0; sample < sampleCount; sample++) {
    if (sums.isZero(sample)) continue;
    const end = sampleStart[sample + 1] ?? 0;
    for (let i = sampleStart[sample] ?? 0; i < end; i++) {
      const frame = ownFrameOfLocation[sampleLocations[i] ?? 0] ?? -1;
      if (frame === -1) continue;
      sums.add(frame, sample);
      const before = heaviest[frame] ?? -1;
      if (before === -1 || (values[sample] ?? 0) > (values[before] ?? 0)) heaviest[frame] = sample;
      break;
    }
  }
  const sites: SiteTotal[] = [];
  for (const [id, frame] of frames.entries()) {
    const sample = heaviest[id] ?? -1;
    if (sample === -1) continue;
    sites.push({ frame, value: sums.of(id), stack: stackOf(profile, sample) });
  }
  return sites.sort((a, b) => b.value - a.value);
}

/** For each location the innermost frame that is own code, or -1. */
function innermostOwnFrames(profile: Profile, own: OwnCode): Int32Array {
  const { frames, locationStart, locationFrames } = profile;
  const isOwn = frames.map((frame) => own.isOwn(frame));
  const found = new Int32Array(locationStart.length).fill(-1);
  for (let location = 0; location + 1 < locationStart.length; location++) {
    const end = locationStart[location + 1] ?? 0;
    for (let f = locationStart[location] ?? 0; f < end; f++) {
      const frame = locationFrames[f] ?? 0;
      if (isOwn[frame] !== true) continue;
      found[location] = frame;
      break;
    }
  }
  return found;
}

/**
 * Sums of one sample type's values by some small number. Beyond 53 bits the two halves of the values are added up
 * apart, which stays exact, and wraps as the Go tools' int64 does.
 */
class ExactSums {
  readonly #values: Float64Array;
  readonly #exact: Int64Values | undefined;
  readonly #sums: Float64Array;
  readonly #highSums: Float64Array;

  constructor(profile: Profile, sampleIndex: number, size: number) {
    this.#values = profile.values[sampleIndex] ?? new Float64Array(0);
    this.#exact = profile.exactValues[sampleIndex];
    this.#sums = new Float64Array(size);
    this.#highSums = new Float64Array(this.#exact === undefined ? 0 : size);
  }

  isZero(sample: number): boolean {
    return (this.#values[sample] ?? 0) === 0;
  }

  add(id: number, sample: number): void {
    if (this.#exact === undefined) {
      this.#sums[id] = (this.#sums[id] ?? 0) + (this.#values[sample] ?? 0);
      return;
    }
    this.#sums[id] = (this.#sums[id] ?? 0) + (this.#exact.low[sample] ?? 0);
    this.#highSums[id] = (this.#highSums[id] ?? 0) + (this.#exact.high[sample] ?? 0);
  }

  of(id: number): number {
    const sum = this.#sums[id] ?? 0;
    if (this.#exact === undefined) return sum;
    return Number(BigInt.asIntN(64, (BigInt(this.#highSums[id] ?? 0) << 32n) + BigInt(sum)));
  }
}
