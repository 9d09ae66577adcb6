import { busiestAllocationSite } from "../../domain/allocation-sites.ts";
import { defineAnalyzer, type FindingDraft } from "../../domain/analyzer.ts";
import { isUnknown } from "../../domain/counters.ts";
import { type GcCpuShare, gcCpuShare } from "../../domain/gc-cpu.ts";
import { type GcRate, gcRate, gcRateText } from "../../domain/gc-rate.ts";
import { type HeapGoal, heapGoal, isLimitBound } from "../../domain/heap-goal.ts";
import { bytesText, percentText } from "../../domain/units.ts";
import { type CollectionCause, collectionCause, collectionCauseText, nextSteps } from "./cause.ts";

export const gcGogcThrash = defineAnalyzer({
  meta: {
    id: "gc/gogc-thrash",
    title: "Garbage collection takes a large part of the CPU",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["cpu", "memstats", "metrics", "heap"],
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
    },
    docs: {
      what:
        "How much of the CPU time used goes into marking: from a CPU profile (background workers, assists, starting " +
        "and ending a cycle; marking on idle processors left out), or from /cpu/classes between two scrapes. Without " +
        "either, GCs per second times live heap. The cause is told from GOGC, from forced collections, or is the " +
        "allocation rate itself.",
      why:
        "CPU that marks does not serve, and goroutines that allocate are made to help (GC assist), so every request " +
        "gets slower. The heap stays small meanwhile, so memory graphs look healthy.",
      next: "Raise or remove GOGC and set GOMEMLIMIT instead; where the allocation rate is the cause, allocate less at the named site.",
      falsePositives:
        "Heavy allocation with the default GOGC commonly costs 10 to 25 %: it is context below the critical share. " +
        "Shares since the process started (GCCPUFraction) are never used. A process that is nearly idle is left alone.",
      corrections: [
        {
          claim: "GOGC=10 makes memory grow, fragments it, and brings the OOM killer",
          fact: "A low GOGC keeps the heap smaller (the goal is live heap times 1 + GOGC/100) and costs CPU. A high GOGC without a memory limit is what may reach the container's limit.",
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
    const judged = isUnknown(share)
      ? judgedByRate(rate, goal.liveBytes, cause === "GOGC", limits)
      : judgedByShare(share, cause, limits);
    if (judged === undefined || "inconclusive" in judged) return judged ?? [];

    const site = busiestAllocationSite(evidence);
    const causeText = collectionCauseText(cause, goal);
    return [
      {
        ...judged,
        summary: [
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
        ],
        next: nextSteps(cause, evidence.cpu?.artifact),
      },
    ];
  },
});

type Judged = Pick<FindingDraft, "severity" | "confidence" | "title" | "measured">;

function judgedByShare(
  share: GcCpuShare,
  cause: CollectionCause,
  limits: { readonly warningShare: number; readonly criticalShare: number; readonly busyCores: number },
): Judged | undefined {
  if (share.cores !== undefined && share.cores < limits.busyCores) return undefined;
  if (share.share < limits.warningShare) return undefined;
  const hasPlainCause = cause !== "allocation" && cause !== "unknown";
  const isHigh = share.share >= limits.criticalShare;
  const severity = hasPlainCause ? (isHigh ? "critical" : "warning") : isHigh ? "warning" : "info";
  return {
    severity,
    confidence: share.mayCountIdle
      ? "possible"
      : cause === "GOGC" || cause === "forced"
        ? "proven"
        : "likely",
    title: `Garbage collection takes ${percentText(share.share)} of the CPU time`,
    measured: {
      value: share.share,
      limit: hasPlainCause || !isHigh ? limits.warningShare : limits.criticalShare,
      unit: "ratio",
    },
  };
}

/** Without a CPU share: how often, times how much there is to mark each time. */
function judgedByRate(
  rate: GcRate | { readonly unknown: string },
  liveBytes: number | undefined,
  isGogcLow: boolean,
  limits: { readonly rate: number; readonly markedBytesPerSecond: number },
): Judged | { readonly inconclusive: string } | undefined {
  if (isUnknown(rate)) return { inconclusive: rate.unknown };
  // Fewer say little about a rate: a burst while a request was served.
  if (rate.perSecond < limits.rate || rate.cycles < 10) return undefined;
  if (liveBytes === undefined) {
    return { inconclusive: "no CPU profile and no heap profile, so it is unknown what the GCs cost" };
  }
  if (rate.perSecond * liveBytes < limits.markedBytesPerSecond) return undefined;
  return {
    severity: isGogcLow ? "warning" : "info",
    confidence: isGogcLow ? "likely" : "possible",
    title: `The process collects garbage ${rate.perSecond.toFixed(rate.perSecond < 10 ? 1 : 0)} times a second`,
    measured: { value: rate.perSecond, limit: limits.rate, unit: "per-second" },
  };
}

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
  return `garbage collection: ${percentText(share.share)} of the CPU time used${assists}${idle}`;
}
