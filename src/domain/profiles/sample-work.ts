import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import { hasAnyOf, type WorkSet, workClassifier, workSet } from "../code/work-kinds.ts";
import { memoisedOfTwo } from "../memoised.ts";
import { type Profile, sampleIndexOf, stackOf } from "./profile.ts";

/** What the samples of a profile were busy with, by sample. */
export interface SampleWork {
  /** Id of the innermost own frame, -1 when the stack has none. */
  readonly ownFrame: Int32Array;
  /** Kinds of work of the frames that the innermost own frame called; of the whole stack when there is none. */
  readonly below: Uint32Array;
  /** Kinds of work of the whole stack, own frames excepted unless they initialise a package. */
  readonly anywhere: Uint32Array;
}

/** Looks at every sample once; later calls for the same profile cost nothing. */
export const sampleWork = memoisedOfTwo(classify);

/** Beside the kinds of a location's frames: one of them is own. */
const hasOwnFrame = 1 << 30;

function classify(profile: Profile, own: OwnCode): SampleWork {
  const { sampleStart, sampleLocations, sampleCount } = profile;
  const locations = classifyLocations(profile, own);
  const ownFrame = new Int32Array(sampleCount).fill(-1);
  const below = new Uint32Array(sampleCount);
  const anywhere = new Uint32Array(sampleCount);
  for (let sample = 0; sample < sampleCount; sample++) {
    // One look-up for each location, because there are millions of them.
    let set: WorkSet = 0;
    const end = sampleStart[sample + 1] ?? 0;
    let i = sampleStart[sample] ?? 0;
    for (; i < end; i++) {
      const location = sampleLocations[i] ?? 0;
      const kinds = locations.anywhere[location] ?? 0;
      if ((kinds & hasOwnFrame) !== 0) {
        ownFrame[sample] = locations.ownFrame[location] ?? -1;
        below[sample] = set | (locations.below[location] ?? 0);
        break;
      }
      set |= kinds;
    }
    if (i === end) below[sample] = set;
    for (; i < end; i++) set |= locations.anywhere[sampleLocations[i] ?? 0] ?? 0;
    anywhere[sample] = set & ~hasOwnFrame;
  }
  return { ownFrame, below, anywhere };
}

const packageInit = workSet("packageInit");

/** The same three facts for each location, whose inlined frames stand innermost first; `anywhere` with `hasOwnFrame`. */
function classifyLocations(profile: Profile, own: OwnCode): SampleWork {
  const { frames, locationStart, locationFrames } = profile;
  const isOwn = frames.map((frame) => own.isOwn(frame));
  const workOf = workClassifier();
  const kinds = frames.map((frame, id) => {
    const set = workOf(frame.function);
    return isOwn[id] === true ? set & packageInit : set;
  });
  const count = Math.max(0, locationStart.length - 1);
  const ownFrame = new Int32Array(count).fill(-1);
  const below = new Uint32Array(count);
  const anywhere = new Uint32Array(count);
  for (let location = 0; location < count; location++) {
    let set: WorkSet = 0;
    const end = locationStart[location + 1] ?? 0;
    for (let f = locationStart[location] ?? 0; f < end; f++) {
      const frame = locationFrames[f] ?? 0;
      if (isOwn[frame] === true && ownFrame[location] === -1) {
        ownFrame[location] = frame;
        below[location] = set;
      }
      set |= kinds[frame] ?? 0;
    }
    if (ownFrame[location] === -1) below[location] = set;
    anywhere[location] = ownFrame[location] === -1 ? set : set | hasOwnFrame;
  }
  return { ownFrame, below, anywhere };
}

/** Chooses samples by what they did; `ownFrame` is -1 where no own frame took part. */
export type SampleChoice = (below: WorkSet, anywhere: WorkSet, ownFrame: number) => boolean;

/** Sum over the chosen samples. */
export function workTotal(profile: Profile, sampleIndex: number, own: OwnCode, chosen: SampleChoice): number {
  const { ownFrame, below, anywhere } = sampleWork(profile, own);
  const values = profile.values[sampleIndex] ?? new Float64Array(0);
  let total = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (chosen(below[sample] ?? 0, anywhere[sample] ?? 0, ownFrame[sample] ?? -1))
      total += values[sample] ?? 0;
  }
  return total;
}

