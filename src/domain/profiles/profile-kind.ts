import type { CaptureKind } from "../evidence/capture.ts";
import { countsCpuSamples } from "./foreign-profile.ts";
import { leafOf, type Profile, sampleIndexOf } from "./profile.ts";

export type ProfileKind = Extract<
  CaptureKind,
  "heap" | "allocs" | "cpu" | "mutex" | "block" | "goroutine" | "goroutineleak" | "threadcreate"
>;

/**
 * What a profile shows, told from its sample types (Go source: runtime/pprof/pprof.go, proto.go, protomem.go).
 *
 * Mutex and block profiles have the same ones. Their leaf frames tell them apart: a mutex profile has the stacks of
 * those who unlock, a block profile the stacks of those who wait. Undefined when there is no such sign, and for
 * profiles that Go's own endpoints do not write.
 */
export function profileKind(profile: Profile): ProfileKind | undefined {
  const has = (type: string) => sampleIndexOf(profile, type) !== -1;
  if (has("inuse_space") || has("alloc_space")) {
    return profile.defaultSampleType === "alloc_space" ? "allocs" : "heap";
  }
  if (has("cpu") || countsCpuSamples(profile)) return "cpu";
  if (has("contentions") && has("delay")) return contentionKind(profile);
  if (profile.sampleTypes.length !== 1) return undefined;
  if (has("goroutine")) return "goroutine";
  if (has("goroutineleak")) return "goroutineleak";
  if (has("threadcreate")) return "threadcreate";
  return undefined;
}

/** True for profiles that are either a mutex or a block profile. */
export function isContentionProfile(profile: Profile): boolean {
  return sampleIndexOf(profile, "contentions") !== -1 && sampleIndexOf(profile, "delay") !== -1;
}

/** Unlocking, by the sync package (in internal/sync since Go 1.24) or by the runtime's own locks (since Go 1.22). */
const unlockFunction =
  /(?:^|[./])(?:R?Unlock|unlock|unlock2|rUnlockSlow|unlockSlow|runtime_Semrelease|_LostContendedRuntimeLock)$/;

function contentionKind(profile: Profile): "mutex" | "block" | undefined {
  let unlocking = 0;
  let waiting = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const leaf = leafOf(profile, sample)?.function;
    if (leaf === undefined || leaf.startsWith("<")) continue;
    if (unlockFunction.test(leaf)) unlocking++;
    else waiting++;
  }
  if (unlocking === waiting) return undefined;
  return unlocking > waiting ? "mutex" : "block";
}
