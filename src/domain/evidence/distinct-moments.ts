import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import type { ReadCapture } from "./read-capture.ts";

/** Captures of different moments, and those that are another one once more. */
export interface DistinctMoments {
  readonly captures: readonly ReadCapture[];
  readonly copies: readonly { readonly file: string; readonly reason: string }[];
}

/**
 * Leaves out copies: a file that was saved twice, a dump that stands twice in a log, an answer out of a cache on the way.
 * Between a capture and itself nothing grows, whatever the process does.
 *
 * Profiles carry the moment they were taken at. A dump does not: it is a copy when every goroutine that is known by
 * itself has the same number, wait and live arguments, whoever wrote the dump included. In counts (debug=1) nobody is
 * known by himself, and those of an idle process do not differ.
 */
export function ofDistinctMoments(given: readonly ReadCapture[]): DistinctMoments {
  const firsts = new Map<string, ReadCapture[]>();
  const profiles = new Map<string, ReadCapture>();
  const copies: { file: string; reason: string }[] = [];
  const captures = given.filter((capture) => {
    const key = momentOf(capture);
    if (key === undefined) return true;
    const moment = profileMoment(capture);
    const other = moment === undefined ? undefined : profiles.get(moment);
    if (other !== undefined && momentOf(other) !== key) {
      copies.push({ file: capture.file, reason: `left out, ${madeOf(other.file)}` });
      return false;
    }
    if (moment !== undefined) profiles.set(moment, capture);
    const alike = firsts.get(key) ?? [];
    const first = alike.find((other) => isCopy(capture, other));
    if (first !== undefined) copies.push({ file: capture.file, reason: reasonOf(capture.file, first.file) });
    else firsts.set(key, [...alike, capture]);
    return first === undefined;
  });
  return { captures, copies };
}

function reasonOf(file: string, first: string): string {
  return file === first
    ? "a dump that stands in it twice counts once: it is of one moment"
    : `left out, it is the same capture as ${first}: what grows shows between two moments`;
}

/** What go tool pprof adds up or subtracts has the moment of the first. */
function madeOf(first: string): string {
  return `it is of the same moment as ${first} and is not the same, so a tool has added up or subtracted one of them: give the captures themselves`;
}

/** The kind of profile and the moment at which a process wrote it, which is one; undefined where that is not known. */
function profileMoment({ artifact }: ReadCapture): string | undefined {
  if (artifact.type === "profile") {
    const { timeMs, sampleTypes } = artifact.profile;
    return timeMs === undefined ? undefined : JSON.stringify([timeMs, sampleTypes.map(({ type }) => type)]);
  }
  if (artifact.type !== "goroutines" || artifact.snapshot.form !== "profile") return undefined;
  const { takenAtMs } = artifact.snapshot;
  return takenAtMs === undefined ? undefined : JSON.stringify([takenAtMs, artifact.leaked]);
}

/** The same for captures that may be copies of each other; undefined where that cannot be told. */
function momentOf({ artifact }: ReadCapture): string | undefined {
  if (artifact.type === "profile") {
    const { timeMs, sampleTypes, sampleCount } = artifact.profile;
    if (timeMs === undefined) return undefined;
    return JSON.stringify([timeMs, sampleTypes.map(({ type }) => type), sampleCount]);
  }
  if (artifact.type !== "goroutines" || artifact.crash !== undefined) return undefined;
  const { form, total, takenAtMs, groups } = artifact.snapshot;
  if (form === "counts" || (form === "profile" && takenAtMs === undefined)) return undefined;
  const moment = form === "profile" ? takenAtMs : undefined;
  return JSON.stringify([artifact.leaked, form, moment ?? null, total, groups.length]);
}

function isCopy({ artifact }: ReadCapture, { artifact: first }: ReadCapture): boolean {
  if (artifact.type !== "goroutines" || first.type !== "goroutines") return true;
  return artifact.snapshot.form === "profile" || showsTheSame(artifact.snapshot, first.snapshot);
}

function showsTheSame(a: GoroutineSnapshot, b: GoroutineSnapshot): boolean {
  return a.groups.every((group, at) => {
    const other = b.groups[at];
    return other !== undefined && identity(group) === identity(other);
  });
}

function identity({ state, count, waitMinutes, exemplars }: GoroutineGroup): string {
  return JSON.stringify([state, count, waitMinutes ?? null, exemplars]);
}
