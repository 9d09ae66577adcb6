import type { Alert, AlertNotification } from "../domain/alert.ts";
import { usualServiceLabels } from "../domain/alert-routing.ts";
import type { PageFacts } from "../domain/incident.ts";
import { worstSeverity } from "../domain/severity-label.ts";

/** What people call these alerts; undefined when they have no name. */
export function alertName(
  { commonLabels }: AlertNotification,
  [first]: readonly Alert[],
): string | undefined {
  return commonLabels["alertname"] ?? first?.labels["alertname"];
}

/** What a card says of these alerts, at least one. */
export function pageFacts(name: string, alerts: readonly Alert[]): PageFacts {
  const firing = alerts.filter(({ status }) => status === "firing");
  const severity = worstSeverity(firing.map(({ labels }) => labels));
  return {
    title: `${name}${alerts.length > 1 ? ` (${alerts.length} alerts)` : ""}`,
    sinceMs: Math.min(...alerts.map(({ startsAtMs }) => startsAtMs)),
    alerts: firing.length,
    ...(severity === undefined ? {} : { severity }),
  };
}

/** Of alerts that belong to no service: which labels there are, and what to write where. */
export function unmatchedText(labels: Alert["labels"]): string {
  const there = Object.entries(labels)
    .filter(([name]) => name !== "alertname")
    .slice(0, 6)
    .map(([name, value]) => `${name}="${value.slice(0, 60)}"`)
    .join(", ");
  return (
    `This page belongs to no service that gofire knows. Its labels: ${there === "" ? "none" : there}. ` +
    `Give the alert a label ${usualServiceLabels.slice(0, 2).join(" or ")} that names the service, ` +
    "or add a match to the service in gofire.yaml."
  );
}
