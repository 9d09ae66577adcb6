import { usualFigure, usualSentence } from "../../domain/context/usual-figures.ts";
import { gcAgainstUsual } from "../../domain/context/usual-gc.ts";
import { explainsRise, loadRatio, loadSentence } from "../../domain/context/usual-load.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { busiestAllocationSite } from "../../domain/memory/allocation-sites.ts";
import { type GcCpuShare, gcCpuShare } from "../../domain/memory/gc-cpu.ts";
import { gcRate, gcRateText } from "../../domain/memory/gc-rate.ts";
import { type HeapGoal, heapGoal, isLimitBound } from "../../domain/memory/heap-goal.ts";
import { isUnknown } from "../../domain/metrics/counters.ts";
import { bytesText, percentText } from "../../domain/units.ts";
import { collectionCause, collectionCauseText, nextSteps } from "./cause.ts";
import { judged } from "./judged.ts";

export const gcGogcThrash = defineAnalyzer({
  meta: {
    id: "gc/gogc-thrash",
    title: "Garbage collection takes a large part of the CPU",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["cpu", "memstats", "metrics", "heap", "context"],
    symptomOf: [],
    thresholds: {
      warningShare: {
        default: 0.25,
        unit: "ratio",
        meaning: "GC share of the CPU time used, when a low GOGC or forced collections cause it",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      criticalShare: {
        default: 0.4,
        unit: "ratio",
        meaning:
          "GC share that is critical with a low GOGC, and a warning when the allocation rate or an unknown cause is behind it",
        source:
          "docs/decisions/0003-default-thresholds.md; the runtime's limiter acts at 50 % (runtime/mgclimit.go)",
      },
      lowGogc: {
        default: 50,
        unit: "count",
        meaning: "GOGC in percent below which the setting is held to be the cause; the default is 100",
        source:
          "docs/decisions/0003-default-thresholds.md; default: https://pkg.go.dev/runtime#hdr-Environment_Variables",
      },
      rate: {
        default: 2,
        unit: "per-second",
        meaning: "GCs per second that are suspicious when no CPU share is known",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      markedBytesPerSecond: {
        default: 128 * 2 ** 20,
        unit: "bytes",
        meaning: "live heap times GCs per second, likewise: twice a second with a heap of 64 MiB",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      busyCores: {
        default: 0.1,
        unit: "count",
        meaning: "cores that GC must keep busy to matter; an idle process spends little on anything else",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      usualRatio: {
        default: 3,
        unit: "ratio",
        meaning:
          "GC share, or GCs per second, against what 99 % of the same hour yesterday and last week stayed below, where Prometheus knows it",
        source: "docs/decisions/0017-context.md",
      },
      aboveUsual: {
        default: 2,
        unit: "per-second",
        meaning: "so many more GCs per second than usual they must be, too",
        source: "docs/decisions/0017-context.md",
      },
      unusualShare: {
        default: 0.1,
        unit: "ratio",
        meaning: "GC share from which more than usual is worth a word below the other limits",
        source: "docs/decisions/0017-context.md",
      },
    },
    docs: {
      what:
        "How much of the CPU time used goes into marking: from a CPU profile (background workers, assists, starting " +
        "and ending a cycle; marking on idle processors left out), or from /cpu/classes between two scrapes, or within five minutes " +
        "by Prometheus. Without either, GCs per second times live heap. Where Prometheus knows the same hour yesterday and last week, against these. The cause is told from GOGC, from forced collections, or is the " +
        "allocation rate itself.",
      why:
        "CPU that marks does not serve, and goroutines that allocate are made to help (GC assist), so every request " +
        "gets slower. The heap stays small meanwhile, so memory graphs look healthy.",
      next: "Raise or remove GOGC and set GOMEMLIMIT instead; where the allocation rate is the cause, allocate less at the named site.",
      falsePositives:
        "Heavy allocation with the default GOGC commonly costs 10 to 25 %: it is context below the critical share. " +
        "Shares since the process started (GCCPUFraction) are never used. A process that is nearly idle is left alone. " +
        "What every known day had about as much of at this hour is context below the critical share; what is three times the usual is possible " +
        "from a tenth of the CPU time on, and context only when the CPU use rose with it.",
      corrections: [
        {
          claim: "GOGC=10 makes memory grow, fragments it, and brings the OOM killer",
          fact: "A low GOGC keeps the heap smaller (the goal is the live heap, and GOGC/100 of it and of the stacks and globals on top) and costs CPU. A high GOGC without a memory limit is what may reach the container's limit.",
          source: "https://go.dev/doc/gc-guide#GOGC",
        },
        {
          claim: "frequent GC means a memory leak or large objects that escape",
          fact: "Frequent GC is allocation rate against the room that GOGC or GOMEMLIMIT leaves. A leak shows as in-use space that grows.",
          source: "https://go.dev/doc/gc-guide",
        },
      ],
      references: [
        "https://go.dev/doc/gc-guide",
        "https://go.dev/src/runtime/mgcpacer.go",
        "https://go.dev/src/runtime/mgclimit.go",
      ],
    },
  },
  analyze(evidence, limits) {
    const share = gcCpuShare(evidence);
    const rate = gcRate(evidence);
    const goal = heapGoal(evidence);
    if (isUnknown(share) && isUnknown(rate)) return { inconclusive: `${share.unknown}; ${rate.unknown}` };
    // That is another rule's to tell: GOMEMLIMIT, not GOGC, makes the runtime collect.
    if (isLimitBound(goal) === true) return [];
    const cause = collectionCause(goal, isUnknown(rate) ? undefined : rate, limits.lowGogc);
    const against = gcAgainstUsual(evidence.context, rate, {
      ratio: limits.usualRatio,
      above: limits.aboveUsual,
    });
    const load = against?.how === "unusual" ? loadRatio(evidence.context) : undefined;
    const verdict = judged(
      {
        share,
        rate,
        liveBytes: goal.liveBytes,
        cause,
        against,
        isLoad: against !== undefined && explainsRise(load, against.ratio),
      },
      limits,
    );
    if (verdict === undefined) return [];
    if ("inconclusive" in verdict) return verdict;

    const { measured } = verdict;
    const isComparable = against !== undefined && (measured.unit === "ratio") === (against.of === "share");
    const usual =
      evidence.context === undefined || !isComparable
        ? undefined
        : usualFigure(evidence.context, against.usual);
    const causeText = collectionCauseText(cause, goal);
    const site = busiestAllocationSite(evidence);
    return [
      {
        ...verdict,
        measured: { ...measured, ...(usual === undefined ? {} : { usual }) },
        summary: [
          usualSentence(against),
          against?.how === "unusual" ? loadSentence(load, against.ratio, "that") : "",
          causeText,
          site === undefined ? "" : `${site.text}.`,
          cause === "allocation" ? "The heap itself need not grow for that: this is churn, not a leak." : "",
          cause === "GOGC"
            ? "A low GOGC keeps the heap small and pays with CPU; it is no sign of a leak."
            : "",
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        where: site?.where ?? [],
        evidence: [
          ...(isUnknown(share) ? [] : [{ artifact: share.artifact, excerpt: shareText(share) }]),
          ...(isUnknown(rate) ? [] : [{ artifact: rate.artifact, excerpt: gcRateText(rate) }]),
          ...(goal.figures === undefined
            ? []
            : [{ artifact: goal.figures.artifact, excerpt: goalText(goal) }]),
          ...(against?.evidence ?? []),
        ],
        next: nextSteps(cause, evidence.cpu?.artifact),
      },
    ];
  },
});

function goalText({ gogcPercent, liveBytes, goalBytes }: HeapGoal): string {
  return [
    `GOGC ${gogcPercent ?? "not reported"}`,
    ...(liveBytes === undefined ? [] : [`live heap ${bytesText(liveBytes)}`]),
    ...(goalBytes === undefined ? [] : [`next GC at ${bytesText(goalBytes)}`]),
  ].join(", ");
}

function shareText(share: GcCpuShare): string {
  const assists = share.assistShare === undefined ? "" : `, ${percentText(share.assistShare)} as GC assist`;
  const idle = share.mayCountIdle ? " (this Go version does not tell marking on idle processors apart)" : "";
  const source = share.byPrometheus === true ? " within 5 min, by Prometheus" : "";
  return `garbage collection: ${percentText(share.share)} of the CPU time used${source}${assists}${idle}`;
}
