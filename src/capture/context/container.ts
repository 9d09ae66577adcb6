import type {
  Figure,
  FigureName,
  FigureTime,
  FigureUnit,
  MissingFigure,
} from "../../domain/context/service-context.ts";
import { literalPattern } from "../../domain/literal-pattern.ts";
import { isUnknown } from "../../domain/metrics/counters.ts";
import type { MetricSeries } from "../../domain/metrics/metric-series.ts";
import type { Asker } from "./asker.ts";
import { duration, type Matchers, selector } from "./promql.ts";

/** The pod that the process runs in, as cAdvisor and kube-state-metrics call it, and which of its containers. */
export interface FoundPod {
  readonly matchers: Matchers;
  /** Label of the process's own series. */
  readonly container?: string;
  /** Name that a container may have where no label tells. */
  readonly service?: string;
}

const windowMs = 300_000;
const hour = 3_600_000;
const day = 24 * hour;
const daysBefore = { "last-week": 7 * day, yesterday: day } as const;

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
  const usual = Promise.all(
    (["last-week", "yesterday"] as const).map((when) => usualThrottling(pod, when, asker, atMs)),
  );
  return [...(await figuresOfNow(pod, asker, atMs)), ...(await usual)];
}

async function figuresOfNow(
  pod: FoundPod | undefined,
  asker: Asker,
  atMs: number,
): Promise<readonly (Figure | MissingFigure)[]> {
  return await Promise.all(
    questions.map(async ({ name, unit, windowMs: overMs, expression, looksFor }) => {
      if (pod === undefined) return { name, when: "now" as const, missing: noPod };
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

const noPod =
  "the process's series have no pod label, and no pod has its address: its container is not known";

/**
 * In which part of the CPU periods the container was throttled at the same hour of another day: below what it stayed for 99 %
 * of it. Pods live for days at most where there are deploys, so the same container in the other pods of the deployment
 * stands in, the highest of them.
 */
async function usualThrottling(
  pod: FoundPod | undefined,
  when: keyof typeof daysBefore,
  asker: Asker,
  atMs: number,
): Promise<Figure | MissingFigure> {
  const about = { name: "throttled", when } as const satisfies { name: FigureName; when: FigureTime };
  if (pod === undefined) return { ...about, missing: noPod };
  const before = duration(daysBefore[when]);
  const selected = containersOf({ ...pod, matchers: ofDeployment(pod.matchers) });
  const increase = (metric: string) =>
    `sum by (pod, container) (increase(container_cpu_cfs_${metric}_total${selected}[5m]))`;
  const ratio = `${increase("throttled_periods")} / ${increase("periods")}`;
  const query = `quantile_over_time(0.99, (${ratio})[1h:1m] offset ${before})`;
  const missing = (why: string): MissingFigure => ({ ...about, missing: why, query });
  const answer = await asker.ask(query);
  if (isUnknown(answer)) return missing(answer.unknown);
  const names = [...new Set(answer.map(({ labels }) => labels["pod"]))];
  const values = names.flatMap((name) => {
    const ofPod = answer.filter(({ labels }) => labels["pod"] === name);
    const value = ofContainer(ofPod, pod)?.points[0]?.value;
    // Nothing over nothing: a container that was idle.
    return value === undefined || !Number.isFinite(value) ? [] : [{ name, value }];
  });
  const own = values.find(({ name }) => name === pod.matchers["pod"]);
  const highest = own ?? values.toSorted((a, b) => b.value - a.value)[0];
  if (highest === undefined) {
    return missing(`no series container_cpu_cfs_periods_total${selected} ${before} before`);
  }
  return {
    ...about,
    value: highest.value,
    unit: "ratio",
    atMs: atMs - daysBefore[when],
    windowMs: hour,
    of: own === undefined ? "service" : "process",
    query,
  };
}

/** What Kubernetes makes random parts of names from (k8s.io/apimachinery/pkg/util/rand). */
const random = "[bcdfghjklmnpqrstvwxz2456789]";

/** The same for all pods that a deployment names: its own name, its replica set's hash, five characters. */
function ofDeployment(matchers: Matchers): Matchers {
  const { pod } = matchers;
  const name =
    typeof pod === "string" ? new RegExp(`^(.+)-${random}{1,10}-${random}{5}$`).exec(pod)?.[1] : undefined;
  return name === undefined
    ? matchers
    : { ...matchers, pod: { pattern: `${literalPattern(name)}-${random}{1,10}-${random}{5}` } };
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
