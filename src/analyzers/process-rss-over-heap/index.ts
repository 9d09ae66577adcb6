import { containerFacts } from "../../domain/context/container-facts.ts";
import { alsoMissing, figure } from "../../domain/context/service-context.ts";
import { figureExcerpt, isUsual, usualOf, usualText } from "../../domain/context/usual-figures.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { heapFigures, heapFiguresOverTime, heldBytes } from "../../domain/memory/heap-figures.ts";
import { gauge, isUnknown } from "../../domain/metrics/counters.ts";
import { bytesText, percentText } from "../../domain/units.ts";

export const processRssOverHeap = defineAnalyzer({
  meta: {
    id: "process/rss-over-heap",
    title: "Much of the process's memory is not live Go heap",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["metrics", "memstats", "context"],
    symptomOf: [],
    thresholds: {
      outsideBytes: {
        default: 128 * 2 ** 20,
        unit: "bytes",
        meaning:
          "resident memory beyond what the Go runtime holds, or heap memory that is free and not given back",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ratio: {
        default: 0.5,
        unit: "ratio",
        meaning: "the same as part of the resident memory",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      mostly: {
        default: 0.75,
        unit: "ratio",
        meaning:
          "memory outside of Go as part of the resident memory, from which Go's own tools see too little to be useful",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      nearLimit: {
        default: 0.9,
        unit: "ratio",
        meaning: "resident memory as part of the container's limit from which it is urgent",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      growthBytes: {
        default: 16 * 2 ** 20,
        unit: "bytes",
        meaning: "growth of the memory outside of Go between two scrapes from which it counts as a leak",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "process_resident_memory_bytes against what the Go runtime holds (Sys less HeapReleased). More than that is memory that Go " +
        "did not allocate: cgo, mmap, the binary. Within it, heap that is free and not yet given back.",
      why:
        "The kernel counts all of it against the container's limit, no Go heap profile shows it, and neither GC nor GOMEMLIMIT can " +
        "make the part outside of Go smaller.",
      next: "Outside of Go: look at mmap and cgo users. Free heap: it is returned by itself within minutes.",
      falsePositives:
        "A process that maps files (bbolt, Badger, Lucene-like indexes) has them in its resident memory and the kernel can drop " +
        "them: subtract file-backed regions. After a spike free heap is normal, so it is context (info). Memory outside of Go that is " +
        "less than three quarters, does not grow and leaves room is reported as possible only. Where every known day had as much resident " +
        "memory at this hour, it does not grow and leaves room, it is context.",
      corrections: [
        {
          claim: "a low GOGC makes RSS grow",
          fact: "A low GOGC keeps the heap smaller. RSS beyond the Go heap is cgo, mmap, stacks, or heap that is free and not yet given back.",
          source: "https://go.dev/doc/gc-guide#Linux_transparent_huge_pages",
        },
      ],
      references: [
        "https://pkg.go.dev/runtime#MemStats",
        "https://go.dev/src/runtime/mgcscavenge.go",
        "https://go.dev/doc/gc-guide#Memory_limit",
      ],
    },
  },
  analyze(evidence, limits) {
    const { metrics, context } = evidence;
    const scraped = metrics === undefined ? undefined : gauge(metrics, "process_resident_memory_bytes");
    const asked = context === undefined ? undefined : figure(context, "resident-memory");
    const residentBytes = scraped ?? asked?.value;
    if (residentBytes === undefined) {
      const scrape =
        metrics === undefined ? "no /metrics scrape" : "/metrics has no process_resident_memory_bytes";
      return { inconclusive: `${scrape}${alsoMissing(context, "resident-memory")}` };
    }
    const figures = heapFigures(evidence);
    if (figures === undefined) {
      return { inconclusive: "no heap debug=1 capture and no go_memstats_* in /metrics" };
    }
    const artifact =
      (scraped === undefined ? context?.artifact : metrics?.at(-1)?.artifact) ?? figures.artifact;
    const container = containerFacts(evidence);
    const limitBytes = isUnknown(container) ? undefined : container.memoryLimitBytes;
    const isNear = limitBytes !== undefined && residentBytes >= limitBytes * limits.nearLimit;
    const isLarge = (bytes: number) => bytes >= limits.outsideBytes && bytes >= residentBytes * limits.ratio;
    const known = context === undefined ? undefined : usualOf(context, "resident-memory");
    const usual = known === undefined || isUnknown(known) ? undefined : known;
    // A service that maps files has had as much on other days, and nobody was woken for it.
    const isAsAlways = usual !== undefined && !isNear && isUsual(residentBytes, usual);
    const roomText = [
      limitBytes === undefined ? "" : ` The container allows ${bytesText(limitBytes)}.`,
      usual === undefined
        ? ""
        : ` ${isAsAlways ? "So much resident memory is usual for this hour" : "Resident memory, to compare"}: ${usualText(usual, bytesText)}.`,
    ].join("");
    const days =
      usual === undefined || context === undefined
        ? []
        : usual.days.map((day) => figureExcerpt(context.artifact, day, bytesText));
    const sum =
      `resident ${bytesText(residentBytes)}; Go holds ${bytesText(heldBytes(figures))}, of that live and unswept heap ` +
      bytesText(figures.heapAllocBytes);

    const outsideBytes = residentBytes - heldBytes(figures);
    if (isLarge(outsideBytes)) {
      const growth = outsideGrowth(evidence);
      const grows = growth !== undefined && growth >= limits.growthBytes;
      return [
        {
          severity: isAsAlways && !grows ? "info" : "warning",
          confidence:
            grows || isNear || outsideBytes >= residentBytes * limits.mostly ? "likely" : "possible",
          title: `${bytesText(outsideBytes)} of ${bytesText(residentBytes)} resident memory is not Go's`,
          summary:
            `The Go runtime holds ${bytesText(heldBytes(figures))}; ${percentText(outsideBytes / residentBytes)} of the resident memory is something else: ` +
            "memory from cgo or mmap, or mapped files. Which one is not in any Go profile." +
            (growth === undefined
              ? ""
              : grows
                ? ` It grew by ${bytesText(growth)} between the scrapes.`
                : " It did not grow between the scrapes.") +
            roomText,
          measured: { value: outsideBytes, limit: limits.outsideBytes, unit: "bytes" },
          where: [],
          evidence: [{ artifact, excerpt: sum }, ...days],
          next: [
            "See what is mapped: cat /proc/PID/smaps_rollup, and the largest regions of /proc/PID/smaps (file-backed or anonymous).",
            "Look for cgo libraries that allocate (image, compression, SQLite, Kafka clients) and for mmap users; GOMEMLIMIT does not cover them.",
          ],
        },
      ];
    }

    const freeBytes = figures.heapIdleBytes - figures.heapReleasedBytes;
    if (isLarge(freeBytes)) {
      return [
        {
          severity: isNear ? "warning" : "info",
          confidence: "likely",
          title: `${bytesText(freeBytes)} of free heap is not given back yet`,
          summary:
            `After a peak ${percentText(freeBytes / residentBytes)} of the resident memory is heap without objects. The runtime gives it back ` +
            `slowly in the background, faster when GOMEMLIMIT is near.${roomText}`,
          measured: { value: freeBytes, limit: limits.outsideBytes, unit: "bytes" },
          where: [],
          evidence: [{ artifact, excerpt: `${sum}; idle and not released ${bytesText(freeBytes)}` }, ...days],
          next: [
            "Nothing, if it was a single peak: it shrinks within minutes.",
            "Set GOMEMLIMIT so that the runtime returns memory before the container's limit; look for what made the peak in alloc_space.",
          ],
        },
      ];
    }
    return [];
  },
});

/** Growth of the resident memory that is not Go's, between the first and the last scrape. */
function outsideGrowth({ metrics }: Partial<Pick<Evidence, "metrics">>): number | undefined {
  if (metrics === undefined) return undefined;
  const first = gauge([metrics[0]], "process_resident_memory_bytes");
  const last = gauge([metrics[metrics.length - 1] ?? metrics[0]], "process_resident_memory_bytes");
  const figures = heapFiguresOverTime({ metrics });
  if (first === undefined || last === undefined || figures === undefined) return undefined;
  return last - heldBytes(figures.last) - (first - heldBytes(figures.first));
}
