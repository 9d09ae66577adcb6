import type { DemoProcess, Lever } from "../ports/demo-world.ts";
import type { AlertmanagerStandIn } from "./alertmanager.ts";

/** What an Alertmanager does that looks after a service, whose first process is the sick one. */
export function pagerLevers(
  alertmanager: AlertmanagerStandIn,
  service: string,
  [sick]: readonly DemoProcess[],
): readonly Lever[] {
  const group = "Alertmanager";
  const labels = { alertname: "ManyGoroutines", service, severity: "critical" };
  return [
    {
      id: "page",
      label: `Pages about ${service}`,
      group,
      pull: () =>
        alertmanager.fire(
          { ...labels, ...(sick === undefined ? {} : { instance: sick.instance }) },
          `${service} has too many goroutines`,
        ),
    },
    { id: "storm", label: "Pages about everything at once", group, pull: () => storm(alertmanager, service) },
    { id: "resolve", label: "Says that it is over", group, pull: () => alertmanager.resolveAll() },
  ];
}

/** Everything behind one broken switch pages, for three reasons each; gofire knows one of these services. */
async function storm(alertmanager: AlertmanagerStandIn, service: string): Promise<void> {
  const services = [service, "cart", "catalog", "checkout", "mail", "payment", "search", "stock", "tax"];
  const reasons = [
    { alertname: "ManyGoroutines", severity: "critical", summary: "has too many goroutines" },
    { alertname: "SlowRequests", severity: "critical", summary: "answers slowly" },
    { alertname: "HighErrorRate", severity: "warning", summary: "answers with errors" },
  ];
  for (const { summary, ...labels } of reasons) {
    for (const name of services) await alertmanager.fire({ ...labels, service: name }, `${name} ${summary}`);
  }
}
