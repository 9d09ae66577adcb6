import type { Frame } from "../domain/code/frame.ts";
import { asDumped } from "../domain/code/symbol-names.ts";
import { type ParseError, positionText } from "../domain/evidence/parse-result.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../domain/goroutines/goroutine.ts";
import { type Profile, stackOf } from "../domain/profiles/profile.ts";
import { hasPlacesOfNobody, lacksItsWriter } from "../domain/profiles/put-together.ts";
import { recordedDepths } from "./recorded-depths.ts";
import { stateFromStack } from "./wait-reason.ts";

/**
 * The goroutines of a goroutine or goroutineleak profile (debug=0), grouped by functions and lines: neither labels nor
 * the exact program counter make another group. States are derived from the leaf frames.
 *
 * `damage` is what the reader of the profile reported; the snapshot is incomplete then. So it is when the profile is
 * a difference (`?seconds=N`, `go tool pprof -base`) or a part: goroutines that were there all along are not in it.
 */
export function goroutinesOfProfile(profile: Profile, damage?: ParseError): GoroutineSnapshot {
  const counts = profile.values[profile.defaultSampleIndex] ?? new Float64Array(0);
  const sameLines = equalLocations(profile);
  const deepest = deepestStack(profile);
  const byStack = new Map<string, { sample: number; count: number }>();
  let counted = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const count = counts[sample] ?? 0;
    if (count <= 0) continue;
    counted += count;
    const key = stackKey(profile, sample, sameLines);
    const group = byStack.get(key);
    if (group === undefined) byStack.set(key, { sample, count });
    else group.count += count;
  }
  const groups = [...byStack.values()].map(({ sample, count }) => groupOf(profile, sample, count, deepest));
  const incomplete = whyIncomplete(profile, damage);
  return {
    artifact: profile.artifact,
    form: "profile",
    ...(profile.timeMs === undefined ? {} : { takenAtMs: profile.timeMs }),
    total: counted,
    counted,
    groups: groups.sort((a, b) => b.count - a.count),
    ...(profile.binary === undefined ? {} : { binary: profile.binary }),
    ...(incomplete === undefined ? {} : { incomplete }),
    ...(profile.rewritten === true ? { rewritten: true as const } : {}),
  };
}

function groupOf(profile: Profile, sample: number, count: number, deepest: number): GoroutineGroup {
  const stack: readonly Frame[] = stackOf(profile, sample).map(asDumped);
  const maybeCut = stack.length === deepest && recordedDepths.includes(deepest);
  return {
    ...stateFromStack(stack),
    count,
    stack,
    elidedFrames: maybeCut ? -1 : 0,
    lockedToThread: 0,
    exemplars: [],
    waitedMutexes: new Map(),
  };
}

function whyIncomplete(profile: Profile, damage: ParseError | undefined): string | undefined {
  if (damage !== undefined) return `${damage.message} (${positionText(damage.at)})`;
  if (profile.durationMs !== undefined) {
    const seconds = Math.round(profile.durationMs / 1000);
    return `the profile is a difference over ${seconds} s: goroutines that were there all along are not in it`;
  }
  if (profile.values[profile.defaultSampleIndex]?.some((count) => count < 0) === true) {
    return "the profile is a difference of two: goroutines that were there all along are not in it";
  }
  if (hasPlacesOfNobody(profile)) {
    return "a part was taken out of the profile: it names places at which no goroutine in it stands, as filters of go tool pprof leave them";
  }
  if (lacksItsWriter(profile)) {
    return "a part was taken out of the profile, or another profile subtracted: the goroutine that wrote it is not in it";
  }
  return undefined;
}

/** For each location the first one that stands for the same frames: locations differ by program counter. */
function equalLocations({ locationStart, locationFrames }: Profile): Uint32Array {
  const first = new Map<string, number>();
  const equal = new Uint32Array(locationStart.length);
  for (let location = 0; location + 1 < locationStart.length; location++) {
    const frames = locationFrames.subarray(locationStart[location], locationStart[location + 1]);
    const key = frames.join();
    const known = first.get(key);
    if (known === undefined) first.set(key, location);
    equal[location] = known ?? location;
  }
  return equal;
}

function stackKey({ sampleStart, sampleLocations }: Profile, sample: number, equal: Uint32Array): string {
  const locations = sampleLocations.subarray(sampleStart[sample], sampleStart[sample + 1]);
  return locations.map((location) => equal[location] ?? location).join();
}

/** Frames of the deepest stack: when that is where the runtime stops recording, the deepest ones may be cut. */
function deepestStack(profile: Profile): number {
  const { sampleStart, sampleLocations, locationStart, sampleCount } = profile;
  let deepest = 0;
  for (let sample = 0; sample < sampleCount; sample++) {
    let depth = 0;
    const end = sampleStart[sample + 1] ?? 0;
    for (let i = sampleStart[sample] ?? 0; i < end; i++) {
      const location = sampleLocations[i] ?? 0;
      depth += (locationStart[location + 1] ?? 0) - (locationStart[location] ?? 0);
    }
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}
