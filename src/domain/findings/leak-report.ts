import type { Frame } from "../code/frame.ts";
import { shortName } from "../code/symbol-names.ts";
import type { GoroutineEvidence } from "../evidence/evidence.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { groupText, isRuntimeFrame, siteKey } from "../goroutines/goroutine-sites.ts";
import type { WaitSite } from "../goroutines/wait-sites.ts";
import { counted } from "../units.ts";
import type { FindingDraft } from "./analyzer.ts";
import type { Confidence, Severity } from "./finding.ts";
import {
  type GrowingLimits,
  type LeakSign,
  leakCount,
  signSentence,
  signText,
  siteEvidence,
} from "./leak-signs.ts";

/** What a rule knows about goroutines that pile up at a line, in its own words. */
export interface LeakReading {
  readonly site: WaitSite;
  readonly sign: LeakSign;
  readonly confidence: Confidence;
  readonly severity?: Severity;
  /** What they do there, after "345 goroutines": "stuck sending". */
  readonly doing: string;
  /** Sentences on why it is read that way and what would refute it. */
  readonly why: string;
  readonly next: readonly string[];
  /** Frames to blame before those at which the goroutines stand. */
  readonly blame?: readonly Frame[];
  /** The goroutine that they wait for, which is blocked itself; it stands at the first of `blame`, or in a library. */
  readonly waitsFor?: GoroutineGroup;
}

/** The finding that all leak rules share. */
export function leakFinding(
  reading: LeakReading,
  evidence: GoroutineEvidence,
  limits: Pick<GrowingLimits, "critical">,
): FindingDraft {
  const { site, sign, confidence, doing, why, next } = reading;
  const count = leakCount(site, sign);
  const [frame] = site.where;
  const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
  const detail = signText(sign);
  const wait = site.groups[0]?.wait;
  return {
    severity: reading.severity ?? (count >= limits.critical ? "critical" : "warning"),
    confidence,
    title: `${counted(count, "goroutine")} ${doing}${place}${detail === "" ? "" : `, ${detail}`}`,
    // Shown below the title everywhere, so it does not begin with the same words.
    summary: `${signSentence(sign, site)} ${why}`,
    measured: { value: count, limit: sign.limit, unit: "goroutines" },
    where: [...new Set([...(reading.blame ?? []), ...site.where])],
    ...(wait === undefined ? {} : { waitReason: wait }),
    groups: site.groups,
    ...(reading.waitsFor === undefined ? {} : { waitsFor: [reading.waitsFor] }),
    evidence: [
      ...siteEvidence(evidence, site, sign),
      ...(reading.waitsFor === undefined
        ? []
        : [
            {
              artifact: evidence.best.artifact,
              excerpt: groupText(reading.waitsFor, reading.blame?.[0] ?? visibleFrame(reading.waitsFor)),
            },
          ]),
    ],
    next,
  };
}

function visibleFrame({ stack }: GoroutineGroup): Frame | undefined {
  return stack.find((frame) => !isRuntimeFrame(frame));
}

/** True when the runtime itself found that goroutines of `site` can never go on (goroutineleak profile, Go 1.26 experiment). */
export function isProvenLeak(site: Pick<WaitSite, "groups">, leaked: GoroutineSnapshot | undefined): boolean {
  if (leaked === undefined) return false;
  const keys = new Set(leaked.groups.filter((group) => isLeaked(group.state, leaked)).map(siteKey));
  return site.groups.some((group) => keys.has(siteKey(group)));
}

/** A goroutineleak profile holds only leaked goroutines; its debug=2 form lists all and marks the leaked ones. */
export function isLeaked(state: string, { form }: GoroutineSnapshot): boolean {
  return form !== "dump" || /\(leaked\)/.test(state);
}
