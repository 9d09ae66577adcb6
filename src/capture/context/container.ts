import { isUnknown } from "../../domain/counters.ts";
import type { MetricSeries } from "../../domain/metric-series.ts";
import type { Figure, FigureName, FigureUnit, MissingFigure } from "../../domain/service-context.ts";
import type { Asker } from "./asker.ts";
import { type Matchers, selector } from "./promql.ts";

/** The pod that the process runs in, as cAdvisor and kube-state-metrics call it, and which of its containers. */
export interface FoundPod {
  readonly matchers: Matchers;
  /** Label of the process's own series. */
  readonly container?: string;
  /** Name that a container may have where no label tells. */
  readonly service?: string;
}

const windowMs = 300_000;

interface ContainerQuestion {
  readonly name: FigureName;
  readonly unit: FigureUnit;
  readonly windowMs?: number;
  /** One series for each container of the pod `k` (kube-state-metrics) or `c` (cAdvisor). */
  readonly expression: (k: string, c: string) => string;
  readonly looksFor: string;
}

/** https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md, kube-state-metrics docs/metrics/workload. */
const questions: readonly ContainerQuestion[] = [
  {
    name: "throttled",
    unit: "ratio",
    windowMs,
    expression: (_k, c) =>
      `sum by (container) (increase(container_cpu_cfs_throttled_periods_total${c}[5m])) / sum by (container) (increase(container_cpu_cfs_periods_total${c}[5m]))`,
    looksFor: "container_cpu_cfs_periods_total",
  },
  {
    name: "cfs-periods",
    unit: "count",
    windowMs,
    expression: (_k, c) => `sum by (container) (increase(container_cpu_cfs_periods_total${c}[5m]))`,
    looksFor: "container_cpu_cfs_periods_total",
  },
  {
    name: "cpu-limit",
    unit: "cores",
    // A quota of -1 is none (Linux: Documentation/scheduler/sched-bwc.rst).
    expression: (k, c) =>
      `max by (container) (kube_pod_container_resource_limits${withLabel(k, 'resource="cpu"')}) or max by (container) ((container_spec_cpu_quota${c} > 0) / container_spec_cpu_period${c})`,
    looksFor: 'kube_pod_container_resource_limits{resource="cpu"} or container_spec_cpu_quota',
  },
  {
    name: "memory-limit",
    unit: "bytes",
    expression: (k, c) =>
      `max by (container) (kube_pod_container_resource_limits${withLabel(k, 'resource="memory"')}) or max by (container) (container_spec_memory_limit_bytes${c} > 0)`,
    looksFor: 'kube_pod_container_resource_limits{resource="memory"} or container_spec_memory_limit_bytes',
  },
  {
    name: "working-set",
    unit: "bytes",
    expression: (_k, c) => `max by (container) (container_memory_working_set_bytes${c})`,
    looksFor: "container_memory_working_set_bytes",
  },
];

/** What is known of the container; without a pod every figure is missing. */
export async function containerFigures(
  pod: FoundPod | undefined,
  asker: Asker,
  atMs: number,
): Promise<readonly (Figure | MissingFigure)[]> {
  return await Promise.all(
    questions.map(async ({ name, unit, windowMs: overMs, expression, looksFor }) => {
      if (pod === undefined) {
        const missing =
          "the process's series have no pod label, and no pod has its address: its container is not known";
        return { name, when: "now" as const, missing };
      }
      const query = expression(selector(pod.matchers), containersOf(pod));
      const missing = (why: string): MissingFigure => ({ name, when: "now", missing: why, query });
      const answer = await asker.ask(query);
      if (isUnknown(answer)) return missing(answer.unknown);
      if (answer.length === 0) return missing(`no series ${looksFor} of the pod ${selector(pod.matchers)}`);
      const own = ofContainer(answer, pod);
      if (own === undefined) {
        const names = answer.map(({ labels }) => labels["container"] ?? "?").join(", ");
        return missing(`the pod has the containers ${names}, and none is known to be the process's`);
      }
      const value = own.points[0]?.value;
      if (value === undefined || !Number.isFinite(value)) return missing(`${looksFor} is no number`);
      return {
        name,
        when: "now" as const,
        value,
        unit,
        atMs,
        ...(overMs === undefined ? {} : { windowMs: overMs }),
        of: "process" as const,
        query,
      };
    }),
  );
}

/** The series of the process's container: the labelled one, the only one, or the one that is called as the service. */
export function ofContainer(
  answer: readonly MetricSeries[],
  { container, service }: FoundPod,
): MetricSeries | undefined {
  if (container !== undefined) return answer.find(({ labels }) => labels["container"] === container);
  return answer.length === 1 ? answer[0] : answer.find(({ labels }) => labels["container"] === service);
}

/** cAdvisor also has series of the pod as a whole, and of the container that holds its network. */
function containersOf({ matchers }: FoundPod): string {
  return withLabel(selector(matchers), 'container!="",container!="POD"');
}

function withLabel(selected: string, label: string): string {
  return `${selected.slice(0, -1)},${label}}`;
}
