import type { MemStats } from "../memory/memstats.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";

/** Between the clocks of the process and of the capture, and between a request and its answer. */
const toleranceMs = 2000;

/** Two collections so near to one another that an age is right to half of a minute. */
const nearMs = 30_000;

const minuteMs = 60_000;

/**
 * The dump without the ages that its collections do not bear out. A wait is noted by the first collection that sees it, and
 * as its beginning the end of the collection *before* that one: a goroutine that has waited for seconds is printed with
 * `2 minutes` right after a collection that came two minutes after another (docs/decisions/0047-ages-in-dumps.md).
 * Where the ends of collections are known, an age stays if the wait was seen a minute before the dump. Unchanged for other
 * forms, and where neither the moment of the dump nor an end of a collection is known.
 */
export function withProvenAges(
  snapshot: GoroutineSnapshot,
  memstats: readonly Pick<MemStats, "pauseEndsMs">[],
): GoroutineSnapshot {
  const { form, takenAtMs } = snapshot;
  if (form !== "dump" || takenAtMs === undefined) return snapshot;
  const ends = endsBefore(takenAtMs, memstats);
  if (ends.length === 0) return snapshot;
  const printed = [...printedMinutes(snapshot)];
  const doubtful = new Set(printed.filter((minutes) => !isProven(minutes, takenAtMs, ends)));
  if (doubtful.size === 0) return snapshot;
  return { ...snapshot, groups: snapshot.groups.map((group) => without(doubtful, group)) };
}

function printedMinutes({ groups }: GoroutineSnapshot): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { waitMinutes, exemplars } of groups) {
    if (waitMinutes === undefined) continue;
    found.add(waitMinutes.min).add(waitMinutes.max);
    for (const { waitMinutes: minutes = 0 } of exemplars) found.add(minutes);
  }
  found.delete(0);
  return found;
}

/** Newest first; two captures tell of the same collection, not always to the same digit. */
function endsBefore(
  takenAtMs: number,
  memstats: readonly Pick<MemStats, "pauseEndsMs">[],
): readonly number[] {
  return memstats
    .flatMap(({ pauseEndsMs }) => pauseEndsMs)
    .filter((end) => end > 0 && end <= takenAtMs + toleranceMs)
    .sort((a, b) => b - a)
    .filter((end, at, ends) => at === 0 || (ends[at - 1] ?? end) - end >= 1);
}

/**
 * Whether what a dump prints with `printed` minutes has waited for one at least. The latest end that fits may be the one that
 * was noted, and the collection behind it the one that saw the wait: where none is known, one came after the last capture
 * that tells of them. Where no end fits, too few are known to doubt it.
 */
function isProven(printed: number, takenAtMs: number, ends: readonly number[]): boolean {
  const latest = takenAtMs - printed * minuteMs + toleranceMs;
  const at = ends.findIndex((end) => end <= latest);
  const noted = ends[at];
  if (noted === undefined || noted < latest - minuteMs - 2 * toleranceMs) return true;
  const saw = ends[at - 1] ?? takenAtMs;
  return saw - noted <= nearMs || takenAtMs - saw >= minuteMs;
}

function without(doubtful: ReadonlySet<number>, group: GoroutineGroup): GoroutineGroup {
  const { waitMinutes, exemplars, ...rest } = group;
  if (waitMinutes === undefined) return group;
  const kept = (minutes: number) => (doubtful.has(minutes) ? 0 : minutes);
  const max = kept(waitMinutes.max);
  return {
    ...rest,
    ...(max === 0 ? {} : { waitMinutes: { min: kept(waitMinutes.min), max } }),
    exemplars: exemplars.map(({ waitMinutes: printed = 0, ...goroutine }) => {
      const minutes = kept(printed);
      return minutes === 0 ? goroutine : { ...goroutine, waitMinutes: minutes };
    }),
  };
}
