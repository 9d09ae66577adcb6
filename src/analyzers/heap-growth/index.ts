import { type OwnCode, ownFrames } from "../../domain/code/own-code.ts";
import type { Evidence, TargetFacts } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer, type FindingDraft, type Inconclusive } from "../../domain/findings/analyzer.ts";
import { isRuntimeFrame, shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { type GrowthByStack, growthOf } from "../../domain/memory/heap-sampling.ts";
import {
  collectedBetween,
  firstAndLast,
  type HeapMove,
  heapMoves,
  heapSites,
} from "../../domain/memory/heap-sites.ts";
import { type LiveHeapMove, liveHeapMove, liveHeapSince } from "../../domain/memory/live-heap.ts";
import { bytesText, durationText, percentText } from "../../domain/units.ts";
import { slowFinding } from "./slow.ts";
import { growthOfWhole } from "./whole.ts";

type GrowthLimits = Readonly<
  Record<
    "growthBytes" | "growthRatio" | "hoardKeptRatio" | "hoardRatio" | "keptRatio" | "standardErrors",
    number
  >
>;

export const heapGrowth = defineAnalyzer({
  meta: {
    id: "heap/growth",
    title: "Memory in use grows at one place",
    severity: "warning",
    scope: "specific",
    needs: ["heap"],
    uses: ["metrics", "memstats", "context"],
    symptomOf: ["heap/goroutine-memory", "heap/timer-leak"],
    thresholds: {
      growthBytes: {
        default: 8 * 2 ** 20,
        unit: "bytes",
        meaning: "growth of what one function's objects hold between the first and the last heap profile",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      growthRatio: {
        default: 0.1,
        unit: "ratio",
        meaning: "the same growth as part of what they held before",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      standardErrors: {
        default: 4,
        unit: "count",
        meaning: "the growth must exceed its own sampling error so many times",
        source:
          "docs/decisions/0003-default-thresholds.md; sampling: runtime/pprof/protomem.go, scaleHeapSample",
      },
      slowGrowthBytes: {
        default: 64 * 2 ** 20,
        unit: "bytes",
        meaning: "growth of the whole heap within an hour by Prometheus, above what is usual",
        source: "docs/decisions/0017-context.md",
      },
      keptRatio: {
        default: 0.5,
        unit: "ratio",
        meaning:
          "part of all bytes ever allocated there that is still in use, above which nothing seems to be freed",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      hoardRatio: {
        default: 0.01,
        unit: "ratio",
        meaning:
          "growth, relative to what was there, from which it counts as possible where hardly anything was ever freed",
        source: "docs/decisions/0042-large-heaps-that-only-grow.md",
      },
      hoardKeptRatio: {
        default: 0.9,
        unit: "ratio",
        meaning: "part of all bytes ever allocated there that is still in use, where hoardRatio is enough",
        source: "docs/decisions/0042-large-heaps-that-only-grow.md",
      },
    },
    docs: {
      what:
        "In-use space by the function that allocated it, between two or more heap profiles. A heap profile is the state at the " +
        "end of the last GC but one, so the saw-tooth between collections is not in it; growth must exceed the sampling error " +
        "(one sample per 512 KiB) four times. The runtime's own figure of the live heap must confirm it, from /metrics scraped twice or from " +
        "runtime.MemStats taken with the first profile; or a third profile that is higher still. Two profiles alone are reported as possible. " +
        "Where the profiles show no growth, or there is one only, and Prometheus was asked: the heap in use within the last hour.",
      why: "What grows steadily ends at the container's limit, with ever more GC work on the way.",
      next: "Find what keeps the objects (a map, a slice, a goroutine) and bound it; compare with a profile taken minutes later.",
      falsePositives:
        "A cache that is still filling looks the same until it is full: with three profiles, growth that slows down is left " +
        "alone. Growth of less than a tenth where nearly nothing was ever freed is possible only: a large store that is written to looks the same. Memory in flight and batches free what they allocate: when less than half of all bytes ever allocated there " +
        "is in use, two profiles are reported as possible only. What was allocated shortly before the first profile is not in it yet, and " +
        "would look like growth, as when a service has just filled its cache: when the live heap did not grow with it, the finding is context, " +
        "and possible when nobody knows the live heap.",
      corrections: [
        {
          claim: "-alloc_space finds memory leaks",
          fact: "alloc_space counts everything ever allocated and finds churn. What is still held is inuse_space.",
          source: "https://pkg.go.dev/runtime/pprof#hdr-Heap_profile",
        },
      ],
      references: [
        "https://pkg.go.dev/runtime/pprof#hdr-Heap_profile",
        "https://go.dev/src/runtime/mprof.go",
        "https://go.dev/doc/diagnostics",
      ],
    },
  },
  analyze(evidence, limits) {
    const drafts = growthBetween(evidence, limits);
    if (!("inconclusive" in drafts) && drafts.length > 0) return drafts;
    const slow = slowFinding(evidence, evidence.target.own, limits);
    return slow === undefined ? drafts : [slow];
  },
});

/** What grew between the profiles, or within the only one as far as /metrics tells. */
function growthBetween(
  {
    heap,
    metrics,
    memstats,
    target: { own },
  }: Pick<Evidence, "heap"> &
    Partial<Pick<Evidence, "metrics" | "memstats">> & { readonly target: TargetFacts },
  limits: GrowthLimits,
): readonly FindingDraft[] | Inconclusive {
  const ends = firstAndLast(heap);
  if (ends === undefined) {
    const draft = metrics === undefined ? undefined : growthOfWhole(heap[0], metrics, own, limits);
    return draft === undefined
      ? { inconclusive: "only one heap profile: at which place the heap grows shows between two" }
      : [draft];
  }
  const [first, last] = ends;
  if (heapSites(last, own).size === 0 || heapSites(first, own).size === 0) {
    return { inconclusive: "the heap profiles hold no samples" };
  }
  if (!collectedBetween(first, last)) {
    return {
      inconclusive: "the heap profiles are the same: no GC ended in between, and only then they change",
    };
  }
  const windowMs =
    first.timeMs !== undefined && last.timeMs !== undefined ? last.timeMs - first.timeMs : undefined;
  const live: Live = {
    scraped: metrics === undefined ? undefined : liveHeapMove(metrics),
    since: memstats === undefined ? undefined : liveHeapSince(memstats, first, last),
  };
  const middle = heap.slice(1, -1).map((profile) => heapSites(profile, own));
  const drafts: FindingDraft[] = [];
  for (const move of heapMoves(first, last, own)) {
    const isLarge =
      // Without any other frame: goroutine descriptors, which are another rule's.
      !isRuntimeFrame(move.site.frame) &&
      move.growthBytes >= limits.growthBytes &&
      move.growthBytes >= move.before.inuseBytes * limits.hoardRatio;
    if (!isLarge) continue;
    const growth = growthOf(first, last, move.site.frame.function, own);
    const isSmallPart = move.growthBytes < move.before.inuseBytes * limits.growthRatio;
    if (isSmallPart && growth.keptRatio < limits.hoardKeptRatio) continue;
    if (move.growthBytes < growth.errorBytes * limits.standardErrors) continue;
    const course = [
      move.before.inuseBytes,
      ...middle.map((sites) => sites.get(move.site.frame.function)?.held.inuseBytes ?? 0),
      move.after.inuseBytes,
    ];
    if (course.length > 2 && levelsOff(course)) continue;
    drafts.push(draftOf(move, growth, course, windowMs, live, last, own, limits));
    if (drafts.length === mostFindings) break;
  }
  return drafts;
}

const growingCrowds = [
  "goroutine/chan-receive-leak",
  "goroutine/chan-send-leak",
  "goroutine/context-leak",
  "goroutine/growth",
  "http/body-leak",
  "http/transport-leak",
] as const;

/** More than that is a sick whole, not a list of sites. */
const mostFindings = 3;

/** The last step is less than a quarter of the average one, or goes down: a cache that is full, a batch that ended. */
function levelsOff(course: readonly number[]): boolean {
  const first = course[0] ?? 0;
  const last = course.at(-1) ?? 0;
  const step = last - (course.at(-2) ?? 0);
  return step < (last - first) / (course.length - 1) / 4;
}

/** The runtime's own figure of the live heap, as far as it is known. */
interface Live {
  /** Between two scrapes. */
  readonly scraped: LiveHeapMove | undefined;
  /** From the first profile to the last. */
  readonly since: LiveHeapMove | undefined;
}

/**
 * Whether the live heap grew as a site did. Objects allocated since the last GC but one are in no profile yet, so what two
 * profiles show as growth may all be from before the first one. MemStats do not deny it: they do not tell GOGC.
 */
function confirmation(
  { scraped, since }: Live,
  growthBytes: number,
): { readonly isConfirmed: boolean; readonly isDenied: boolean; readonly sentence: string } {
  const move = scraped ?? since;
  if (move === undefined) {
    return {
      isConfirmed: false,
      isDenied: false,
      sentence:
        "How much was alive at the first profile is not known, and a profile lags behind by a GC: that all of it was there before, as in a cache that had just been filled, is not ruled out.",
    };
  }
  const [before, after] = [move.beforeBytes, move.afterBytes].map(bytesText);
  const isConfirmed = move.afterBytes - move.beforeBytes >= growthBytes / 2;
  if (isConfirmed) {
    return {
      isConfirmed,
      isDenied: false,
      sentence: `The runtime's own figure of the live heap grew from about ${before} to ${after}.`,
    };
  }
  return scraped === undefined
    ? {
        isConfirmed,
        isDenied: false,
        sentence: `By runtime.MemStats up to ${before} may have been alive at the first profile, which lags behind by a GC, and ${after} are at the last: most of it may have been there before.`,
      }
    : {
        isConfirmed,
        isDenied: true,
        sentence: `The live heap went from about ${before} to ${after} only, so most of it was there before the first profile, which lags behind by a GC.`,
      };
}

function draftOf(
  move: HeapMove,
  { errorBytes, keptRatio: kept }: GrowthByStack,
  course: readonly number[],
  windowMs: number | undefined,
  live: Live,
  last: Evidence["heap"][0],
  own: OwnCode,
  limits: { readonly growthBytes: number; readonly growthRatio: number; readonly keptRatio: number },
): FindingDraft {
  const { site, before, after, growthBytes, allocatedBytes } = move;
  const rises =
    course.length > 2 && course.every((bytes, index) => index === 0 || bytes > (course[index - 1] ?? 0));
  const { isConfirmed, isDenied, sentence } = confirmation(live, growthBytes);
  const isKept = kept >= limits.keptRatio;
  const isSmallPart = growthBytes < before.inuseBytes * limits.growthRatio;
  const speed =
    windowMs === undefined || windowMs <= 0
      ? ""
      : ` in ${durationText(windowMs)} (${bytesText((growthBytes / windowMs) * 60_000)} a minute)`;
  return {
    ...(!rises && isDenied ? { severity: "info" as const } : {}),
    confidence: !isSmallPart && (rises || (isKept && isConfirmed)) ? "likely" : "possible",
    title: `Heap grew by ${bytesText(growthBytes)} at ${site.frame.function}`,
    summary: [
      `What this function allocated and is still in use grew from ${bytesText(before.inuseBytes)} to ${bytesText(after.inuseBytes)}${speed}.`,
      `The sampling error is at most ±${bytesText(errorBytes)}.`,
      isKept
        ? `${percentText(kept)} of all that was ever allocated where it grows is still in use, so hardly anything is freed.`
        : `Only ${percentText(kept)} of all that was ever allocated where it grows is still in use, so it is freed as well: memory in flight or a batch looks the same.`,
      sentence,
      site.isOwn ? "" : "No frame of the service's own code is on the stack: the function is a library's.",
      "A cache that is still filling looks the same: whether it stops, only a later profile tells.",
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
    measured: { value: growthBytes, limit: limits.growthBytes, unit: "bytes" },
    where: site.isOwn ? ownFrames(site.stack, own) : [site.frame],
    // What a library holds it holds for goroutines or connections that become more.
    ...(site.isOwn ? {} : { symptomOf: growingCrowds }),
    evidence: [
      {
        artifact: last.artifact,
        excerpt:
          `${site.frame.function} ${shortFile(site.frame.file)}:${site.frame.line}: inuse_space ${course.map(bytesText).join(" → ")}, ` +
          `allocated meanwhile ${bytesText(allocatedBytes)}`,
      },
    ],
    next: [
      `Take another profile in ten minutes and compare: go tool pprof -top -sample_index=inuse_space -diff_base=${last.artifact} http://HOST/debug/pprof/heap`,
      "Find what keeps the objects: a map or slice without a bound, a list that is never drained, a goroutine that never ends.",
      "Bound it: a size, an expiry, or removal where the owner ends.",
    ],
  };
}
