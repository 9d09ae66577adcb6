import { hash } from "node:crypto";
import type { Labels } from "../domain/alerts/alert.ts";
import { defaultTitle } from "../domain/alerts/page-message.ts";

/** Where an Alertmanager tells of its alerts: into the chat, and to a webhook. */
export interface AlertReceivers {
  /** Posts as its Slack receiver does (Alertmanager source: notify/slack/slack.go). */
  readonly post: (message: {
    readonly username: string;
    readonly attachments: readonly Readonly<Record<string, unknown>>[];
  }) => void;
  readonly webhook: () => { readonly url: string; readonly token: string };
}

/** One Alertmanager, as far as what it sends goes. It groups by all labels, so each alert is a group of its own. */
export interface AlertmanagerStandIn {
  /** Begins to fire, or says again that it does. Rejects when the webhook does not take it. */
  fire(labels: Labels, summary: string): Promise<void>;
  /** Ends all that fires, and says so. */
  resolveAll(): Promise<void>;
}

const receiver = "incidents";
const externalUrl = "http://alertmanager.example:9093";
/** What Slack stores for `danger` and `good`. */
const colours = { firing: "a30200", resolved: "2eb886" } as const;

interface FiringAlert {
  readonly labels: Labels;
  readonly summary: string;
  readonly startsAt: string;
}

export function alertmanagerStandIn({ post, webhook }: AlertReceivers): AlertmanagerStandIn {
  const firing = new Map<string, FiringAlert>();

  async function tell(groupKey: string, alert: FiringAlert, status: "firing" | "resolved"): Promise<void> {
    const { labels, summary, startsAt } = alert;
    const body = {
      version: "4",
      groupKey,
      truncatedAlerts: 0,
      receiver,
      status,
      alerts: [
        {
          status,
          labels,
          annotations: { summary },
          startsAt,
          endsAt: status === "firing" ? "0001-01-01T00:00:00Z" : new Date().toISOString(),
          generatorURL: "http://prometheus.example:9090/graph?g0.expr=go_goroutines",
          fingerprint: hash("sha256", groupKey).slice(0, 16),
        },
      ],
      groupLabels: labels,
      commonLabels: labels,
      commonAnnotations: { summary },
      externalURL: externalUrl,
    };
    const title = `[${status === "firing" ? "FIRING:1" : "RESOLVED"}] ${titleOf(labels)}`;
    const link = `${externalUrl}/#/alerts?receiver=${receiver}`;
    post({
      username: "Alertmanager",
      attachments: [
        {
          title,
          title_link: link,
          fallback: `${title} | ${link}`,
          text: summary,
          color: colours[status],
          mrkdwn_in: ["fallback", "pretext", "text"],
        },
      ],
    });
    const { url, token } = webhook();
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`The webhook answered ${response.status}: ${(await response.text()).trim()}`);
  }

  return {
    async fire(labels, summary) {
      const groupKey = `{}:{${Object.entries(labels)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(", ")}}`;
      const alert = { labels, summary, startsAt: firing.get(groupKey)?.startsAt ?? new Date().toISOString() };
      firing.set(groupKey, alert);
      await tell(groupKey, alert, "firing");
    },
    async resolveAll() {
      const ended = [...firing];
      firing.clear();
      await Promise.all(ended.map(([groupKey, alert]) => tell(groupKey, alert, "resolved")));
    },
  };
}

function titleOf(labels: Labels): string {
  return defaultTitle({ groupLabels: labels, commonLabels: labels });
}
