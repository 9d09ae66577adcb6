import { type ChatReply, refused } from "../../domain/chat/chat-reply.ts";
import { isDirect, type Place } from "../../domain/chat/message.ts";
import type { Rollback } from "../../domain/configuration/rollback.ts";
import { inTheWay } from "../../domain/configuration/rollback-request.ts";
import type { PortError } from "../../domain/errors.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigCatalog, ServiceConfigFiles } from "../../ports/config-history.ts";
import { type Rights, refusalAtLast } from "../access/refusal.ts";
import { refuses } from "../thread/show-message.ts";
import { incidentIn, type SuspicionPorts, suspicionOf } from "./suspicion.ts";
import { type PlanAnswer, restoring, reverting } from "./ways.ts";

export interface PlanPorts extends SuspicionPorts {
  readonly rights: Rights;
  /** Absent: gofire.yaml names no repository of configuration. */
  readonly configs?: Pick<ConfigCatalog, "of">;
  /** Absent: nothing may be rolled back. */
  readonly auditLog?: AuditLog;
  readonly clock: Clock;
}

export interface PlanQuestion {
  /** Of gofire.yaml. */
  readonly service: string;
  /** A tag or revision, or the beginning of one; absent: what changed last, or what the place's incident suspects. */
  readonly tag?: string;
  readonly place: Place;
  readonly userId: string;
  /** Absent: the newest of the place's thread, if there is one. */
  readonly incident?: Incident;
}

/**
 * What a rollback would put back, or why that cannot be said. Throws UsageError for a tag that there is not, and PortError where
 * it may be known a moment later.
 */
export async function rollbackPlan(
  question: PlanQuestion,
  ports: PlanPorts,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const { service, tag, place } = question;
  const files = ports.configs?.of(service);
  if (files === undefined) return unknownFiles(service, ports);
  const incident = question.incident ?? (await incidentIn(place, service, ports, signal));
  const suspicion = tag === undefined ? await suspicionOf(incident, ports, signal) : undefined;
  let plan: PlanAnswer;
  try {
    plan =
      tag === undefined
        ? await reverting(service, files, suspicion, ports.clock.nowMs(), signal)
        : await restoring(service, files, tag, signal);
  } catch (error) {
    if (refuses(error)) return unreadable(files, error);
    throw error;
  }
  return plan.kind === "rollback"
    ? { ...plan, ...(await askingFor(plan.rollback, incident, question, ports, signal)) }
    : plan;
}

/** Whether who asks may have a second person asked, and with which words; nothing where gofire may write nothing. */
async function askingFor(
  rollback: Rollback,
  incident: Incident | undefined,
  { service, tag, place, userId }: PlanQuestion,
  ports: PlanPorts,
  signal: AbortSignal,
): Promise<Pick<Extract<ChatReply, { kind: "rollback" }>, "asking">> {
  const { writable } = rollback;
  if (writable === undefined) return {};
  if (ports.auditLog === undefined) {
    return { asking: { not: "gofire.yaml has no audit log (audit), and without one nothing is pushed." } };
  }
  const obstacle = inTheWay(rollback);
  if (obstacle !== undefined || writable.digest === undefined) return { asking: { not: `${obstacle}.` } };
  if (incident === undefined && isDirect(place.channel)) {
    return { asking: { not: "write it in a channel, where a second person can see what is asked." } };
  }
  const refusal = await refusalAtLast("rollback", { userId, channel: place.channel }, ports.rights, signal);
  if (refusal !== undefined) return { asking: { not: `${refusal.why} ${refusal.next}` } };
  const { digest } = writable;
  const about = incident === undefined ? {} : { incidentId: incident.id };
  return { asking: { wish: { digest, service, ...about, ...(tag === undefined ? {} : { tag }) } } };
}

function unknownFiles(service: string, { configs }: PlanPorts): PlanAnswer {
  return configs === undefined
    ? refused(
        "gofire does not know where configuration is kept: gofire.yaml has no configHistory.",
        `Roll it back where it was released. Who looks after gofire can name the Git repository under configHistory, and the files under services.${service}.config.`,
      )
    : refused(
        `gofire does not know which files configure ${service}: gofire.yaml has no services.${service}.config.`,
        "Roll it back where it was released. Who looks after gofire can name files and folders of the repository there.",
      );
}

function unreadable({ history }: ServiceConfigFiles, { message }: PortError): PlanAnswer {
  return refused(
    `${history.name} cannot be read: ${message}.`,
    "Roll it back where it was released; gofire doctor says more on the machine that gofire runs on.",
  );
}
