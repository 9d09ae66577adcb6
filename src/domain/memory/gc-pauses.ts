import type { NonEmpty } from "../evidence/evidence.ts";
import type { MemStats } from "./memstats.ts";

/** Stop-the-world times of recent collections; one value is the sum of the pauses of one cycle. */
export interface RecentPauses {
  readonly artifact: string;
  readonly count: number;
  /** From the first of them to the capture. */
  readonly spanMs: number;
  /** Nearest rank: the smallest value that at least 99 % of them do not exceed. */
  readonly p99Ms: number;
  readonly p95Ms: number;
  readonly medianMs: number;
  readonly longestMs: number;
  readonly longestFirstMs: readonly number[];
}

/**
 * How likely it is by chance that so many of `count` pauses are `limitMs` or longer if only one in a hundred is: the upper
 * tail of the binomial distribution, 0 to 1. Small: the 99th percentile lies above, however few pauses there are.
 */
export function chanceOf({ longestFirstMs, count }: RecentPauses, limitMs: number): number {
  const above = longestFirstMs.filter((pauseMs) => pauseMs >= limitMs).length;
  let fewer = 0;
  let exactly = 0.99 ** count;
  for (let slow = 0; slow < above; slow++) {
    fewer += exactly;
    exactly *= ((count - slow) / (slow + 1)) * (0.01 / 0.99);
  }
  return Math.max(0, 1 - fewer);
}

/** An idle process collects every two minutes, so the last 256 pauses may be eight hours old. */
const recentMs = 10 * 60_000;

/** Undefined when no collection ended in the ten minutes before the capture. */
export function recentPauses(memstats: NonEmpty<MemStats>): RecentPauses | undefined {
  const stats = memstats.at(-1) ?? memstats[0];
  const { pausesNs, pauseEndsMs, artifact } = stats;
  const now = stats.takenAtMs ?? pauseEndsMs[0];
  if (now === undefined) return undefined;
  const isRecent = (end: number | undefined) => end !== undefined && end > 0 && end > now - recentMs;
  const recent = pausesNs.filter((_pause, index) => isRecent(pauseEndsMs[index])).map((pause) => pause / 1e6);
  const first = pauseEndsMs.findLast(isRecent);
  if (recent.length === 0 || first === undefined) return undefined;
  const ascending = recent.toSorted((a, b) => a - b);
  const rank = (quantile: number) => ascending[Math.max(0, Math.ceil(quantile * ascending.length) - 1)] ?? 0;
  return {
    artifact,
    count: recent.length,
    spanMs: Math.max(0, now - first),
    p99Ms: rank(0.99),
    p95Ms: rank(0.95),
    medianMs: rank(0.5),
    longestMs: rank(1),
    longestFirstMs: ascending.toReversed(),
  };
}
