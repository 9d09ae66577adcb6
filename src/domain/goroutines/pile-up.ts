import type { Frame } from "../code/frame.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { Threshold } from "../findings/analyzer.ts";
import type { EvidenceExcerpt } from "../findings/finding.ts";
import { countText, durationText } from "../units.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { groupText } from "./goroutine-sites.ts";

/** Goroutines that wait for the same thing, over all snapshots. */
export interface PileUp {
  /** In the most telling snapshot, largest first. */
  readonly groups: readonly GoroutineGroup[];
  /** Sum over `groups`. */
  readonly count: number;
  /** How many there were in each of the comparable snapshots, oldest first. */
  readonly counts: readonly number[];
  /** Milliseconds between the first and the last of `counts`, when known. */
  readonly windowMs?: number;
  /** At least so many have waited a minute or more by the clock of a dump; 0 when there is no dump. */
  readonly aged: number;
  /** The longest wait that a dump shows; 0 when it shows none. */
  readonly oldestMinutes: number;
}

/** Gathers the groups that `belongs` picks, in every snapshot. */
export function pileUp(evidence: GoroutineEvidence, belongs: (group: GoroutineGroup) => boolean): PileUp {
  const groups = evidence.best.groups.filter(belongs);
  return {
    groups,
    count: sumOf(groups),
    counts: evidence.series.map((snapshot) => countIn(snapshot, belongs)),
    ...(evidence.windowMs === undefined ? {} : { windowMs: evidence.windowMs }),
    aged: groups.reduce((sum, group) => sum + agedIn(group), 0),
    oldestMinutes: Math.max(0, ...groups.map(({ waitMinutes }) => waitMinutes?.max ?? 0)),
  };
}

/** Only the range of a group's waits and its few oldest goroutines are known, so this is a lower bound. */
function agedIn({ waitMinutes, count, exemplars }: GoroutineGroup): number {
  if (waitMinutes === undefined) return 0;
  return waitMinutes.min >= 1 ? count : exemplars.filter((one) => (one.waitMinutes ?? 0) >= 1).length;
}

/** How many goroutines of a snapshot `belongs` picks. */
export function countIn(snapshot: GoroutineSnapshot, belongs: (group: GoroutineGroup) => boolean): number {
  return sumOf(snapshot.groups.filter(belongs));
}

