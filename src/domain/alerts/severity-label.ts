import type { Labels } from "./alert.ts";

/** Labels that usually say how urgent an alert is. */
const usualLabels = ["severity", "priority"] as const;

/**
 * Words for how urgent an alert is, worst first; within one row they mean the same. Prometheus' own rules and the
 * Kubernetes mixins say critical, warning, info and none (https://monitoring.mixins.dev), Prometheus' documentation
 * says page (https://prometheus.io/docs/practices/alerting/), others count.
 */
const ranks: readonly (readonly string[])[] = [
  ["critical", "page", "emergency", "fatal", "disaster", "p0", "p1", "sev0", "sev1"],
  ["error", "high", "major", "p2", "sev2"],
  ["warning", "warn", "average", "medium", "p3", "sev3"],
  ["minor", "low", "p4", "sev4"],
  ["info", "information", "notice", "none", "p5", "sev5"],
];

/** Who pages without such a label, or with a word of their own, is taken for a warning. */
const unknownRank = 2;

/** 0 is worst. */
export function severityRank(severity: string | undefined): number {
  const word = severity?.toLowerCase() ?? "";
  const rank = ranks.findIndex((row) => row.includes(word));
  return rank < 0 ? unknownRank : rank;
}

/** The worst word that any of these has; undefined when none has one. */
export function worstSeverity(labels: readonly Labels[]): string | undefined {
  let worst: string | undefined;
  for (const each of labels) {
    const name = usualLabels.find((label) => each[label] !== undefined);
    const severity = name === undefined ? undefined : each[name];
    if (severity === undefined || severity === "") continue;
    if (worst === undefined || severityRank(severity) < severityRank(worst)) worst = severity;
  }
  return worst;
}
