import { type OwnCode, ownFrames } from "../../domain/code/own-code.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import type { FindingDraft } from "../../domain/findings/analyzer.ts";
import { heapSites } from "../../domain/memory/heap-sites.ts";
import { liveHeapMove } from "../../domain/memory/live-heap.ts";
import { bytesText, durationText, percentText } from "../../domain/units.ts";

/**
 * With one heap profile only: that the live heap grows, from two scrapes, and which own function holds most of what
 * it ever allocated. That this is where it grows is a guess, so it is reported as possible.
 */
export function growthOfWhole(
  profile: Evidence["heap"][0],
  metrics: Evidence["metrics"],
  own: OwnCode,
  limits: { readonly growthBytes: number; readonly growthRatio: number; readonly keptRatio: number },
): FindingDraft | undefined {
  const move = liveHeapMove(metrics);
  if (move === undefined) return undefined;
  const growthBytes = move.afterBytes - move.beforeBytes;
  if (growthBytes < limits.growthBytes || growthBytes < move.beforeBytes * limits.growthRatio)
    return undefined;
  const site = [...heapSites(profile, own).values()]
    .filter(({ isOwn, held }) => isOwn && held.inuseBytes >= held.allocBytes * limits.keptRatio)
    .sort((a, b) => b.held.inuseBytes - a.held.inuseBytes)[0];
  const window = move.windowMs === undefined ? "" : ` in ${durationText(move.windowMs)}`;
  return {
    confidence: "possible",
    title: `The live heap grew by ${bytesText(growthBytes)}${window}`,
    summary: [
      `What GCs found alive grew from about ${bytesText(move.beforeBytes)} to ${bytesText(move.afterBytes)} between the scrapes.`,
      site === undefined
        ? "Where, only two heap profiles can tell."
        : `Where, only two heap profiles can tell; ${site.frame.function} is a guess, because it holds most (${bytesText(site.held.inuseBytes)}) and ` +
          `${percentText(Math.min(1, site.held.inuseBytes / Math.max(1, site.held.allocBytes)))} of what it ever allocated is still in use.`,
    ].join(" "),
    measured: { value: growthBytes, limit: limits.growthBytes, unit: "bytes" },
    where: site === undefined ? [] : ownFrames(site.stack, own),
    evidence: [
      {
        artifact: move.artifact,
        excerpt: `live heap ${bytesText(move.beforeBytes)} → ${bytesText(move.afterBytes)}`,
      },
    ],
    next: [
      `Take a second heap profile some minutes later and compare: go tool pprof -top -sample_index=inuse_space -diff_base=${profile.artifact} http://HOST/debug/pprof/heap`,
    ],
  };
}
