import type { DemoProcess } from "../ports/demo-world.ts";
import type { ConfigRepository } from "./config-repository.ts";
import { shopWorkspace } from "./slack/seed.ts";

/** What the demo's gofire.yaml is about. */
interface DemoPlace {
  readonly service: string;
  readonly processes: readonly DemoProcess[];
  /** Of the stand-in's Slack. */
  readonly apiUrl: string;
  /** Id of the channel that is paged. */
  readonly incidents: string;
  /** Absent: nothing is known of the service's configuration. */
  readonly repository: ConfigRepository | undefined;
}

/** gofire.yaml as somebody would write it for the demo's service. */
export function gofireYaml({ service, processes, apiUrl, incidents, repository }: DemoPlace): string {
  const targets = processes.map(({ debugUrl, instance }) => `{ url: "${debugUrl}", instance: ${instance} }`);
  return `
slack: { mode: socket, apiUrl: "${apiUrl}" }
services:
  ${service}:
    targets: [${targets.join(", ")}]
    capture: { cpuSeconds: 5, gapSeconds: 8 }
${repository === undefined ? "" : `    config: [${repository.file}]\n${governance(repository)}`}
alerts:
  channel: ${incidents}
  bearerEnv: GOFIRE_ALERTS_TOKEN
  messages: { channels: [${incidents}], senders: [Alertmanager] }
`;
}

/** Everybody of the shop may roll back and approve: what counts is that it takes two. */
function governance({ folder, branch }: ConfigRepository): string {
  const members = shopWorkspace.users.filter(({ kind = "member" }) => kind === "member");
  const ids = members.map(({ id }) => id).join(", ");
  const addresses = members.map(({ id, email }) => `  ${id}: { git: [${email}] }`).join("\n");
  return `configHistory: { repository: "${folder}", branch: ${branch} }
rollback: { push: branch, verifyWithin: 2m }
audit: { origin: gofire.shop.example/audit }
gate: { environments: { prod: { paths: [env/prod], approvals: 1 } } }
people:
${addresses}
access:
  rollback: { users: [${ids}] }`;
}
