import type { OwnCode } from "../../domain/code/own-code.ts";
import { slowGrowth } from "../../domain/context/slow-growth.ts";
import { figureExcerpt, usualFigure, usualText } from "../../domain/context/usual-figures.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import type { FindingDraft } from "../../domain/findings/analyzer.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { countText, durationText } from "../../domain/units.ts";

/** Growth that is too slow for two captures some seconds apart, from what Prometheus has seen of the last hour. */
export function slowFinding(
  { goroutines, context }: Pick<Evidence, "goroutines"> & Partial<Pick<Evidence, "context">>,
  own: OwnCode,
  limits: { readonly growthRatio: number; readonly slowGrowth: number },
): FindingDraft | undefined {
  const growth = slowGrowth(context, "goroutines", { ratio: limits.growthRatio, least: limits.slowGrowth });
  if (growth === undefined || context === undefined) return undefined;
  const { now, grownBy, windowMs, rise, usual, limit } = growth;
  const window = durationText(windowMs);
  const before = now.value - grownBy;
  const { best } = goroutines;
  const [largest] = waitSites(
    best.groups.filter((group) => !isKnownIdle(group)),
    own,
  );
  return {
    confidence: usual === undefined ? "possible" : "likely",
    title: `${countText(grownBy)} goroutines more within ${window}`,
    summary: [
      `By Prometheus the process went from about ${countText(before)} to ${countText(now.value)} goroutines within ${window}, ${perMinute(rise.value)}.`,
      usual === undefined
        ? "What is usual at this hour is not known, and many services rise like that every morning."
        : `The hour does not explain it: ${usualText(usual, countText)}.`,
      largest === undefined
        ? ""
        : `The largest site holds ${countText(largest.count)} of them; that it is what grows is inferred.`,
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
    measured: {
      value: Math.round(now.value),
      limit: Math.round(limit),
      unit: "goroutines",
      ...(usual === undefined ? {} : { usual: usualFigure(context, usual) }),
    },
    where: largest?.where ?? [],
    evidence: [
      figureExcerpt(context.artifact, rise, perMinute),
      ...(usual?.days ?? []).map((day) => figureExcerpt(context.artifact, day, countText)),
      ...(largest?.groups[0] === undefined
        ? []
        : [
            {
              artifact: best.artifact,
              excerpt: groupText({ ...largest.groups[0], count: largest.count }, largest.where[0]),
            },
          ]),
    ],
    next: [
      "Capture again in some minutes and compare: the site whose number rises is the leak.",
      "Look at who starts the largest sites' goroutines and what should end them: a context, a closed channel, a deadline.",
    ],
  };
}

function perMinute(perSecond: number): string {
  return `${countText(perSecond * 60)} a minute`;
}
