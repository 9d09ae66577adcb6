import type { Alert, Labels } from "./alert.ts";

/** What Prometheus, its operator and kube-state-metrics call processes by. */
const names = [
  "cluster",
  "namespace",
  "job",
  "pod",
  "container",
  "instance",
  "exported_namespace",
  "exported_pod",
] as const;

/** Kubernetes' names are shorter; who sends more than this names nothing. */
const longest = 300;

/** Labels that all of these alerts have alike and that tell which series they are about; undefined when none do. */
export function seriesLabels(alerts: readonly Alert[]): Labels | undefined {
  const labels = Object.fromEntries(
    names.flatMap((name) => {
      const value = alerts[0]?.labels[name];
      const isCommon =
        value !== undefined &&
        value.length <= longest &&
        alerts.every((alert) => alert.labels[name] === value);
      return isCommon ? [[name, value]] : [];
    }),
  );
  return Object.keys(labels).length === 0 ? undefined : labels;
}
