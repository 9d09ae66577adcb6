import { alsoMissing, figure, type ServiceContext } from "../../domain/context/service-context.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import { isUnknown, type Unknown } from "../../domain/metrics/counters.ts";
import { histogramMove, observations, quantileRange, shareAbove } from "../../domain/metrics/histograms.ts";
import { countText, durationText } from "../../domain/units.ts";

/** How long runnable goroutines waited, within some window. */
export interface SeenLatency {
  /** Of waits above `boundMs`, 0 to 1. */
  readonly share: number;
  readonly boundMs: number;
  /** Recorded waits; absent where only the share is known, which is of fifty at least. */
  readonly waits?: number;
  /** Bucket that p99 lies in. */
  readonly p99Ms?: { readonly above: number; readonly upTo: number };
  /** `1,204 waits recorded between the scrapes`, `waits recorded within 5 min, by Prometheus`. */
  readonly what: string;
  readonly artifact: string;
}

const metric = "go_sched_latencies_seconds";
/** The bucket bound that the question to Prometheus is about: client_golang's 0.010485759999999998. */
const boundMs = 10.485_76;

/** By two scrapes of the process, or else by Prometheus. */
export function seenLatency(
  { metrics, context }: Partial<Pick<Evidence, "metrics" | "context">>,
  limits: { readonly waits: number; readonly slowMs: number },
): SeenLatency | Unknown {
  const scraped = metrics === undefined ? { unknown: "no /metrics scrape" } : ofScrapes(metrics, limits);
  if (!isUnknown(scraped) || context === undefined) return scraped;
  return ofContext(context) ?? { unknown: `${scraped.unknown}${alsoMissing(context, "slow-scheduling")}` };
}

function ofScrapes(
  metrics: Evidence["metrics"],
  limits: { readonly waits: number; readonly slowMs: number },
): SeenLatency | Unknown {
  const move = histogramMove(metrics, metric);
  if (isUnknown(move)) {
    return { unknown: `${move.unknown}; client_golang exports it with collectors.MetricsScheduler only` };
  }
  const waits = observations(move.histogram);
  if (waits < limits.waits) {
    return {
      unknown: `only ${countText(waits)} scheduling waits recorded between the scrapes: too few for a share`,
    };
  }
  const slow = shareAbove(move.histogram, limits.slowMs / 1000);
  if (slow === undefined) return { unknown: `${metric} has no bucket bound from ${limits.slowMs} ms on` };
  const range = quantileRange(move.histogram, 0.99);
  return {
    share: slow.share,
    boundMs: slow.bound * 1000,
    waits,
    ...(range === undefined ? {} : { p99Ms: { above: range.above * 1000, upTo: range.upTo * 1000 } }),
    what: `${countText(waits)} waits recorded between the scrapes`,
    artifact: move.last.artifact,
  };
}

function ofContext(context: ServiceContext): SeenLatency | undefined {
  const slow = figure(context, "slow-scheduling");
  const range = figure(context, "scheduling-p99")?.range;
  if (slow === undefined) return undefined;
  return {
    share: slow.value,
    boundMs,
    ...(range === undefined
      ? {}
      : { p99Ms: { above: range.above, upTo: range.upTo ?? Number.POSITIVE_INFINITY } }),
    what: `waits recorded within ${durationText(slow.windowMs ?? 0)}, by Prometheus,`,
    artifact: context.artifact,
  };
}
