import type { GoroutineEvidence, NonEmpty } from "../evidence/evidence.ts";
import type { GoroutineGroup, GoroutineSnapshot, SnapshotForm } from "./goroutine.ts";
import { isKnownIdle } from "./known-idle.ts";

/** Most telling first. */
const forms: readonly SnapshotForm[] = ["dump", "profile", "counts"];

/**
 * Chooses from the snapshots of one process, oldest first, the one that tells most and those that compare.
 *
 * - `best`: a whole dump before a whole profile before whole counts, the latest of its form; when none is whole, the
 *   one with most goroutines read.
 * - `series`: all whole snapshots of one form: that of `best` when it was taken several times, else another that was
 *   (the profile before the counts), else `best` alone.
 */
export function goroutineEvidence(snapshots: readonly GoroutineSnapshot[]): GoroutineEvidence | undefined {
  const whole = snapshots.filter(({ incomplete }) => incomplete === undefined);
  const best = mostTelling(whole) ?? mostRead(snapshots);
  if (best === undefined) return undefined;
  const series = seriesOf(whole, best);
  const first = series[0].takenAtMs;
  const last = series.at(-1)?.takenAtMs;
  const isWindow = series.length > 1 && first !== undefined && last !== undefined;
  return { best, series, ...(isWindow ? { windowMs: last - first } : {}) };
}

/**
 * The fewest waits of some age that a rule counts (docs/decisions/0003-default-thresholds.md, lock waiters), and of those that
 * a process may well have, as many as http.DefaultTransport keeps idle connections.
 */
const leastCrowd = { stuck: 5, idle: 100 } as const;

/**
 * Whether a snapshot tells what has waited for long. A dump does from a minute on, by the clock of the garbage collector,
 * which passes every two minutes at the latest once it has passed for the first time (Go source: runtime/mgc.go,
 * gcTriggerTime), and tells ages from the second time on.
 * One in which nobody has waited for so long, main included, is of a process that started a moment ago, has not collected
 * yet, or never rests: nothing is known of a crowd in it.
 */
export function tellsAges({ form, groups }: GoroutineSnapshot): boolean {
  if (form !== "dump") return false;
  return groups.some(({ waitMinutes }) => waitMinutes !== undefined) || !groups.some(mayBeStuck);
}

function mayBeStuck(group: GoroutineGroup): boolean {
  if (group.wait === "active" || group.wait === "GC") return false;
  return group.count >= (isKnownIdle(group) ? leastCrowd.idle : leastCrowd.stuck);
}

function mostTelling(whole: readonly GoroutineSnapshot[]): GoroutineSnapshot | undefined {
  for (const form of forms) {
    const latest = whole.findLast((snapshot) => snapshot.form === form);
    if (latest !== undefined) return latest;
  }
  return undefined;
}

function mostRead(snapshots: readonly GoroutineSnapshot[]): GoroutineSnapshot | undefined {
  return snapshots.toSorted((a, b) => b.counted - a.counted)[0];
}

function seriesOf(whole: readonly GoroutineSnapshot[], best: GoroutineSnapshot): NonEmpty<GoroutineSnapshot> {
  for (const form of [best.form, ...forms]) {
    const [first, second, ...more] = whole.filter((snapshot) => snapshot.form === form);
    if (first !== undefined && second !== undefined) return [first, second, ...more];
  }
  return [best];
}

/** A number of goroutines that some capture told, in order of trust. */
export interface ToldCount {
  readonly count: number;
  readonly takenAtMs: number | undefined;
}

/**
 * The snapshot with the number of goroutines that the process really had, when it is incomplete: of the numbers that
 * other captures told, the one nearest in time, or the first. A number not larger than what was counted was read at
 * another moment and changes nothing.
 */
export function withTotalFrom(snapshot: GoroutineSnapshot, counts: readonly ToldCount[]): GoroutineSnapshot {
  if (snapshot.incomplete === undefined) return snapshot;
  const { takenAtMs } = snapshot;
  const larger = counts.filter(({ count }) => count > snapshot.total);
  const nearest =
    takenAtMs === undefined
      ? larger[0]
      : larger.toSorted((a, b) => distance(a, takenAtMs) - distance(b, takenAtMs))[0];
  return nearest === undefined ? snapshot : { ...snapshot, total: nearest.count };
}

function distance({ takenAtMs }: ToldCount, toMs: number): number {
  return takenAtMs === undefined ? Number.MAX_VALUE : Math.abs(takenAtMs - toMs);
}
