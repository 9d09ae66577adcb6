import { countText, durationText } from "../domain/units.ts";

/**
 * Milliseconds that the world stands still for one `goroutine?debug=2`, all tries together, by number of
 * goroutines: the least and the most that was measured, with stacks of about 8 to 22 frames
 * (docs/decisions/0006-what-a-goroutine-dump-costs.md). The last row is extrapolated around one measurement of 142 s.
 */
const measured: readonly {
  readonly goroutines: number;
  readonly leastMs: number;
  readonly mostMs: number;
}[] = [
  { goroutines: 1_000, leastMs: 8, mostMs: 55 },
  { goroutines: 2_000, leastMs: 23, mostMs: 230 },
  { goroutines: 5_000, leastMs: 200, mostMs: 700 },
  { goroutines: 10_000, leastMs: 400, mostMs: 1_700 },
  { goroutines: 30_000, leastMs: 1_500, mostMs: 5_000 },
  { goroutines: 100_000, leastMs: 6_000, mostMs: 18_000 },
  { goroutines: 1_000_000, leastMs: 60_000, mostMs: 180_000 },
];

interface DumpPause {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** About how long a goroutine dump stops the process. A guess from other processes: stack depth and CPU decide. */
export function dumpPause(goroutines: number): DumpPause {
  const above = measured.find((point) => point.goroutines >= goroutines) ?? measured.at(-1);
  const below = measured.findLast((point) => point.goroutines < goroutines) ?? measured[0];
  if (above === undefined || below === undefined || above === below) {
    const point = above ?? below;
    const scale = point === undefined ? 0 : goroutines / point.goroutines;
    return { leastMs: (point?.leastMs ?? 0) * scale, mostMs: (point?.mostMs ?? 0) * scale };
  }
  const share =
    (Math.log(goroutines) - Math.log(below.goroutines)) /
    (Math.log(above.goroutines) - Math.log(below.goroutines));
  return {
    leastMs: between(below.leastMs, above.leastMs, share),
    mostMs: between(below.mostMs, above.mostMs, share),
  };
}

/** Straight line on logarithmic paper, which the measurements follow. */
function between(low: number, high: number, share: number): number {
  return low * (high / low) ** share;
}

/** "about 0.4 s to 1.7 s", or "less than 1 ms". */
export function dumpPauseText(goroutines: number): string {
  const { leastMs, mostMs } = dumpPause(goroutines);
  if (mostMs < 1) return "less than 1 ms";
  return `about ${durationText(leastMs)} to ${durationText(mostMs)}`;
}

/**
 * A count that is older says nothing of now: in a process that is going wrong goroutines are made by the thousand a
 * second. The index page is asked right before a dump; this is for processes that have none, or stopped giving it. Our
 * own figure: the second scrape of metrics, and the few snapshots after it, fit in.
 */
const oldestCountMs = 10_000;

/** Why no dump is taken; undefined when it may be. `ageMs` is how long ago the goroutines were counted. */
export function whyNoDump(
  goroutines: number | undefined,
  ageMs: number,
  limit: number,
  deep: boolean,
): string | undefined {
  if (goroutines === undefined) {
    return "neither the index page nor metrics say how many goroutines there are, and a dump stops the world for all of them";
  }
  if (goroutines <= limit) {
    if (ageMs <= oldestCountMs) return undefined;
    return `nobody says how many goroutines there are now: there were ${countText(goroutines)} ${durationText(ageMs)} ago, and a dump stops the world for all of them`;
  }
  const more = deep ? "a larger limit must be named" : "ask for a deep capture to take it";
  return `${countText(goroutines)} goroutines are more than the limit of ${countText(limit)}: a dump would stop the world for ${dumpPauseText(goroutines)}; ${more}`;
}
