import type { Evidence, TargetFacts } from "../evidence/evidence.ts";
import { isUnknown, type Unknown } from "../metrics/counters.ts";
import { durationText } from "../units.ts";
import { containerOf } from "./container.ts";
import { cpuLimitCores, memoryLimitBytes, throttlingOf, workingSetBytes } from "./container-limits.ts";
import { type FigureName, figure, type ServiceContext, whyMissing } from "./service-context.ts";

/** How often the container ran out of its CPU quota within a window. */
export interface SeenThrottling {
  /** 0 to 1. */
  readonly ratio: number;
  readonly periods: number;
  readonly throttledPeriods: number;
  /** Time that its threads were stopped, summed over CPUs, when reported. */
  readonly throttledSeconds?: number;
  /** "between the scrapes", "within 5 min". */
  readonly window: string;
  readonly artifact: string;
}

/** The container that the process runs in: by its own /metrics, or else by what Prometheus has of it. */
export interface ContainerFacts {
  /** For people: `container "order" of pod "order-7c9-x2"`. */
  readonly name: string;
  /** Where the limits stand. */
  readonly artifact: string;
  /** Undefined when there is none or it is not reported. */
  readonly cpuLimitCores?: number;
  readonly memoryLimitBytes?: number;
  readonly workingSetBytes?: number;
  readonly throttling: SeenThrottling | Unknown;
}

type Seen = Partial<Pick<Evidence, "metrics" | "context">> & { readonly target: TargetFacts };

/** A service's own /metrics hardly ever has its container in it; the Prometheus beside it does. */
export function containerFacts({ metrics, context, target }: Seen): ContainerFacts | Unknown {
  const scraped = metrics === undefined ? { unknown: "no /metrics scrape" } : scrapedFacts(metrics, target);
  if (!isUnknown(scraped) || context === undefined) return scraped;
  const asked = askedFacts(context);
  return isUnknown(asked) ? { unknown: `${scraped.unknown}; Prometheus: ${asked.unknown}` } : asked;
}

function scrapedFacts(metrics: Evidence["metrics"], target: TargetFacts): ContainerFacts | Unknown {
  const container = containerOf(metrics, target);
  if (isUnknown(container)) return container;
  const throttling = throttlingOf(metrics, container);
  const cores = cpuLimitCores(metrics, container);
  const memory = memoryLimitBytes(metrics, container);
  const held = workingSetBytes(metrics, container);
  return {
    name: container.name,
    artifact: metrics.at(-1)?.artifact ?? metrics[0].artifact,
    ...(cores === undefined ? {} : { cpuLimitCores: cores }),
    ...(memory === undefined ? {} : { memoryLimitBytes: memory }),
    ...(held === undefined ? {} : { workingSetBytes: held }),
    throttling: isUnknown(throttling)
      ? throttling
      : {
          ratio: throttling.ratio,
          periods: throttling.periods,
          throttledPeriods: throttling.throttledPeriods,
          ...(throttling.throttledSeconds === undefined
            ? {}
            : { throttledSeconds: throttling.throttledSeconds }),
          window: "between the scrapes",
          artifact: throttling.last.artifact,
        },
  };
}

function askedFacts(context: ServiceContext): ContainerFacts | Unknown {
  const value = (name: FigureName) => figure(context, name)?.value;
  const cores = value("cpu-limit");
  const memory = value("memory-limit");
  const held = value("working-set");
  const throttling = askedThrottling(context);
  if (cores === undefined && memory === undefined && held === undefined && isUnknown(throttling)) {
    return { unknown: whyMissing(context, "cpu-limit", "now") };
  }
  return {
    name: "the process's container",
    artifact: context.artifact,
    ...(cores === undefined ? {} : { cpuLimitCores: cores }),
    ...(memory === undefined ? {} : { memoryLimitBytes: memory }),
    ...(held === undefined ? {} : { workingSetBytes: held }),
    throttling,
  };
}

function askedThrottling(context: ServiceContext): SeenThrottling | Unknown {
  const ratio = figure(context, "throttled");
  const periods = figure(context, "cfs-periods");
  if (ratio === undefined || periods === undefined) {
    return { unknown: whyMissing(context, "throttled", "now") };
  }
  return {
    ratio: ratio.value,
    periods: Math.round(periods.value),
    throttledPeriods: Math.round(ratio.value * periods.value),
    window: `within ${durationText(ratio.windowMs ?? 0)}, by Prometheus`,
    artifact: context.artifact,
  };
}
