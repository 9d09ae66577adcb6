import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import { memoised } from "../memoised.ts";
import { leafIndex, type Profile, stackOf } from "./profile.ts";

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

/** By sample type: several rules ask for the total of one profile, in code that V8 has not compiled yet. */
const totalsOf = memoised((_profile: Profile) => new Map<number, number>());

/** Sum of all samples, those without a stack included. */
export function profileTotal(profile: Profile, sampleIndex: number): number {
  const totals = totalsOf(profile);
  const known = totals.get(sampleIndex);
  if (known !== undefined) return known;
  const total = sumOfAll(profile, sampleIndex);
  totals.set(sampleIndex, total);
  return total;
}

function sumOfAll(profile: Profile, sampleIndex: number): number {
  const sum = profile.sums?.[sampleIndex];
  if (sum !== undefined && profile.exactValues[sampleIndex] === undefined) return sum;
  const [total] = exactSums(profile, sampleIndex, (values) => {
    const sum = new Float64Array(1);
    for (let sample = 0; sample < profile.sampleCount; sample++)
      sum[0] = (sum[0] ?? 0) + (values[sample] ?? 0);
    return [sum];
  });
  return total?.[0] ?? 0;
}

/**
 * Flat and cumulative value of every function, largest flat first, as `go tool pprof -top -nodefraction=0` counts
 * them (google/pprof internal/graph, newGraph): functions are told apart by name, a recursive one counts once in
 * `cum`, an inlined leaf takes the flat value, functions that hold nothing are left out.
 */
export function functionTotals(profile: Profile, sampleIndex: number): FunctionTotal[] {
  const names: string[] = [];
  const functions = functionIds(profile, names);
  const [flat, cum] = exactSums(profile, sampleIndex, (values) =>
    flatAndCum(profile, functions, names.length, values),
  );
  const totals: FunctionTotal[] = [];
  for (const [id, name] of names.entries()) {
    const total = { function: name, flat: flat?.[id] ?? 0, cum: cum?.[id] ?? 0 };
    if (total.flat !== 0 || total.cum !== 0) totals.push(total);
  }
  return totals.sort(
    (a, b) => Math.abs(b.flat) - Math.abs(a.flat) || Math.abs(b.cum) - Math.abs(a.cum) || byText(a, b),
  );
}

function flatAndCum(profile: Profile, functions: Uint32Array, size: number, values: Values): Float64Array[] {
  const flat = new Float64Array(size);
  const cum = new Float64Array(size);
  const countedIn = new Int32Array(size).fill(-1);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const value = values[sample] ?? 0;
    if (value === 0) continue;
    addStack(profile, sample, functions, value, cum, countedIn);
    const leaf = functions[leafIndex(profile, sample)];
    if (leaf !== undefined) flat[leaf] = (flat[leaf] ?? 0) + value;
  }
  return [flat, cum];
}

/**
 * Adds `value` once to each function on a stack; `countedIn` notes which sample a function was last counted in.
 * A profile of 50 MB has more than twenty million locations on its stacks: a function for one stack with all it needs
 * as parameters is compiled early, and for good.
 */
function addStack(
  { sampleStart, sampleLocations, locationStart }: Profile,
  sample: number,
  functions: Uint32Array,
  value: number,
  cum: Float64Array,
  countedIn: Int32Array,
): void {
  const end = sampleStart[sample + 1] ?? 0;
  for (let i = sampleStart[sample] ?? 0; i < end; i++) {
    const location = sampleLocations[i] ?? 0;
    const last = locationStart[location + 1] ?? 0;
    for (let f = locationStart[location] ?? 0; f < last; f++) {
      const id = functions[f] ?? 0;
      if (countedIn[id] === sample) continue;
      countedIn[id] = sample;
      cum[id] = (cum[id] ?? 0) + value;
    }
  }
}