/** What one own function holds of the chosen samples. */
export interface WorkSite {
  /** Its line that holds most. */
  readonly frame: Frame;
  readonly value: number;
  /** The stack that holds most of that line, innermost first. */
  readonly stack: readonly Frame[];
}

/** The chosen samples given to the function of their innermost own frame, largest first. */
export function workSites(
  profile: Profile,
  sampleIndex: number,
  own: OwnCode,
  chosen: SampleChoice,
): WorkSite[] {
  const { ownFrame, below, anywhere } = sampleWork(profile, own);
  const values = profile.values[sampleIndex] ?? new Float64Array(0);
  const lines = new Map<number, { value: number; heaviest: number }>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const frame = ownFrame[sample] ?? -1;
    const value = values[sample] ?? 0;
    if (frame === -1 || value === 0 || !chosen(below[sample] ?? 0, anywhere[sample] ?? 0, frame)) continue;
    const line = lines.get(frame);
    if (line === undefined) lines.set(frame, { value, heaviest: sample });
    else {
      line.value += value;
      if (value > (values[line.heaviest] ?? 0)) line.heaviest = sample;
    }
  }
  return byFunction(profile, lines);
}

function byFunction(
  profile: Profile,
  lines: ReadonlyMap<number, { readonly value: number; readonly heaviest: number }>,
): WorkSite[] {
  const functions = new Map<string, { value: number; frame: Frame; lineValue: number; heaviest: number }>();
  for (const [id, { value, heaviest }] of lines) {
    const frame = profile.frames[id];
    if (frame === undefined) continue;
    const before = functions.get(frame.function);
    if (before === undefined) functions.set(frame.function, { value, frame, lineValue: value, heaviest });
    else {
      before.value += value;
      if (value > before.lineValue) Object.assign(before, { frame, lineValue: value, heaviest });
    }
  }
  return [...functions.values()]
    .sort((a, b) => b.value - a.value || (a.frame.function < b.frame.function ? -1 : 1))
    .map(({ value, frame, heaviest }) => ({ frame, value, stack: stackOf(profile, heaviest) }));
}

/** The stack that holds most of the chosen samples without an own frame, innermost first. */
export function heaviestForeignStack(
  profile: Profile,
  sampleIndex: number,
  own: OwnCode,
  chosen: SampleChoice,
): readonly Frame[] | undefined {
  const { ownFrame, below, anywhere } = sampleWork(profile, own);
  const values = profile.values[sampleIndex] ?? new Float64Array(0);
  let heaviest = -1;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (ownFrame[sample] !== -1 || !chosen(below[sample] ?? 0, anywhere[sample] ?? 0, -1)) continue;
    if (heaviest === -1 || (values[sample] ?? 0) > (values[heaviest] ?? 0)) heaviest = sample;
  }
  return heaviest === -1 ? undefined : stackOf(profile, heaviest);
}

/** CPU time of a profile, in nanoseconds of one core. */
export interface CpuTime {
  readonly sampleIndex: number;
  readonly totalNs: number;
  /** Cores that the process kept busy on average; undefined when the profile does not tell its duration. */
  readonly cores?: number;
  readonly samples: number;
}

/** Undefined when the profile is not a CPU profile or holds no sample. */
export function cpuTime(profile: Profile): CpuTime | undefined {
  const sampleIndex = sampleIndexOf(profile, "cpu");
  if (sampleIndex === -1) return undefined;
  const values = profile.values[sampleIndex] ?? new Float64Array(0);
  const counts = profile.values[sampleIndexOf(profile, "samples")];
  let totalNs = 0;
  let samples = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    totalNs += values[sample] ?? 0;
    samples += counts?.[sample] ?? 0;
  }
  if (totalNs <= 0) return undefined;
  const cores = profile.durationMs === undefined ? undefined : totalNs / 1e6 / profile.durationMs;
  return { sampleIndex, totalNs, samples, ...(cores === undefined ? {} : { cores }) };
}

/** True when a sample's work is of one of the kinds, wherever in its stack. */
export function does(set: WorkSet): SampleChoice {
  return (_below, anywhere) => hasAnyOf(anywhere, set);
}
