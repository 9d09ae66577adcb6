import { isContentionProfile, profileKind } from "../profiles/profile-kind.ts";
import type { ParsedArtifact } from "./artifact.ts";
import type { CaptureKind } from "./capture.ts";

const kindOfSnapshot = {
  profile: "goroutine",
  counts: "goroutine-counts",
  dump: "goroutine-dump",
} as const;

/** Words in file names, as people and gofire's own bundles use them; the first that is found decides. */
const kindOfWord: readonly (readonly [word: RegExp, kind: CaptureKind])[] = [
  [/goroutine-?leak/i, "goroutineleak"],
  [/mutex/i, "mutex"],
  [/block/i, "block"],
  [/threadcreate/i, "threadcreate"],
  [/heap/i, "heap"],
  [/allocs/i, "allocs"],
  [/cpu|profile/i, "cpu"],
  [/goroutine/i, "goroutine"],
  [/metrics/i, "metrics"],
  [/trace/i, "trace"],
];

/** What a file's name (without its folders) says it is; a hint for where the content does not tell. */
export function kindOfName(path: string): CaptureKind | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return kindOfWord.find(([word]) => word.test(name))?.[1];
}

/** What a file that came without a manifest is a capture of; by its name where the content does not tell. */
export function captureKind(artifact: ParsedArtifact): CaptureKind | undefined {
  if (artifact.type === "profile") {
    const { profile } = artifact;
    const told = profileKind(profile);
    if (told !== undefined || !isContentionProfile(profile)) return told ?? "profile";
    const named = kindOfName(profile.artifact);
    return named === "mutex" || named === "block" ? named : "profile";
  }
  if (artifact.type === "goroutines") {
    if (artifact.leaked) return "goroutineleak";
    return artifact.crash === undefined ? kindOfSnapshot[artifact.snapshot.form] : "log";
  }
  if (artifact.type === "contention") return artifact.contention.of;
  if (artifact.type === "memstats") return artifact.from;
  if (artifact.type === "threads") return "threadcreate";
  return artifact.type === "unread" ? artifact.format : artifact.type;
}