/** Numbers the functions by name. Returns the number of each element of `locationFrames`; `names` gets the names. */
function functionIds(profile: Profile, names: string[]): Uint32Array {
  const ids = new Map<string, number>();
  const ofFrame = new Uint32Array(profile.frames.length);
  for (const [index, frame] of profile.frames.entries()) {
    let id = ids.get(frame.function);
    if (id === undefined) {
      id = names.push(frame.function) - 1;
      ids.set(frame.function, id);
    }
    ofFrame[index] = id;
  }
  return profile.locationFrames.map((frame) => ofFrame[frame] ?? 0);
}

function byText(a: FunctionTotal, b: FunctionTotal): number {
  return a.function < b.function ? -1 : a.function > b.function ? 1 : 0;
}

/**
 * Every sample's value given to its innermost own frame, largest first. Samples without one are left out:
 * `profileTotal` tells how much that is.
 */
export function siteTotals(profile: Profile, sampleIndex: number, own: OwnCode): SiteTotal[] {
  const { frames, sampleCount } = profile;
  const siteOfSample = innermostOwnFrames(profile, own);
  const numbers = profile.values[sampleIndex] ?? new Float64Array(0);
  const heaviest = new Int32Array(frames.length).fill(-1);
  for (let sample = 0; sample < sampleCount; sample++) {
    const frame = siteOfSample[sample] ?? -1;
    const value = numbers[sample] ?? 0;
    if (frame === -1 || value === 0) continue;
    const before = heaviest[frame] ?? -1;
    if (before === -1 || value > (numbers[before] ?? 0)) heaviest[frame] = sample;
  }
  const [sums] = exactSums(profile, sampleIndex, (values) => {
    const sum = new Float64Array(frames.length);
    for (let sample = 0; sample < sampleCount; sample++) {
      const frame = siteOfSample[sample] ?? -1;
      if (frame !== -1) sum[frame] = (sum[frame] ?? 0) + (values[sample] ?? 0);
    }
    return [sum];
  });
  const sites: SiteTotal[] = [];
  for (const [id, frame] of frames.entries()) {
    const sample = heaviest[id] ?? -1;
    if (sample !== -1) sites.push({ frame, value: sums?.[id] ?? 0, stack: stackOf(profile, sample) });
  }
  return sites.sort((a, b) => b.value - a.value);
}

/** For each sample the innermost frame that is own code, or -1. */
function innermostOwnFrames(profile: Profile, own: OwnCode): Int32Array {
  const { frames, locationStart, locationFrames, sampleStart, sampleLocations, sampleCount } = profile;
  const isOwn = frames.map((frame) => own.isOwn(frame));
  const ofLocation = new Int32Array(locationStart.length).fill(-1);
  for (let location = 0; location + 1 < locationStart.length; location++) {
    const last = locationStart[location + 1] ?? 0;
    for (let f = locationStart[location] ?? 0; f < last; f++) {
      const frame = locationFrames[f] ?? 0;
      if (isOwn[frame] !== true) continue;
      ofLocation[location] = frame;
      break;
    }
  }
  const ofSample = new Int32Array(sampleCount).fill(-1);
  for (let sample = 0; sample < sampleCount; sample++) {
    const end = sampleStart[sample + 1] ?? 0;
    for (let i = sampleStart[sample] ?? 0; i < end; i++) {
      const frame = ofLocation[sampleLocations[i] ?? 0] ?? -1;
      if (frame === -1) continue;
      ofSample[sample] = frame;
      break;
    }
  }
  return ofSample;
}

type Values = Float64Array | Uint32Array | Int32Array;

/**
 * Runs `addUp` over the values of one sample type. Where sums may leave the 53 bits of a number it runs over both
 * halves of the values, and the sums are put together as the Go tools' int64 would have them, which wraps.
 */
function exactSums(
  profile: Profile,
  sampleIndex: number,
  addUp: (values: Values) => Float64Array[],
): Float64Array[] {
  const exact = profile.exactValues[sampleIndex];
  if (exact === undefined) return addUp(profile.values[sampleIndex] ?? new Float64Array(0));
  const highSums = addUp(exact.high);
  return addUp(exact.low).map((lowSums, list) =>
    lowSums.map((low, id) => {
      const high = highSums[list]?.[id] ?? 0;
      return Number(BigInt.asIntN(64, (BigInt(high) << 32n) + BigInt(low)));
    }),
  );
}
