import { type ChatReply, refused } from "../../domain/chat/chat-reply.ts";
import { isDirect, type Place } from "../../domain/chat/message.ts";
import type { Rollback } from "../../domain/configuration/rollback.ts";
import { inTheWay } from "../../domain/configuration/rollback-request.ts";
import { PortError } from "../../domain/errors.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import type { ServiceConfigFiles } from "../../ports/config-history.ts";
import { refusalFor } from "./access.ts";
import type { ChatPorts } from "./chat-command.ts";
import { type PlanAnswer, restoring, reverting } from "./rollback-ways.ts";
import { incidentIn, suspicionOf } from "./suspicion.ts";

/** Slack's patience, less what everything else takes. A fetch goes on without who asked for it. */
const withinMs = 1_500;

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

/** What a rollback would put back, or why that cannot be said. Throws UsageError for a tag that there is not. */
export async function rollbackPlan(
  question: PlanQuestion,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<PlanAnswer> {
  const { service, tag, place } = question;
  const files = ports.configs?.of(service);
  if (files === undefined) return unknownFiles(service, ports);
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  try {
    const incident = question.incident ?? (await incidentIn(place, service, ports, inTime));
    const plan =
      tag === undefined
        ? await reverting(
            service,
            files,
            await suspicionOf(incident, ports, inTime),
            ports.clock.nowMs(),
            inTime,
          )
        : await restoring(service, files, tag, inTime);
    return plan.kind === "rollback"
      ? { ...plan, ...(await askingFor(plan.rollback, incident, question, ports, signal)) }
      : plan;
  } catch (error) {
    signal.throwIfAborted();
    if (inTime.aborted) return tooSlow(files);
    if (error instanceof PortError && error.code !== "rate-limited") return unreadable(files, error);
    throw error;
  }
}

/** Whether who asks may have a second person asked, and with which words; nothing where gofire may write nothing. */
async function askingFor(
  rollback: Rollback,
  incident: Incident | undefined,
  { service, tag, place, userId }: PlanQuestion,
  ports: ChatPorts,
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
  const refusal = await refusalFor("rollback", { userId, channel: place.channel }, ports, signal);
  if (refusal !== undefined) return { asking: { not: `${refusal.why} ${refusal.next}` } };
  const { digest } = writable;
  const about = incident === undefined ? {} : { incidentId: incident.id };
  return { asking: { wish: { digest, service, ...about, ...(tag === undefined ? {} : { tag }) } } };
}

function unknownFiles(service: string, { configs }: ChatPorts): PlanAnswer {
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

function tooSlow({ history }: ServiceConfigFiles): PlanAnswer {
  return refused(
    `${history.name} did not answer in time for the chat; if it is a remote, it is still being fetched.`,
    "Write the same again in a few seconds.",
  );
}

function unreadable({ history }: ServiceConfigFiles, { message }: PortError): PlanAnswer {
  return refused(
    `${history.name} cannot be read: ${message}.`,
    "Roll it back where it was released; gofire doctor says more on the machine that gofire runs on.",
  );
}
