export type Labels = Readonly<Record<string, string>>;

/** One alert of a notification. */
export interface Alert {
  /** The sender's hash over the labels: the same alert has the same one. */
  readonly fingerprint: string;
  readonly status: "firing" | "resolved";
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Milliseconds since the epoch. */
  readonly startsAtMs: number;
  /** Milliseconds since the epoch; only of resolved ones. */
  readonly endsAtMs?: number;
  /** Where the alert's expression can be looked at. */
  readonly generatorUrl?: string;
}

/**
 * What Alertmanager or Grafana says about one group of alerts, over their webhooks (Alertmanager source:
 * notify/webhook/webhook.go and template/template.go, version "4"; Grafana sends the same and more).
 */
export interface AlertNotification {
  readonly sender: "alertmanager" | "grafana";
  /** Names the group for as long as the sender's routes stay the same. */
  readonly groupKey: string;
  readonly receiver: string;
  /** `firing` while any of its alerts fires. */
  readonly status: "firing" | "resolved";
  readonly groupLabels: Labels;
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  /** In the sender's order. */
  readonly alerts: readonly Alert[];
  /** How many alerts the sender left out. */
  readonly truncatedAlerts: number;
  /** Address of the sender. */
  readonly externalUrl?: string;
}

/** The same text for notifications that say the same of the same alerts: repeats, and an HA pair's second copy. */
export function stateOf({ status, alerts, truncatedAlerts }: AlertNotification): string {
  return [
    status,
    // Once nothing is left out any more, what is not among the alerts is over.
    ...(truncatedAlerts > 0 ? ["and more"] : []),
    ...alerts.map((alert) => `${alert.fingerprint} ${alert.status} ${alert.startsAtMs}`).toSorted(),
  ].join("\n");
}
