import {
  alsoMissing,
  type FigureRange,
  figure,
  type ServiceContext,
} from "../../domain/context/service-context.ts";
import { rangeText } from "../../domain/context/usual-figures.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import type { FindingDraft, Inconclusive } from "../../domain/findings/analyzer.ts";
import { gauge, isUnknown } from "../../domain/metrics/counters.ts";
import { histogramMove, observations, quantileRange } from "../../domain/metrics/histograms.ts";
import { countText, durationText } from "../../domain/units.ts";
import { nextSteps } from "./next-steps.ts";
import { againstUsual } from "./usual.ts";

/** In seconds: the runtime's pause histograms, the newer name first (Go 1.22). */
const histogramNames = ["go_sched_pauses_total_gc_seconds", "go_gc_pauses_seconds"];

/** The bucket that p99 lies in, where no list of pauses is there. */
interface SeenPauses {
  /** In milliseconds. */
  readonly range: FigureRange;
  /** Pauses; absent where only the bucket is known, which is of fifty at least. */
  readonly count?: number;
  /** "the 1,204 pauses between the two scrapes", "the pauses within 5 min, by Prometheus,". */
  readonly what: string;
  readonly artifact: string;
  readonly excerpt: string;
}

/** By two scrapes of the process, or else by Prometheus. */
export function judgeHistogram(
  {
    metrics,
    context,
  }: { readonly metrics: Evidence["metrics"] | undefined; readonly context: ServiceContext | undefined },
  { isCalm, isBusy }: { readonly isCalm: boolean; readonly isBusy: boolean },
  limits: { readonly warningMs: number; readonly criticalMs: number; readonly enoughGcs: number },
): readonly FindingDraft[] | Inconclusive {
  // The longest of at most 256 pauses bounds their p99 from above.
  const longest =
    metrics === undefined ? undefined : gauge(metrics, "go_gc_duration_seconds", { quantile: "1" });
  if (longest !== undefined && longest * 1000 < limits.warningMs) return [];
  const seen = (metrics === undefined ? undefined : scrapedPauses(metrics)) ?? askedPauses(context);
  if (seen === undefined) {
    const scrape = metrics === undefined ? ", and no /metrics scrape" : "";
    const known =
      longest === undefined
        ? ""
        : `; go_gc_duration_seconds tells only that the longest of the last pauses, at most 256, took ${durationText(longest * 1000)}`;
    return {
      inconclusive: `no heap debug=1 capture, which holds the last 256 pauses${scrape}${known}${alsoMissing(context, "gc-pause-p99")}`,
    };
  }
  const { range, count, what, artifact, excerpt } = seen;
  const text = rangeText(range);
  if (range.upTo !== undefined && range.upTo <= limits.warningMs) return [];
  if (range.above < limits.warningMs) {
    return {
      inconclusive: `no heap debug=1 capture, and the pause histogram only tells that p99 lies ${text}`,
    };
  }
  const isCritical = range.above >= limits.criticalMs;
  const usual = againstUsual(context, range);
  const isEnough = count === undefined || count >= limits.enoughGcs;
  return [
    {
      severity: isCritical ? "critical" : usual?.how === "usual" ? "info" : "warning",
      confidence: isEnough && (isCalm || (usual?.how === "unusual" && !isBusy)) ? "likely" : "possible",
      title: `GC stops the world for more than ${durationText(range.above)} at p99`,
      summary:
        `p99 of ${what} lies ${text}; a histogram does not tell more. Go is built to stay well ` +
        "below a millisecond, so the usual reading is that its threads did not get CPU. That is inferred." +
        (usual === undefined ? "" : ` ${usual.sentence}`),
      measured: {
        value: range.above,
        limit: isCritical ? limits.criticalMs : limits.warningMs,
        unit: "ms",
        ...(usual === undefined ? {} : { usual: usual.figure }),
      },
      where: [],
      evidence: [{ artifact, excerpt }, ...(usual?.evidence ?? [])],
      next: nextSteps,
    },
  ];
}

function scrapedPauses(metrics: Evidence["metrics"]): SeenPauses | undefined {
  for (const name of histogramNames) {
    const move = histogramMove(metrics, name);
    if (isUnknown(move)) continue;
    const found = quantileRange(move.histogram, 0.99);
    if (found === undefined) continue;
    const count = observations(move.histogram);
    const upToMs = found.upTo * 1000;
    const range = { above: found.above * 1000, ...(Number.isFinite(upToMs) ? { upTo: upToMs } : {}) };
    return {
      range,
      count,
      what: `the ${countText(count)} pauses between the two scrapes`,
      artifact: move.last.artifact,
      excerpt: `p99 of ${countText(count)} pauses lies ${rangeText(range)}`,
    };
  }
  return undefined;
}

function askedPauses(context: ServiceContext | undefined): SeenPauses | undefined {
  const found = context === undefined ? undefined : figure(context, "gc-pause-p99");
  if (context === undefined || found?.range === undefined) return undefined;
  return {
    range: found.range,
    what: `the pauses within ${durationText(found.windowMs ?? 0)}, by Prometheus,`,
    artifact: context.artifact,
    excerpt: `p99 of ${found.query} lies ${rangeText(found.range)}`,
  };
}
