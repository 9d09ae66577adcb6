import { actorOf, gofireActor } from "../../domain/audit/actor.ts";
import type { AuditEvent } from "../../domain/audit/audit-event.ts";
import type { RollbackRequest } from "../../domain/configuration/rollback-request.ts";

/** What the audit log is told of a rollback: each act has an id of its own, so however often it is told, it stands there once. */
export type RollbackAct = "requested" | "approved" | "pushed" | "verified" | "unverified" | "failed";

/** Values of configuration are not in it: what came back is told by the digest, and stands in the repository. */
export function rollbackEvent(
  act: RollbackAct,
  request: RollbackRequest,
  by: { readonly userId?: string; readonly atMs: number },
  facts: AuditEvent["facts"] = {},
): AuditEvent {
  const { id, service, plan, way, digest, push, incident, written, place, card } = request;
  const base = written?.onto;
  return {
    id: `rollback:${id}:${act}`,
    type: `rollback.${act}`,
    atMs: by.atMs,
    actor: by.userId === undefined ? gofireActor : actorOf(by.userId),
    subject: {
      repository: plan.repository,
      service,
      ...(base === undefined || base === "" ? {} : { base }),
      ...(written === undefined ? {} : { head: written.commit }),
      ...(incident === undefined ? {} : { incident: incident.id }),
    },
    facts: {
      rollback: id,
      way: way.kind,
      of: way.revision,
      push,
      plan: digest,
      // Where people are told of it, also when everything but the log is lost.
      channel: place.channel,
      ...(place.thread === undefined ? {} : { thread: place.thread }),
      ...(card?.ref === undefined ? {} : { card: card.ref.ts }),
      ...facts,
    },
  };
}
