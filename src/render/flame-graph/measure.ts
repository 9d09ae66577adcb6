import type { Profile } from "../../domain/profiles/profile.ts";
import { sampleIndexOf } from "../../domain/profiles/profile.ts";
import type { ProfileKind } from "../../domain/profiles/profile-kind.ts";
import { bytesText, countText, durationText } from "../../domain/units.ts";

/** What the widths of a flame graph mean. */
export interface Measure {
  /** "goroutines", "of live heap": follows the number. */
  readonly of: string;
  /** The number with its unit, without what it is of: "12,408", "1.5 GiB". */
  readonly text: (value: number) => string;
  /** Between the number and the function. */
  readonly verb: (value: number) => string;
  /**
   * - `absolute`: a number of the moment, two captures can be subtracted as they are.
   * - `share`: depends on how long was measured; two captures are compared by their shares.
   */
  readonly compared: "absolute" | "share";
}

const nanosecondsText = (value: number) => durationText(value / 1e6);

export const goroutineMeasure: Measure = {
  of: "goroutines",
  text: countText,
  verb: (value) => (value === 1 ? "is in" : "are in"),
  compared: "absolute",
};

/** The sample type that tells most about a kind of profile, e.g. in-use space rather than allocations of a heap. */
const bestOf: Readonly<Record<ProfileKind, { readonly type: string; readonly measure: Measure }>> = {
  goroutine: { type: "goroutine", measure: goroutineMeasure },
  goroutineleak: { type: "goroutineleak", measure: { ...goroutineMeasure, of: "leaked goroutines" } },
  threadcreate: { type: "threadcreate", measure: { ...goroutineMeasure, of: "created threads" } },
  heap: {
    type: "inuse_space",
    measure: { of: "of live heap", text: bytesText, verb: () => "was allocated in", compared: "absolute" },
  },
  allocs: {
    type: "alloc_space",
    measure: {
      of: "allocated since start",
      text: bytesText,
      verb: () => "was allocated in",
      compared: "share",
    },
  },
  cpu: {
    type: "cpu",
    measure: { of: "of CPU time", text: nanosecondsText, verb: () => "was spent in", compared: "share" },
  },
  mutex: {
    type: "delay",
    measure: {
      of: "of waiting for locks",
      text: nanosecondsText,
      verb: () => "passed in",
      compared: "share",
    },
  },
  block: {
    type: "delay",
    measure: { of: "of blocking", text: nanosecondsText, verb: () => "passed in", compared: "share" },
  },
};

/** Undefined when the profile has no such sample type. */
export function measureOf(
  profile: Profile,
  kind: ProfileKind,
): { readonly sampleIndex: number; readonly measure: Measure } | undefined {
  const { type, measure } = bestOf[kind];
  const sampleIndex = sampleIndexOf(profile, type);
  return sampleIndex === -1 ? undefined : { sampleIndex, measure };
}
