import { alsoMissing, figure, type ServiceContext } from "../context/service-context.ts";
import type { Evidence, NonEmpty } from "../evidence/evidence.ts";
import { counterMove, isUnknown, type Unknown } from "../metrics/counters.ts";
import { counted, durationText } from "../units.ts";
import type { MemStats } from "./memstats.ts";

/** How often the process collects garbage now, not since its start. */
export interface GcRate {
  readonly perSecond: number;
  readonly cycles: number;
  readonly windowMs: number;
  /** How many of the cycles the program asked for (runtime.GC, debug.FreeOSMemory), where that can be told. */
  readonly forced?: number;
  /** It is Prometheus' rate over minutes rather than the captures' own. */
  readonly byPrometheus?: true;
  readonly artifact: string;
}

/** A single list of pause ends is read this far back: long enough for a rate, short enough to be about now. */
const recentMs = 60_000;

/**
 * The most exact source that is there: two MemStats, the pause ends of one (the runtime keeps the last 256, Go
 * source: runtime/mstats.go, MemStats.PauseEnd), the counters of two scrapes, or what Prometheus made of its own.
 */
export function gcRate({
  context,
  ...captures
}: Partial<Pick<Evidence, "memstats" | "metrics" | "context">>): GcRate | Unknown {
  const captured = capturedRate(captures);
  if (!isUnknown(captured)) return captured;
  return rateByPrometheus(context) ?? { unknown: `${captured.unknown}${alsoMissing(context, "gc-rate")}` };
}

function rateByPrometheus(context: ServiceContext | undefined): GcRate | undefined {
  const rate = context === undefined ? undefined : figure(context, "gc-rate");
  if (context === undefined || rate?.windowMs === undefined) return undefined;
  return {
    perSecond: rate.value,
    cycles: Math.round((rate.value * rate.windowMs) / 1000),
    windowMs: rate.windowMs,
    byPrometheus: true,
    artifact: context.artifact,
  };
}

function capturedRate({
  memstats,
  metrics,
}: Partial<Pick<Evidence, "memstats" | "metrics">>): GcRate | Unknown {
  const exact = memstats === undefined ? undefined : (rateBetween(memstats) ?? rateOfPauseEnds(memstats));
  if (exact !== undefined) return exact;
  if (metrics === undefined) {
    return {
      unknown:
        memstats === undefined
          ? "no heap debug=1 capture and no /metrics scrape, so the GC rate is unknown"
          : "the process has collected garbage less than twice in the last minute that it shows",
    };
  }
  let reason = "";
  for (const name of ["go_gc_cycles_total_gc_cycles_total", "go_gc_duration_seconds_count"]) {
    const cycles = counterMove(metrics, name);
    if (isUnknown(cycles)) {
      reason = cycles.unknown;
      continue;
    }
    if (cycles.windowMs === undefined || cycles.perSecond === undefined) {
      reason = `the time between the /metrics scrapes is unknown, so ${name} gives no rate`;
      continue;
    }
    const forced = counterMove(metrics, "go_gc_cycles_forced_gc_cycles_total");
    return {
      perSecond: cycles.perSecond,
      cycles: cycles.increase,
      windowMs: cycles.windowMs,
      ...(isUnknown(forced) ? {} : { forced: forced.increase }),
      artifact: cycles.last.artifact,
    };
  }
  return { unknown: reason };
}

function rateBetween(memstats: NonEmpty<MemStats>): GcRate | undefined {
  const first = memstats[0];
  const last = memstats.at(-1) ?? first;
  const cycles = last.numGc - first.numGc;
  if (first === last || cycles < 0) return undefined;
  const windowMs =
    first.takenAtMs !== undefined && last.takenAtMs !== undefined
      ? last.takenAtMs - first.takenAtMs
      : (last.pauseEndsMs[0] ?? 0) - (first.pauseEndsMs[0] ?? 0);
  if (windowMs <= 0) return undefined;
  return {
    perSecond: cycles / (windowMs / 1000),
    cycles,
    windowMs,
    forced: last.numForcedGc - first.numForcedGc,
    artifact: last.artifact,
  };
}

function rateOfPauseEnds(memstats: NonEmpty<MemStats>): GcRate | undefined {
  const stats = memstats.at(-1) ?? memstats[0];
  const now = stats.takenAtMs ?? stats.pauseEndsMs[0] ?? 0;
  const recent = stats.pauseEndsMs.filter((end) => end > 0 && end > now - recentMs);
  const oldest = recent.at(-1);
  if (oldest === undefined || recent.length < 2 || now <= oldest) return undefined;
  const windowMs = now - oldest;
  const cycles = recent.length - 1;
  // Nothing tells which cycles were forced, unless none or all of them ever were.
  const forced = stats.numForcedGc === 0 ? 0 : stats.numForcedGc === stats.numGc ? cycles : undefined;
  return {
    perSecond: cycles / (windowMs / 1000),
    cycles,
    windowMs,
    ...(forced === undefined ? {} : { forced }),
    artifact: stats.artifact,
  };
}

/** "44 GCs per second (569 in 13 s)". */
export function gcRateText({ perSecond, cycles, windowMs, byPrometheus }: GcRate): string {
  const digits = perSecond < 10 ? 1 : 0;
  const source = byPrometheus === true ? ", by Prometheus" : "";
  return `${perSecond.toFixed(digits)} GCs per second (${counted(cycles, "GC")} in ${durationText(windowMs)}${source})`;
}
