import type { NonEmpty } from "../evidence/evidence.ts";
import { type CounterMove, counterMove, gauge, isUnknown, type Unknown } from "../metrics/counters.ts";
import type { MetricsScrape } from "../metrics/metrics.ts";
import type { Container } from "./container.ts";

/** CPU limit in cores, e.g. 0.5. Undefined when there is none or it is not reported. */
export function cpuLimitCores(metrics: NonEmpty<MetricsScrape>, container: Container): number | undefined {
  const quota = containerGauge(metrics, "container_spec_cpu_quota", container);
  const period = containerGauge(metrics, "container_spec_cpu_period", container);
  // A quota of -1 or 0 is none (Linux: Documentation/scheduler/sched-bwc.rst).
  if (quota !== undefined && period !== undefined && quota > 0 && period > 0) return quota / period;
  return containerGauge(metrics, "kube_pod_container_resource_limits", container, { resource: "cpu" });
}

/** Above this a memory limit is the kernel's way to say "none" (PAGE_COUNTER_MAX pages), or no real machine's. */
const noMemoryLimitBytes = 2 ** 60;

/** Memory limit in bytes. Undefined when there is none or it is not reported. */
export function memoryLimitBytes(metrics: NonEmpty<MetricsScrape>, container: Container): number | undefined {
  for (const limit of [
    containerGauge(metrics, "container_spec_memory_limit_bytes", container),
    containerGauge(metrics, "kube_pod_container_resource_limits", container, { resource: "memory" }),
  ]) {
    if (limit !== undefined && limit > 0 && limit < noMemoryLimitBytes) return limit;
  }
  return undefined;
}

/** What the kernel holds against the memory limit, less the page cache it can drop. */
export function workingSetBytes(metrics: NonEmpty<MetricsScrape>, container: Container): number | undefined {
  return containerGauge(metrics, "container_memory_working_set_bytes", container);
}

/** How often the container ran out of its CPU quota between two scrapes. */
export interface Throttling {
  readonly periods: number;
  readonly throttledPeriods: number;
  /** 0 to 1. */
  readonly ratio: number;
  /** Time that its threads were stopped, summed over CPUs, when reported. */
  readonly throttledSeconds?: number;
  readonly first: MetricsScrape;
  readonly last: MetricsScrape;
}

/** Between the first and the last scrape; Unknown where cAdvisor reports none of it, or nothing ran in between. */
export function throttlingOf(metrics: NonEmpty<MetricsScrape>, container: Container): Throttling | Unknown {
  const periods = containerCounter(metrics, "container_cpu_cfs_periods_total", container);
  if (isUnknown(periods)) return periods;
  const throttled = containerCounter(metrics, "container_cpu_cfs_throttled_periods_total", container);
  if (isUnknown(throttled)) return throttled;
  const seconds = containerCounter(metrics, "container_cpu_cfs_throttled_seconds_total", container);
  if (periods.increase <= 0) {
    return {
      unknown:
        "no CFS period passed between the scrapes: the container was idle, or cAdvisor had not read it anew",
    };
  }
  return {
    periods: periods.increase,
    throttledPeriods: throttled.increase,
    ratio: throttled.increase / periods.increase,
    ...(isUnknown(seconds) ? {} : { throttledSeconds: seconds.increase }),
    first: periods.first,
    last: periods.last,
  };
}

/** Latest value about the container; `extra` are labels beside those that name it. */
function containerGauge(
  metrics: NonEmpty<MetricsScrape>,
  name: string,
  container: Container,
  extra: Readonly<Record<string, string>> = {},
): number | undefined {
  return gauge(metrics, name, { ...labelsFor(metrics, name, container), ...extra });
}

function containerCounter(
  metrics: NonEmpty<MetricsScrape>,
  name: string,
  container: Container,
): CounterMove | Unknown {
  return counterMove(metrics, name, labelsFor(metrics, name, container));
}

/** Those of the container's labels that this family carries at all. */
function labelsFor(
  metrics: NonEmpty<MetricsScrape>,
  name: string,
  container: Container,
): Readonly<Record<string, string>> {
  const carried = metrics.flatMap((scrape) => scrape.samples.get(name) ?? []).at(-1)?.labels ?? {};
  return Object.fromEntries(Object.entries(container.labels).filter(([label]) => label in carried));
}
