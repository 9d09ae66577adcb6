import type { FigureRange, ServiceContext } from "../../domain/context/service-context.ts";
import {
  figureExcerpt,
  type Standing,
  standingInBuckets,
  usualFigure,
  usualOf,
  usualText,
} from "../../domain/context/usual-figures.ts";
import type { EvidenceExcerpt, UsualFigure } from "../../domain/findings/finding.ts";
import { isUnknown } from "../../domain/metrics/counters.ts";
import { durationText } from "../../domain/units.ts";

/** Pauses against those of the same hour of other days, of which only the bucket is known. */
export interface PausesAgainstUsual {
  readonly how: Standing;
  readonly figure: UsualFigure;
  readonly sentence: string;
  readonly evidence: readonly EvidenceExcerpt[];
}

/** `p99` in milliseconds: exact, or the bucket that it lies in. Undefined where nobody knows other days. */
export function againstUsual(
  context: ServiceContext | undefined,
  p99: number | FigureRange,
): PausesAgainstUsual | undefined {
  if (context === undefined) return undefined;
  const usual = usualOf(context, "gc-pause-p99");
  if (isUnknown(usual)) return undefined;
  const how = standingInBuckets(p99, usual);
  const days = `${usualText(usual, durationText)} at p99, by Prometheus`;
  return {
    how,
    figure: usualFigure(context, usual),
    sentence:
      how === "usual"
        ? `As far as a histogram tells, that is usual for this hour: ${days}.`
        : `${how === "unusual" ? "That is unusual" : "To compare"}: ${days}.`,
    evidence: usual.days.map((day) => figureExcerpt(context.artifact, day, durationText)),
  };
}
