import { isRequest } from "../code/code-object.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import { groupText } from "../goroutines/goroutine-sites.ts";
import { growthLimit, growthThresholds, isGrowing } from "../goroutines/pile-up.ts";
import { type SiteGrowth, siteGrowth, type WaitSite } from "../goroutines/wait-sites.ts";
import { counted, countText, durationText } from "../units.ts";
import type { Threshold } from "./analyzer.ts";
import type { EvidenceExcerpt } from "./finding.ts";

const ours = "docs/decisions/0003-default-thresholds.md";

const critical = {
  default: 10_000,
  unit: "goroutines",
  meaning: "goroutines at one line that make a leak critical",
  source: "https://www.uber.com/blog/leakprof-featherlight-in-production-goroutine-leak-detection/",
} as const satisfies Threshold;

/** Limits of a rule that growth alone makes speak. */
export const growingThresholds = { ...growthThresholds, critical } as const satisfies Record<
  string,
  Threshold
>;

/** Limits that every rule about goroutines that pile up at one line shares. */
export const leakThresholds = {
  ...growthThresholds,
  oldCount: {
    default: 100,
    unit: "goroutines",
    meaning: "goroutines at one line, the oldest of which has waited for oldMinutes",
    source: ours,
  },
  oldMinutes: {
    default: 5,
    unit: "minutes",
    meaning: "age that makes a crowd at one line suspicious",
    source: ours,
  },
  critical,
} as const satisfies Record<string, Threshold>;

export type LeakLimits = Readonly<Record<keyof typeof leakThresholds, number>>;
export type GrowingLimits = Readonly<Record<keyof typeof growingThresholds, number>>;

/**
 * - `grows`: more at the same line than before. Not `clear` when something else could explain it: the first capture
 *   had none (a start or a burst), or the goroutines run request handlers and the load may simply have risen.
 * - `old`: a crowd, the oldest of which has waited for minutes.
 * - `huge`: more than LeakProf's mark, without anything known about growth or age.
 * - `crowd`: none of these; the rule has another reason to speak.
 *
 * `limit` is the number of goroutines from which the sign holds.
 */
export type LeakSign =
  | {
      readonly kind: "grows";
      readonly growth: SiteGrowth;
      readonly clear: boolean;
      readonly limit: number;
    }
  | { readonly kind: "old"; readonly minutes: number; readonly limit: number }
  | { readonly kind: "huge"; readonly limit: number }
  | { readonly kind: "crowd"; readonly limit: number };

/** A crowd of any size: each of them is known to be stuck. */
export const anyCrowd = { kind: "crowd", limit: 1 } as const satisfies LeakSign;

/**
 * Growth of a crowd of request handlers, from so many and by so many, that a rise of the load hardly explains within one
 * capture window (docs/decisions/0003-default-thresholds.md, "requests at one own line").
 */
const crowdedRequests = { before: 20, grownBy: 50, grownRatio: 0.3 } as const;

/** What speaks for a leak at `site`; undefined when nothing does. */
export function leakSign(
  evidence: GoroutineEvidence,
  site: WaitSite,
  own: OwnCode,
  limits: LeakLimits,
): LeakSign | undefined {
  const growth = growthSign(evidence, site, own, limits);
  if (growth !== undefined) return growth;
  const minutes = site.oldestMinutes ?? 0;
  if (site.count >= limits.oldCount && minutes >= limits.oldMinutes) {
    return { kind: "old", minutes, limit: limits.oldCount };
  }
  return site.count >= limits.critical ? { kind: "huge", limit: limits.critical } : undefined;
}

/** How the number at `site` rises; undefined when it does not. */
export function growthSign(
  evidence: GoroutineEvidence,
  site: WaitSite,
  own: OwnCode,
  limits: GrowingLimits,
): Extract<LeakSign, { kind: "grows" }> | undefined {
  const growth = siteGrowth(evidence, site, own);
  if (growth === undefined || !isGrowing(growth.counts, growth.windowMs, limits)) return undefined;
  const grownBy = growth.after - growth.before;
  const loadExplains =
    site.groups.some(isRequest) &&
    (growth.before < crowdedRequests.before ||
      grownBy < crowdedRequests.grownBy ||
      grownBy < growth.before * crowdedRequests.grownRatio);
  return {
    kind: "grows",
    growth,
    clear: growth.before > 0 && !loadExplains,
    limit: growthLimit(growth.before, growth.windowMs, limits),
  };
}

/** How many there are: at the site, or of its lines in the last of the captures that compare. */
export function leakCount(site: WaitSite, sign: LeakSign): number {
  return sign.kind === "grows" ? Math.max(site.count, sign.growth.after) : site.count;
}

/** "120 more in 15 s", "the oldest for 41 min", or nothing. */
export function signText(sign: LeakSign): string {
  if (sign.kind === "huge" || sign.kind === "crowd") return "";
  if (sign.kind === "old") return `the oldest for ${sign.minutes} min`;
  const { before, after, windowMs } = sign.growth;
  return `${countText(after - before)} more ${windowMs === undefined ? "than before" : `in ${durationText(windowMs)}`}`;
}

/** The sign as a sentence; `site` may tell an age that the sign was not read from. */
export function signSentence(sign: LeakSign, site: Pick<WaitSite, "oldestMinutes">): string {
  if (sign.kind === "huge" || sign.kind === "crowd")
    return site.oldestMinutes === undefined
      ? "How long they have been there the captures do not tell."
      : ageSentence(site.oldestMinutes);
  if (sign.kind === "old") return ageSentence(sign.minutes);
  const { before, after, windowMs } = sign.growth;
  const window = windowMs === undefined ? "between the captures" : `within ${durationText(windowMs)}`;
  return `Their number went from ${countText(before)} to ${countText(after)} ${window}; it counts as growth from ${countText(sign.limit)} on.`;
}

/** A dump may tell a wait too long by the time between two collections (docs/decisions/0047-ages-in-dumps.md). */
export function ageSentence(minutes: number): string {
  return `By the dump, the oldest has waited for ${counted(minutes, "minute")}.`;
}

/** The figures behind a sign, one line per capture that carries them. */
export function siteEvidence(
  evidence: GoroutineEvidence,
  site: WaitSite,
  sign?: LeakSign,
): EvidenceExcerpt[] {
  const [largest] = site.groups;
  const excerpts: EvidenceExcerpt[] =
    largest === undefined
      ? []
      : [{ artifact: evidence.best.artifact, excerpt: groupText(largest, site.where[0]) }];
  if (sign?.kind === "grows") {
    const first = evidence.series[0].artifact;
    const last = evidence.series.at(-1)?.artifact ?? first;
    excerpts.push(
      { artifact: first, excerpt: `${counted(sign.growth.before, "goroutine")} at this line` },
      { artifact: last, excerpt: `${counted(sign.growth.after, "goroutine")} at this line` },
    );
  }
  return excerpts;
}
