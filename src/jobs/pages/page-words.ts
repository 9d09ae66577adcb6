import type { Alert, AlertNotification } from "../../domain/alerts/alert.ts";
import {
  type AlertedService,
  type LabelMatch,
  nearMiss,
  usualServiceLabels,
} from "../../domain/alerts/alert-routing.ts";
import { seriesLabels } from "../../domain/alerts/alert-series.ts";
import { worstSeverity } from "../../domain/alerts/severity-label.ts";
import type { PageFacts } from "../../domain/incidents/incident.ts";

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
  const labels = seriesLabels(firing);
  const severity = worstSeverity(firing.map(({ labels }) => labels));
  const node = nodeNamed(firing);
  return {
    title: `${name}${alerts.length > 1 ? ` (${alerts.length} alerts)` : ""}`,
    sinceMs: Math.min(...alerts.map(({ startsAtMs }) => startsAtMs)),
    alerts: firing.length,
    ...(severity === undefined ? {} : { severity }),
    ...(node === undefined ? {} : { node }),
    ...(labels === undefined ? {} : { labels }),
  };
}

/** What Prometheus' service discovery, kube-state-metrics and node-exporter's dashboards call a machine by. */
const nodeLabels = ["node", "kubernetes_node", "nodename"] as const;

function nodeNamed(alerts: readonly Alert[]): string | undefined {
  const nodes = new Set(alerts.map(({ labels }) => nodeLabels.map((name) => labels[name]).find(Boolean)));
  const [node] = nodes;
  return nodes.size === 1 ? node : undefined;
}

/** Of alerts that belong to no service: which labels there are, which would have chosen one, and what to write where. */
export function unmatchedText(labels: Alert["labels"], services: readonly AlertedService[]): string {
  const there = Object.entries(labels)
    .filter(([name]) => name !== "alertname")
    .slice(0, 6)
    .map(([name, value]) => `${name}="${value.slice(0, 60)}"`)
    .join(", ");
  const near = nearMiss(labels, services);
  // Where a service says which labels are its own, the usual ones mean nothing to it.
  const byName = services.length === 0 || services.some(({ matches }) => matches.length === 0);
  return [
    `This page belongs to no service that gofire knows. Its labels: ${there === "" ? "none" : there}.`,
    ...(near === undefined
      ? []
      : [
          `To be about ${near.service} it lacks ${Object.entries(near.lacks)
            .map(([label, wanted]) => `${label}${wantedWords(wanted)} (${isWords(labels[label])})`)
            .join(" and ")}.`,
        ]),
    byName
      ? `Give the alert one of the labels ${listed(usualServiceLabels)} with the service's name, or add a match to the service in gofire.yaml.`
      : "Give the alert the labels that gofire.yaml names under match of its service, or add a match there.",
  ].join(" ");
}

function wantedWords(wanted: LabelMatch): string {
  return "equals" in wanted
    ? `="${wanted.equals}"`
    : `=~"${wanted.pattern.source.replace(/^\^\(\?:(.*)\)\$$/s, "$1")}"`;
}

function isWords(value: string | undefined): string {
  return value === undefined || value === "" ? "it has no such label" : `it is "${value.slice(0, 60)}"`;
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
