import { asDumped } from "../code/symbol-names.ts";
import { profileOfContention } from "../profiles/contention-profile.ts";
import { whyNotJudged, withCpuTime } from "../profiles/foreign-profile.ts";
import type { Profile } from "../profiles/profile.ts";
import { isContentionProfile, type ProfileKind, profileKind } from "../profiles/profile-kind.ts";
import { kindOfName } from "./capture-kind.ts";
import { inTimeOrder, type ReadCapture, type Timed, timed } from "./read-capture.ts";

/** Those that are compared with each other, oldest first. */
export type ProfilesByKind = Readonly<Record<"heap" | "cpu" | "mutex" | "block", readonly Profile[]>>;

export interface SortedProfiles {
  readonly profiles: ProfilesByKind;
  /** What the rules cannot judge. */
  readonly notJudged: readonly { readonly file: string; readonly reason: string }[];
  /** What is not judged, left out or worth knowing; one sentence each, beginning with the file. */
  readonly notes: readonly string[];
}

/** Heap, CPU, mutex and block profiles among the captures, whatever form they came in. */
export function sortedProfiles(captures: readonly ReadCapture[]): SortedProfiles {
  const notes: string[] = [];
  const rewritten: string[] = [];
  const notJudged: { file: string; reason: string }[] = [];
  const lists: Record<ProfileKind, Timed<Profile>[]> = {
    heap: [],
    allocs: [],
    cpu: [],
    mutex: [],
    block: [],
    goroutine: [],
    goroutineleak: [],
    threadcreate: [],
  };
  const texts: Record<"mutex" | "block", Timed<Profile>[]> = { mutex: [], block: [] };
  for (const capture of captures) {
    const { artifact, file } = capture;
    if (artifact.type === "contention") {
      const { contention } = artifact;
      texts[contention.of].push(timed(capture, profileOfContention(contention), contention.takenAtMs));
      if (contention.samplingPeriod === 0) notes.push(`${file}: mutex profiling is off in this process`);
    } else if (artifact.type === "profile") {
      const read = artifact.profile;
      const kind = kindOf(read, capture);
      const reason = whyNotJudged(read) ?? kind.notJudged;
      if (reason !== undefined) {
        notJudged.push({ file, reason });
        notes.push(`${file}: ${reason}`);
      } else if (kind.told !== undefined) {
        if (read.rewritten === true && (kind.told === "cpu" || read.durationMs === undefined))
          rewritten.push(file);
        const profile = { ...withCpuTime(read), frames: read.frames.map(asDumped) };
        lists[kind.told].push(timed(capture, profile, profile.timeMs));
      }
    } else if (artifact.type === "goroutines") {
      const { snapshot } = artifact;
      if (snapshot.rewritten === true && snapshot.incomplete === undefined) rewritten.push(file);
    }
  }
  if (rewritten.length > 0) notes.push(`${rewritten.join(", ")}: ${writtenAgain}`);
  const profiles = {
    // The same data under another name (Go source: runtime/pprof/pprof.go, writeAlloc).
    heap: wholeProfiles(lists.heap.length > 0 ? lists.heap : lists.allocs, notes),
    cpu: inTimeOrder(lists.cpu),
    mutex: wholeProfiles(lists.mutex.length > 0 ? lists.mutex : texts.mutex, notes),
    block: wholeProfiles(lists.block.length > 0 ? lists.block : texts.block, notes),
  };
  return { profiles, notJudged, notes };
}

/** Of a profile that is judged although a tool has written it again; one over a time (`?seconds=N`) says so itself. */
const writtenAgain =
  "written by another program than the process (go tool pprof writes again what it fetches): if that has added up captures or left something out, it is so in the figures here";

/** The content decides; name and manifest only where it cannot: mutex and block profiles look the same. */
function kindOf(
  profile: Profile,
  { file, kind }: ReadCapture,
): { readonly told?: ProfileKind | undefined; readonly notJudged?: string } {
  const told = profileKind(profile);
  if (!isContentionProfile(profile)) {
    if (told !== undefined) return { told };
    return { notJudged: ofOtherTypes(profile) };
  }
  if (profile.periodType?.type === "trace") return { notJudged: ofTrace };
  if (kind === "mutex" || kind === "block") return { told: kind };
  if (told !== undefined) return { told };
  const named = kindOfName(file);
  if (named === "mutex" || named === "block") return { told: named };
  return profile.sampleCount === 0
    ? {}
    : { notJudged: "cannot be told to be a mutex or a block profile; name the file so" };
}

/** Differences over time (`?seconds=N`) do not compare with whole profiles: whole ones win. */
function wholeProfiles(profiles: readonly Timed<Profile>[], notes: string[]): Profile[] {
  const whole = profiles.filter(({ value }) => value.durationMs === undefined);
  if (whole.length === 0) return inTimeOrder(profiles);
  for (const { value } of profiles) {
    if (value.durationMs !== undefined) {
      notes.push(`${value.artifact}: left out, a difference over time does not compare with whole profiles`);
    }
  }
  return inTimeOrder(whole);
}

/** Go source: cmd/trace/pprof.go: its sample types are those of a block profile. */
const ofTrace =
  "was made from an execution trace (go tool trace -pprof), which is no block profile, and is not judged: go tool pprof -top FILE shows it";

function ofOtherTypes({ sampleTypes }: Profile): string {
  const types = sampleTypes.map(({ type, unit }) => `${type}/${unit}`).join(", ");
  const told = `a profile of ${types} is not judged`;
  const has = (name: string) => sampleTypes.some(({ type }) => type === name);
  if (has("contentions") || has("delay")) {
    return `${told}: it has one of the two figures that mutex and block profiles have, as profile stores export them; gofire snapshot URL captures both`;
  }
  if (has("time") || has("wall")) {
    return `${told}: it counts the time that passed, waits included, and no CPU time; go tool pprof -top FILE shows it`;
  }
  return `${told}: go tool pprof -top FILE shows it`;
}
