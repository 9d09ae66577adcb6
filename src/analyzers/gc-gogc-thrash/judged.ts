import type { GcAgainstUsual } from "../../domain/context/usual-gc.ts";
import type { FindingDraft } from "../../domain/findings/analyzer.ts";
import type { Measured } from "../../domain/findings/finding.ts";
import type { GcCpuShare } from "../../domain/memory/gc-cpu.ts";
import type { GcRate } from "../../domain/memory/gc-rate.ts";
import { isUnknown, type Unknown } from "../../domain/metrics/counters.ts";
import { percentText } from "../../domain/units.ts";
import type { CollectionCause } from "./cause.ts";

/** What is known of the collections. */
export interface Collections {
  readonly share: GcCpuShare | Unknown;
  readonly rate: GcRate | Unknown;
  readonly liveBytes: number | undefined;
  readonly cause: CollectionCause;
  /** Undefined where nobody knows other days. */
  readonly against: GcAgainstUsual | undefined;
  /** The process works so much more than usual that more collections are to be expected. */
  readonly isLoad: boolean;
}

type Limits = Readonly<
  Record<
    "warningShare" | "criticalShare" | "busyCores" | "rate" | "markedBytesPerSecond" | "unusualShare",
    number
  >
>;

type Judged = Pick<FindingDraft, "confidence" | "title"> &
  Required<Pick<FindingDraft, "severity">> & { readonly measured: Measured };

/** By the limits; then what other days say: what is usual wakes nobody, what is unusual is a word below the limits. */
export function judged(
  seen: Collections,
  limits: Limits,
): Judged | { readonly inconclusive: string } | undefined {
  const { share, rate, against } = seen;
  const byLimits = isUnknown(share)
    ? judgedByRate(rate, seen, limits)
    : judgedByShare(share, seen.cause, limits);
  if (against === undefined) return byLimits;
  if (against.how === "unusual" && (byLimits === undefined || "inconclusive" in byLimits)) {
    return judgedByUsual(seen, limits) ?? byLimits;
  }
  if (byLimits === undefined || "inconclusive" in byLimits) return byLimits;
  if (against.how === "usual" && byLimits.severity === "warning") return { ...byLimits, severity: "info" };
  if (against.how === "unusual" && byLimits.severity === "info" && !seen.isLoad) {
    return { ...byLimits, severity: "warning" };
  }
  return byLimits;
}

function judgedByShare(
  share: GcCpuShare,
  cause: CollectionCause,
  limits: Pick<Limits, "warningShare" | "criticalShare" | "busyCores">,
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
    title: shareTitle(share),
    measured: {
      value: share.share,
      limit: hasPlainCause || !isHigh ? limits.warningShare : limits.criticalShare,
      unit: "ratio",
    },
  };
}

/** Without a CPU share: how often, times how much there is to mark each time. */
function judgedByRate(
  rate: GcRate | Unknown,
  { liveBytes, cause }: Pick<Collections, "liveBytes" | "cause">,
  limits: Pick<Limits, "rate" | "markedBytesPerSecond">,
): Judged | { readonly inconclusive: string } | undefined {
  if (isUnknown(rate)) return { inconclusive: rate.unknown };
  if (!isOften(rate, limits)) return undefined;
  if (liveBytes === undefined) {
    return { inconclusive: "no CPU profile and no heap profile, so it is unknown what the GCs cost" };
  }
  if (rate.perSecond * liveBytes < limits.markedBytesPerSecond) return undefined;
  const isGogcLow = cause === "GOGC";
  return {
    severity: isGogcLow ? "warning" : "info",
    confidence: isGogcLow ? "likely" : "possible",
    title: rateTitle(rate),
    measured: { value: rate.perSecond, limit: limits.rate, unit: "per-second" },
  };
}

/** Below the limits, but far above what other days had at this hour. */
function judgedByUsual(
  { share, rate, isLoad }: Pick<Collections, "share" | "rate" | "isLoad">,
  limits: Pick<Limits, "unusualShare" | "busyCores" | "rate">,
): Judged | undefined {
  const severity = isLoad ? "info" : "warning";
  if (!isUnknown(share)) {
    const isIdle = share.cores !== undefined && share.cores < limits.busyCores;
    if (isIdle || share.share < limits.unusualShare) return undefined;
    const measured = { value: share.share, limit: limits.unusualShare, unit: "ratio" };
    return { severity, confidence: "possible", title: shareTitle(share), measured };
  }
  if (isUnknown(rate) || !isOften(rate, limits)) return undefined;
  const measured = { value: rate.perSecond, limit: limits.rate, unit: "per-second" };
  return { severity, confidence: "possible", title: rateTitle(rate), measured };
}

/** Fewer than ten say little about a rate: a burst while a request was served. */
function isOften({ perSecond, cycles }: GcRate, limits: Pick<Limits, "rate">): boolean {
  return perSecond >= limits.rate && cycles >= 10;
}

function shareTitle({ share }: GcCpuShare): string {
  return `Garbage collection takes ${percentText(share)} of the CPU time`;
}

function rateTitle({ perSecond }: GcRate): string {
  return `The process collects garbage ${perSecond.toFixed(perSecond < 10 ? 1 : 0)} times a second`;
}
