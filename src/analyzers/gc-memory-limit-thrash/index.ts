import { alsoMissing } from "../../domain/context/service-context.ts";
import { gcAgainstUsual } from "../../domain/context/usual-gc.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { largestHolder } from "../../domain/memory/allocation-sites.ts";
import { gcCpuShare } from "../../domain/memory/gc-cpu.ts";
import { gcRate, gcRateText } from "../../domain/memory/gc-rate.ts";
import { heldBytes } from "../../domain/memory/heap-figures.ts";
import { heapGoal, isLimitBound } from "../../domain/memory/heap-goal.ts";
import { counterMove, isUnknown } from "../../domain/metrics/counters.ts";
import { bytesText, percentText } from "../../domain/units.ts";

export const gcMemoryLimitThrash = defineAnalyzer({
  meta: {
    id: "gc/memory-limit-thrash",
    title: "Live heap nearly fills GOMEMLIMIT, so the runtime collects all the time",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["metrics", "memstats", "heap", "cpu", "context"],
    symptomOf: ["heap/growth", "heap/goroutine-memory", "heap/timer-leak"],
    thresholds: {
      fullness: {
        default: 0.9,
        unit: "ratio",
        meaning: "live heap as part of the heap size that GOMEMLIMIT leaves room for",
        source: "docs/decisions/0003-default-thresholds.md; runtime/mgcpacer.go, memoryLimitHeapGoal",
      },
      rate: {
        default: 5,
        unit: "per-second",
        meaning: "GCs per second, or else the GC share below",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      warningShare: {
        default: 0.25,
        unit: "ratio",
        meaning: "GC share of the CPU time used that counts as thrash",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      criticalShare: {
        default: 0.4,
        unit: "ratio",
        meaning: "GC share that is critical; the runtime stops collecting in time at 50 %",
        source: "docs/decisions/0003-default-thresholds.md; runtime/mgclimit.go",
      },
    },
    docs: {
      what:
        "GOMEMLIMIT (go_gc_gomemlimit_bytes) decides when the next GC runs, what the last GC found alive fills nine tenths " +
        "of the room it leaves for the heap, and collections follow each other: by rate, or by their share of the CPU.",
      why:
        "Memory cannot go below what is alive, so the runtime collects again and again for nothing. The service keeps " +
        "its memory and loses its CPU, up to half of it before the runtime's limiter lets the heap exceed the limit.",
      next: "Raise GOMEMLIMIT together with the container's limit, or make less be alive at the named site.",
      falsePositives:
        "GOGC=off with a memory limit is a recommended setting: the heap then always grows to the limit. That is quiet here, " +
        "because what counts is the heap that is still alive after a GC.",
      corrections: [
        {
          claim:
            'the runtime reads the container\'s limit from /sys/fs/cgroup/memory.max, and SetMemoryLimit fails silently where that is "max"',
          fact: "No Go version up to 1.27 reads memory.max. The limit is math.MaxInt64 unless GOMEMLIMIT or debug.SetMemoryLimit sets it, and then it always works (Go 1.19, not 1.22).",
          source: "https://pkg.go.dev/runtime/debug#SetMemoryLimit",
        },
      ],
      references: [
        "https://go.dev/doc/gc-guide#Memory_limit",
        "https://go.dev/src/runtime/mgcpacer.go",
        "https://github.com/golang/go/issues/58106",
      ],
    },
  },
  analyze(evidence, limits) {
    const goal = heapGoal(evidence);
    const { memoryLimit, liveBytes, figures, limitGoalBytes } = goal;
    if (memoryLimit === undefined) {
      return {
        inconclusive: `GOMEMLIMIT is unknown: no /metrics scrape has go_gc_gomemlimit_bytes${alsoMissing(evidence.context, "memory-limit-go")}`,
      };
    }
    if (memoryLimit === "none" || isLimitBound(goal) === false) return [];
    if (figures === undefined || limitGoalBytes === undefined) {
      return {
        inconclusive: "no heap debug=1 capture and no go_memstats_* in /metrics to hold against GOMEMLIMIT",
      };
    }
    if (liveBytes === undefined) {
      return { inconclusive: "no heap profile and no go_gc_heap_live_bytes, so the live heap is unknown" };
    }
    const rate = gcRate(evidence);
    const share = gcCpuShare(evidence);
    if (isUnknown(rate) && isUnknown(share)) return { inconclusive: `${rate.unknown}; ${share.unknown}` };

    // Without any room the process is over the limit already.
    const fullness = limitGoalBytes <= 0 ? Math.max(1, liveBytes / memoryLimit) : liveBytes / limitGoalBytes;
    const isFast = !isUnknown(rate) && rate.perSecond >= limits.rate && rate.cycles >= 10;
    const isDear = !isUnknown(share) && share.share >= limits.warningShare;
    if (fullness < limits.fullness || !(isFast || isDear)) return [];

    const limiter =
      evidence.metrics === undefined
        ? undefined
        : counterMove(evidence.metrics, "go_gc_limiter_last_enabled_gc_cycle");
    const limiterActed = limiter !== undefined && !isUnknown(limiter) && limiter.increase > 0;
    const isCritical = limiterActed || (!isUnknown(share) && share.share >= limits.criticalShare);
    const holder = largestHolder(evidence);
    // Since when is worth knowing; it is no less true for having been so last week.
    const against = gcAgainstUsual(evidence.context, rate, { ratio: 1, above: 0 });
    const shareText = isUnknown(share) ? "" : `${percentText(share.share)} of the CPU time goes into GC`;
    return [
      {
        severity: isCritical ? "critical" : "warning",
        confidence: isFast && (isDear || isUnknown(share)) && !goal.liveIsSampled ? "proven" : "likely",
        title: `Live heap of ${bytesText(liveBytes)} fills GOMEMLIMIT ${bytesText(memoryLimit)}: GC thrash`,
        summary: [
          `GOMEMLIMIT is ${bytesText(memoryLimit)}; after other runtime memory it leaves ${limitGoalBytes <= 0 ? "nothing" : bytesText(limitGoalBytes)} for the heap, and ` +
            `${goal.liveIsSampled ? "about " : ""}${bytesText(liveBytes)} are alive.`,
          isUnknown(rate) ? "" : `The runtime collects ${rate.perSecond.toFixed(1)} times a second.`,
          shareText === "" ? "" : `${shareText}.`,
          against === undefined ? "" : `To compare: ${against.text}.`,
          limiterActed ? "The runtime's own CPU limiter stepped in meanwhile." : "",
          holder === undefined ? "" : `${holder.text}.`,
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: { value: fullness, limit: limits.fullness, unit: "ratio" },
        where: holder?.where ?? [],
        evidence: [
          {
            artifact: figures.artifact,
            excerpt: `live ${bytesText(liveBytes)}, GOMEMLIMIT ${bytesText(memoryLimit)}, held ${bytesText(heldBytes(figures))}, next GC at ${bytesText(figures.nextGcBytes)}`,
          },
          ...(isUnknown(rate) ? [] : [{ artifact: rate.artifact, excerpt: gcRateText(rate) }]),
          ...(isUnknown(share) ? [] : [{ artifact: share.artifact, excerpt: shareText }]),
          ...(against?.evidence ?? []),
          ...(holder === undefined ? [] : [{ artifact: holder.artifact, excerpt: holder.text }]),
        ],
        next: [
          "To get out now: raise GOMEMLIMIT (and the container's limit with it), or restart and shed load.",
          "Then make less be alive: go tool pprof -top -sample_index=inuse_space " +
            (evidence.heap?.at(-1)?.artifact ?? "heap.pb.gz"),
          "Keep GOMEMLIMIT 5-10 % below the container's limit, and the live heap well below both.",
        ],
      },
    ];
  },
});