export function sumOf(groups: readonly GoroutineGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/**
 * - `few`: in at least one snapshot too few to speak of, and not growing.
 * - `growing`: more come than go.
 * - `old`: some have waited for minutes.
 * - `steady`: many in every snapshot; whether always the same ones is not known.
 * - `seen-once`: many, in the only snapshot there is.
 */
export type PileUpTrend = "few" | "growing" | "old" | "steady" | "seen-once";

/** The limits that `trendOf` needs, to be spread into a rule's thresholds. */
export const growthThresholds = {
  growthRatio: {
    default: 0.2,
    unit: "ratio",
    meaning: "growth between the first and the last capture, relative to the first, from which it counts",
    source: "docs/decisions/0003-default-thresholds.md",
  },
  growthInMinute: {
    default: 50,
    unit: "goroutines",
    meaning: "least growth that counts when the captures are a minute or more apart",
    source: "docs/decisions/0003-default-thresholds.md",
  },
  growthInSeconds: {
    default: 20,
    unit: "goroutines",
    meaning: "least growth that counts when the captures are less than a minute apart",
    source: "docs/decisions/0003-default-thresholds.md",
  },
} as const satisfies Record<string, Threshold>;

export type GrowthLimits = Readonly<Record<keyof typeof growthThresholds, number>>;

/** What becomes of a pile-up of at least `least` goroutines. */
export function trendOf(pile: PileUp, least: number, limits: GrowthLimits): PileUpTrend {
  if (Math.max(pile.count, ...pile.counts) < least) return "few";
  if (isOld(pile, least)) return "old";
  if (isGrowing(pile.counts, pile.windowMs, limits)) return "growing";
  if (!isInEach(pile, least)) return "few";
  return pile.counts.length > 1 ? "steady" : "seen-once";
}

/** Whether there are at least so many in every snapshot. */
export function isInEach({ count, counts }: PileUp, least: number): boolean {
  return Math.min(count, ...counts) >= least;
}

/** Whether as many as `least` may have waited for a minute: of a group with younger ones among them only the oldest are known. */
export function isOld({ aged }: PileUp, least: number): boolean {
  return aged >= Math.min(least, knownOldest);
}

/** A dump's groups keep this many of their oldest goroutines at most. */
const knownOldest = 4;

/** True when counts rose by enough, and never fell on the way. */
export function isGrowing(
  counts: readonly number[],
  windowMs: number | undefined,
  limits: GrowthLimits,
): boolean {
  const after = counts.at(-1) ?? 0;
  return (
    after >= growthLimit(counts[0] ?? 0, windowMs, limits) &&
    counts.every((count, index) => index === 0 || count >= (counts[index - 1] ?? 0))
  );
}

/** How many there must be, after `before` so long ago, to count as more; a whole number. */
export function growthLimit(before: number, windowMs: number | undefined, limits: GrowthLimits): number {
  const enough = (windowMs ?? 0) >= 60_000 ? limits.growthInMinute : limits.growthInSeconds;
  // A fifth of 155 is 31, whatever the last digit of a float says.
  return Math.ceil(before + Math.max(enough, before * limits.growthRatio) - 1e-6);
}

/** "120 -> 345 goroutines in 15 s", or "345 goroutines"; `unit` in the plural. */
export function growthText(pile: PileUp, unit = "goroutines"): string {
  const before = pile.counts[0] ?? 0;
  const after = pile.counts.at(-1) ?? 0;
  if (pile.counts.length < 2) return `${countText(pile.count)} ${unit}`;
  const time = pile.windowMs === undefined ? "" : ` in ${durationText(pile.windowMs)}`;
  return `${countText(before)} → ${countText(after)} ${unit}${time}`;
}

/** Why the reader should believe that nobody in the pile moves on, as the end of a sentence. */
export function trendText(pile: PileUp, trend: PileUpTrend): string {
  switch (trend) {
    case "growing":
      return `their number grows: ${growthText(pile)}`;
    case "old":
      return `the oldest has waited for ${pile.oldestMinutes} min by the dump`;
    case "steady":
      return `there were many in each capture (${growthText(pile)})`;
    default:
      return pile.counts.length > 1
        ? `from the first to the last capture ${growthText(pile)}`
        : "there is one capture only, so growth is not known";
  }
}

/** The largest groups of the pile, one line each, with the frame that `frameOf` picks. */
export function pileExcerpt(
  artifact: string,
  groups: readonly GoroutineGroup[],
  frameOf: (group: GoroutineGroup) => Frame | undefined,
  most = 3,
): EvidenceExcerpt {
  const lines = groups.slice(0, most).map((group) => groupText(group, frameOf(group)));
  if (groups.length > most) lines.push(`... and ${countText(sumOf(groups.slice(most)))} more of their kind`);
  return { artifact, excerpt: lines.join("\n") };
}

/** The growth as evidence; nothing when there was only one capture. */
export function growthExcerpt(
  series: readonly GoroutineSnapshot[],
  pile: PileUp,
  unit: string,
): EvidenceExcerpt[] {
  return pile.counts.length < 2 ? [] : seriesExcerpt(series, growthText(pile, unit));
}

/** What only several captures show together, as evidence of the last one that names the first; nothing for one capture. */
export function seriesExcerpt(series: readonly GoroutineSnapshot[], words: string): EvidenceExcerpt[] {
  const [first, last] = [series[0], series.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  return [{ artifact: last.artifact, excerpt: `${words}, since ${first.artifact}` }];
}
