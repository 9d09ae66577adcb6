import { countText, durationText } from "../domain/units.ts";

/**
 * Milliseconds that the world stands still for one `goroutine?debug=2`, all tries together, by number of
 * goroutines: what was measured at least and at most (docs/decisions/0006-what-a-goroutine-dump-costs.md). It is
 * retried with a buffer of 1, 2, 4 ... 64 MiB and stops the world for each try (Go source: runtime/pprof/pprof.go,
 * writeGoroutineStacks), so that deep stacks cost more than this says.
 */
const measured: readonly {
  readonly goroutines: number;
  readonly leastMs: number;
  readonly mostMs: number;
}[] = [
  { goroutines: 1_000, leastMs: 8, mostMs: 60 },
  { goroutines: 10_000, leastMs: 400, mostMs: 1_700 },
  { goroutines: 100_000, leastMs: 9_000, mostMs: 33_000 },
  { goroutines: 1_000_000, leastMs: 90_000, mostMs: 330_000 },
];

export interface DumpPause {
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

/** "about 0.4 s to 1.7 s". */
export function dumpPauseText(goroutines: number): string {
  const { leastMs, mostMs } = dumpPause(goroutines);
  return `about ${durationText(leastMs)} to ${durationText(mostMs)}`;
}

/** Why no dump is taken; undefined when it may be. */
export function whyNoDump(goroutines: number | undefined, limit: number, deep: boolean): string | undefined {
  const more = deep ? "a larger limit must be named" : "ask for a deep capture to take it";
  if (goroutines === undefined) {
    return `nobody knows how many goroutines there are, and a dump stops the world for all of them; ${more}`;
  }
  if (goroutines <= limit) return undefined;
  return `${countText(goroutines)} goroutines are more than the limit of ${countText(limit)}: a dump would stop the world for ${dumpPauseText(goroutines)}; ${more}`;
}
