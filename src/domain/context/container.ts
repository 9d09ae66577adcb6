import type { NonEmpty, TargetFacts } from "../evidence/evidence.ts";
import type { Unknown } from "../metrics/counters.ts";
import type { MetricSample, MetricsScrape } from "../metrics/metrics.ts";

/**
 * The container that the process runs in, as cAdvisor (google/cadvisor docs/storage/prometheus.md) or
 * kube-state-metrics (kubernetes/kube-state-metrics docs/metrics/workload/pod-metrics.md) report it.
 */
export interface Container {
  /** For people: `container "order" of pod "order-7c9-x2"`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const families = [
  "container_spec_cpu_quota",
  "container_cpu_cfs_periods_total",
  "container_spec_memory_limit_bytes",
  "container_memory_working_set_bytes",
  "kube_pod_container_resource_limits",
] as const;

/** Labels that tell containers apart, in the spelling of Kubernetes (before and since 1.16) and of Docker. */
const identityLabels = ["namespace", "pod", "pod_name", "container", "container_name", "name"] as const;

/**
 * Finds the one container that the scrapes are about. Scrapes of a node or of a Prometheus server show many:
 * then the process's own labels, the instance or the service must name one, else it stays unknown.
 */
export function containerOf(metrics: NonEmpty<MetricsScrape>, target: TargetFacts): Container | Unknown {
  const candidates = new Map<string, Container>();
  for (const scrape of metrics) {
    for (const family of families) {
      for (const { labels } of scrape.samples.get(family) ?? []) {
        if (isNoContainer(labels)) continue;
        const identity = identityOf(labels);
        candidates.set(JSON.stringify(identity), { name: nameOf(identity), labels: identity });
      }
    }
  }
  const all = withoutPartial([...candidates.values()]);
  if (all.length === 0)
    return { unknown: "/metrics has no container metrics (cAdvisor or kube-state-metrics)" };
  const only = all.length === 1 ? all[0] : undefined;
  if (only !== undefined) return only;
  const meant = all.filter((container) => isOfTarget(container.labels, metrics, target));
  const found = meant.length === 1 ? meant[0] : undefined;
  if (found !== undefined) return found;
  return {
    unknown: `/metrics shows ${all.length} containers and does not tell which one this process runs in`,
  };
}

/** Sums over a pod or a node, and the pause container that holds a pod's network. */
function isNoContainer(labels: MetricSample["labels"]): boolean {
  const container = labels["container"] ?? labels["container_name"];
  if (container === "POD") return true;
  const pod = labels["pod"] ?? labels["pod_name"];
  if (pod !== undefined && pod !== "") return container === undefined || container === "";
  const name = labels["name"] ?? container ?? "";
  return labels["id"] !== undefined && name === "";
}

function identityOf(labels: MetricSample["labels"]): Record<string, string> {
  const identity: Record<string, string> = {};
  // The runtime's name of a container (k8s_order_order-7c9_...) is not in kube-state-metrics.
  const inPod = (labels["pod"] ?? labels["pod_name"] ?? "") !== "";
  for (const label of identityLabels) {
    const value = labels[label];
    if (value !== undefined && value !== "" && !(label === "name" && inPod)) identity[label] = value;
  }
  return identity;
}

/** A sample that a service exports about its own container may carry fewer labels than the others about it. */
function withoutPartial(containers: readonly Container[]): Container[] {
  return containers.filter(
    ({ labels }) =>
      !containers.some(
        (other) =>
          other.labels !== labels &&
          Object.keys(other.labels).length > Object.keys(labels).length &&
          includes(other.labels, labels),
      ),
  );
}

function includes(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value);
}

function nameOf(labels: Readonly<Record<string, string>>): string {
  const container = labels["container"] ?? labels["container_name"] ?? labels["name"];
  const pod = labels["pod"] ?? labels["pod_name"];
  if (container === undefined) return "the container";
  return pod === undefined ? `container "${container}"` : `container "${container}" of pod "${pod}"`;
}

function isOfTarget(
  labels: Readonly<Record<string, string>>,
  metrics: NonEmpty<MetricsScrape>,
  { service, instance }: TargetFacts,
): boolean {
  const pod = labels["pod"] ?? labels["pod_name"];
  const container = labels["container"] ?? labels["container_name"] ?? labels["name"];
  const process = processLabels(metrics);
  const processPod = process?.["pod"] ?? process?.["kubernetes_pod_name"];
  const processContainer = process?.["container"];
  if (processPod !== undefined || processContainer !== undefined) {
    return (
      (processPod === undefined || processPod === pod) &&
      (processContainer === undefined || processContainer === container)
    );
  }
  const host = instance?.replace(/:\d+$/, "");
  if (pod !== undefined && host === pod) return true;
  return service !== undefined && container === service;
}

/** Labels that the scraper attached to the process's own series, when there is only one process. */
function processLabels(metrics: NonEmpty<MetricsScrape>): MetricSample["labels"] | undefined {
  for (const scrape of metrics) {
    const info = scrape.samples.get("go_info") ?? scrape.samples.get("go_goroutines");
    if (info?.length === 1) return info[0]?.labels;
  }
  return undefined;
}
