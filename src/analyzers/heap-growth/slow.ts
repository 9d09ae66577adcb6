import { type OwnCode, ownFrames } from "../../domain/code/own-code.ts";
import { figure } from "../../domain/context/service-context.ts";
import { slowGrowth } from "../../domain/context/slow-growth.ts";
import { figureExcerpt, usualText } from "../../domain/context/usual-figures.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import type { FindingDraft } from "../../domain/findings/analyzer.ts";
import { heapSites } from "../../domain/memory/heap-sites.ts";
import { bytesText, durationText } from "../../domain/units.ts";

/** Growth that is too slow for two profiles some seconds apart, from what Prometheus has seen of the last hour. */
export function slowFinding(
  { heap, context }: Pick<Evidence, "heap"> & Partial<Pick<Evidence, "context">>,
  own: OwnCode,
  limits: { readonly growthRatio: number; readonly slowGrowthBytes: number },
): FindingDraft | undefined {
  const growth = slowGrowth(context, "heap-in-use", {
    ratio: limits.growthRatio,
    least: limits.slowGrowthBytes,
  });
  if (growth === undefined || context === undefined) return undefined;
  const { now, grownBy, windowMs, rise, usual } = growth;
  const window = durationText(windowMs);
  const profile = heap.at(-1) ?? heap[0];
  const [largest] = [...heapSites(profile, own).values()]
    .filter(({ isOwn }) => isOwn)
    .sort((a, b) => b.held.inuseBytes - a.held.inuseBytes);
  const limit = figure(context, "memory-limit")?.value;
  const held = figure(context, "working-set")?.value;
  const leftMinutes =
    limit === undefined || held === undefined || rise.value <= 0
      ? undefined
      : (limit - held) / rise.value / 60;
  return {
    confidence: usual === undefined ? "possible" : "likely",
    title: `The heap in use grew by ${bytesText(grownBy)} within ${window}`,
    summary: [
      `By Prometheus go_memstats_heap_inuse_bytes went from about ${bytesText(now.value - grownBy)} to ${bytesText(now.value)} within ${window}, ${perMinute(rise.value)}.`,
      usual === undefined
        ? "What is usual at this hour is not known: a cache that fills, or a load that rises, looks the same."
        : `The hour does not explain it: ${usualText(usual, bytesText)}.`,
      leftMinutes === undefined || leftMinutes <= 0
        ? ""
        : `At this pace the container's limit of ${bytesText(limit ?? 0)} is reached in about ${durationText(leftMinutes * 60_000)}.`,
      largest === undefined
        ? ""
        : `${largest.frame.function} holds most now, ${bytesText(largest.held.inuseBytes)}; that it is what grows is inferred.`,
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
    measured: {
      value: grownBy,
      limit: limits.slowGrowthBytes,
      unit: "bytes",
    },
    where: largest === undefined ? [] : ownFrames(largest.stack, own),
    evidence: [
      figureExcerpt(context.artifact, rise, perMinute),
      ...(usual?.days ?? []).map((day) => figureExcerpt(context.artifact, day, bytesText)),
    ],
    next: [
      `Take another profile in ten minutes and compare: go tool pprof -top -sample_index=inuse_space -diff_base=${profile.artifact} http://HOST/debug/pprof/heap`,
      "Find what keeps the objects: a map or slice without a bound, a list that is never drained, a goroutine that never ends.",
    ],
  };
}

function perMinute(perSecond: number): string {
  return `${bytesText(perSecond * 60)} a minute`;
}
