import type { Frame } from "../code/frame.ts";
import type { ContentionProfile } from "./contention.ts";
import type { Profile } from "./profile.ts";

/** A mutex or block profile that was captured as text, in the form in which all profiles are analysed. */
export function profileOfContention(contention: ContentionProfile): Profile {
  const { artifact, takenAtMs, sites } = contention;
  const frameIds = new Map<string, number>();
  const frames: Frame[] = [];
  const sampleLocations: number[] = [];
  const sampleStart = new Uint32Array(sites.length + 1);
  const counts = new Float64Array(sites.length);
  const delaysNs = new Float64Array(sites.length);
  for (const [sample, site] of sites.entries()) {
    for (const frame of site.stack) {
      const key = `${frame.function}\n${frame.file}\n${frame.line}`;
      let id = frameIds.get(key);
      if (id === undefined) {
        id = frames.push(frame) - 1;
        frameIds.set(key, id);
      }
      sampleLocations.push(id);
    }
    sampleStart[sample + 1] = sampleLocations.length;
    counts[sample] = site.contentions;
    delaysNs[sample] = Math.round(site.delayMs * 1e6);
  }
  return {
    artifact,
    sampleTypes: [
      { type: "contentions", unit: "count" },
      { type: "delay", unit: "nanoseconds" },
    ],
    defaultSampleIndex: 1,
    periodType: { type: "contentions", unit: "count" },
    period: 1,
    ...(takenAtMs === undefined ? {} : { timeMs: takenAtMs }),
    frames,
    // Text has lines, not program counters: one location per frame.
    locationStart: Uint32Array.from({ length: frames.length + 1 }, (_, location) => location),
    locationFrames: Uint32Array.from(frames.keys()),
    sampleCount: sites.length,
    fileSampleCount: sites.length,
    sampleStart,
    sampleLocations: Uint32Array.from(sampleLocations),
    values: [counts, delaysNs],
    exactValues: [undefined, undefined],
  };
}
