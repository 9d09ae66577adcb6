import type { EvidenceExcerpt } from "../findings/finding.ts";
import type { GcRate } from "../memory/gc-rate.ts";
import { isUnknown, type Unknown } from "../metrics/counters.ts";
import { percentText } from "../units.ts";
import { figure, type ServiceContext } from "./service-context.ts";
import { figureExcerpt, type Standing, standing, type Usual, usualOf, usualText } from "./usual-figures.ts";

/** Garbage collection against the same hour of other days. */
export interface GcAgainstUsual {
  /** - `share`: of the CPU time. - `rate`: collections per second, where /cpu/classes are not exported. */
  readonly of: "share" | "rate";
  readonly how: Standing;
  readonly usual: Usual;
  /** As many times as on any known day. */
  readonly ratio: number;
  /** "the same hour last week had 4 % of the CPU time in GC, yesterday 5 %". */
  readonly text: string;
  readonly evidence: readonly EvidenceExcerpt[];
}

/**
 * By Prometheus' share of the CPU time now and then, or else by how often the process collects. Other shares, such as that
 * of a CPU profile, count otherwise and are not compared with it.
 *
 * @param above so many more collections per second they must be, too
 */
export function gcAgainstUsual(
  context: ServiceContext | undefined,
  rate: GcRate | Unknown,
  { ratio, above }: { readonly ratio: number; readonly above: number },
): GcAgainstUsual | undefined {
  if (context === undefined) return undefined;
  const now = figure(context, "gc-cpu");
  const shares = usualOf(context, "gc-cpu");
  if (now !== undefined && !isUnknown(shares) && shares.most > 0) {
    return {
      of: "share",
      how: standing(now.value, shares, ratio, 0),
      usual: shares,
      ratio: now.value / shares.most,
      text: `${usualText(shares, percentText)} of the CPU time in GC`,
      evidence: [now, ...shares.days].map((one) => figureExcerpt(context.artifact, one, percentText)),
    };
  }
  const rates = usualOf(context, "gc-rate");
  if (isUnknown(rate) || isUnknown(rates) || rates.most <= 0) return undefined;
  return {
    of: "rate",
    how: standing(rate.perSecond, rates, ratio, above),
    usual: rates,
    ratio: rate.perSecond / rates.most,
    text: `${usualText(rates, perSecond)} GCs per second`,
    evidence: rates.days.map((one) => figureExcerpt(context.artifact, one, perSecond)),
  };
}

function perSecond(value: number): string {
  return String(Number(value.toPrecision(2)));
}
