import type { Frame } from "../../../src/domain/code/frame.ts";
import type { Profile, ValueType } from "../../../src/domain/profiles/profile.ts";
import { frame } from "../goroutines/goroutines.ts";

/** A sample: its values, and its stack as `frame` writes it, innermost first; "a + b" are inlined into one location. */
export type SampleText = readonly [values: readonly number[], ...stack: readonly string[]];

/** A profile as the pprof reader would make it. Sample types are written "inuse_space/bytes". */
export function profile(
  types: readonly string[],
  samples: readonly SampleText[],
  rest: Partial<Profile> = {},
): Profile {
  const frames: Frame[] = [];
  const frameIds = new Map<string, number>();
  const locationIds = new Map<string, number>();
  const locationFrames: number[] = [];
  const locationStart = [0];
  const sampleLocations: number[] = [];
  const sampleStart = [0];
  for (const [, ...stack] of samples) {
    for (const text of stack) {
      if (!locationIds.has(text)) {
        locationIds.set(text, locationIds.size);
        for (const inlined of text.split(" + ")) {
          if (!frameIds.has(inlined)) frameIds.set(inlined, frames.push(frame(inlined)) - 1);
          locationFrames.push(frameIds.get(inlined) ?? 0);
        }
        locationStart.push(locationFrames.length);
      }
      sampleLocations.push(locationIds.get(text) ?? 0);
    }
    sampleStart.push(sampleLocations.length);
  }
  return {
    artifact: "profile.pb.gz",
    sampleTypes: types.map(valueType),
    defaultSampleIndex: types.length - 1,
    period: 1,
    frames,
    locationStart: Uint32Array.from(locationStart),
    locationFrames: Uint32Array.from(locationFrames),
    sampleCount: samples.length,
    fileSampleCount: samples.length,
    sampleStart: Uint32Array.from(sampleStart),
    sampleLocations: Uint32Array.from(sampleLocations),
    values: types.map((_, index) => Float64Array.from(samples, ([values]) => values[index] ?? 0)),
    exactValues: types.map(() => undefined),
    ...rest,
  };
}

function valueType(text: string): ValueType {
  const [type = "", unit = ""] = text.split("/");
  return { type, unit };
}
