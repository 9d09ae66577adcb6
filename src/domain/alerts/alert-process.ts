import { authorityOf, hostOf, processNamed, type ServiceProcess } from "../targets/service-process.ts";
import type { Alert, Labels } from "./alert.ts";

/** Labels that usually name a pod. */
const podLabels = ["pod", "pod_name", "kubernetes_pod_name"] as const;

/** Labels that usually name one process: Kubernetes' pod, and Prometheus' `instance` (host:port). */
export const processLabels = [...podLabels, "instance"] as const;

/** Which processes of a service its alerts name. */
export interface NamedProcesses {
  /** The one that most of the firing ones name; absent when none of the service's is named. */
  readonly instance?: string;
  /** Every one that a firing alert names, in the service's order; absent when none is. */
  readonly named?: readonly string[];
  /** What a label calls the process, when that is none of the service's, and the label. */
  readonly unknownInstance?: string;
  readonly unknownLabel?: string;
  /** The alerts have none of the labels that name a process, and the service has several. */
  readonly isUnnamed?: true;
}

/** Which of the `processes` the alerts are about. */
export function namedProcesses(
  alerts: readonly Alert[],
  processes: readonly ServiceProcess[],
): NamedProcesses {
  const firing = alerts.filter(({ status }) => status === "firing");
  const counts = new Map<string, number>();
  let unknown: Pick<NamedProcesses, "unknownInstance" | "unknownLabel"> | undefined;
  for (const { labels } of firing.length > 0 ? firing : alerts) {
    const process = processOf(labels, processes);
    if (process !== undefined) counts.set(process.name, (counts.get(process.name) ?? 0) + 1);
    else unknown ??= firstNamed(labels);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  if (most !== undefined) {
    return {
      instance: most[0],
      named: processes.flatMap(({ name }) => (counts.has(name) ? [name] : [])),
    };
  }
  return unknown ?? (processes.length > 1 ? { isUnnamed: true } : {});
}

/**
 * A pod's address may be another pod's by now, so where pods are known by name and the alert names one, the name
 * decides. Else an address does; metrics may be served on another port than pprof, so the host is enough where only one
 * process has it.
 */
function processOf(labels: Labels, processes: readonly ServiceProcess[]): ServiceProcess | undefined {
  const pods = podLabels.flatMap((label) => labels[label] ?? []);
  const byPod = processes.filter(({ pod }) => pod !== undefined);
  if (pods.length > 0 && byPod.length > 0) {
    const found = byPod.find(({ pod }) => pod !== undefined && pods.includes(pod));
    if (found !== undefined || byPod.length === processes.length) return found;
  }
  const candidates = pods.length > 0 ? processes.filter(({ pod }) => pod === undefined) : processes;
  for (const label of processLabels) {
    const word = labels[label];
    const found = word === undefined ? undefined : processNamed(word, candidates);
    if (found !== undefined) return found;
  }
  const { instance } = labels;
  return instance === undefined ? undefined : onlyOneAt(hostOf(authorityOf(instance)), candidates);
}

function onlyOneAt(host: string, processes: readonly ServiceProcess[]): ServiceProcess | undefined {
  const there = processes.filter(({ name, aliases }) =>
    [name, ...aliases].some((alias) => hostOf(authorityOf(alias)) === host),
  );
  return there.length === 1 ? there[0] : undefined;
}

function firstNamed(labels: Labels): Pick<NamedProcesses, "unknownInstance" | "unknownLabel"> | undefined {
  const label = processLabels.find((each) => (labels[each] ?? "") !== "");
  const value = label === undefined ? undefined : labels[label];
  return label === undefined || value === undefined
    ? undefined
    : { unknownInstance: value, unknownLabel: label };
}
