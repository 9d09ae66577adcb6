import { userIdOf } from "../../domain/audit/actor.ts";
import type { AuditEvent } from "../../domain/audit/audit-event.ts";
import type { LostRollback, OpenRollback } from "../../domain/configuration/lost-rollback.ts";
import { PortError } from "../../domain/errors.ts";
import type { ConfigWriter } from "../../ports/config-writer.ts";

/** What the log has of rollbacks without an end, in its order. */
export function openRollbacks(events: Iterable<AuditEvent>): readonly OpenRollback[] {
  const open = new Map<string, OpenRollback>();
  for (const event of events) {
    const id = event.facts?.["rollback"];
    if (!event.type.startsWith("rollback.") || typeof id !== "string") continue;
    const next = after(open.get(id), id, event);
    if (next === undefined) open.delete(id);
    else open.set(id, next);
  }
  return [...open.values()];
}

/** Undefined once it is over. That a proposal is pushed is its end. */
function after(before: OpenRollback | undefined, id: string, event: AuditEvent): OpenRollback | undefined {
  const { type, atMs, actor, subject, facts } = event;
  const by = { userId: userIdOf(actor), atMs };
  const push = facts?.["push"] === "proposal" ? "proposal" : "branch";
  const { channel, thread, card } = facts ?? {};
  const known = {
    id,
    service: subject.service ?? "",
    repository: subject.repository,
    push,
    atMs,
    ...before,
    ...(typeof channel === "string"
      ? { place: { channel, ...(typeof thread === "string" ? { thread } : {}) } }
      : {}),
    ...(typeof channel === "string" && typeof card === "string" ? { card: { channel, ts: card } } : {}),
  } as const;
  switch (type) {
    case "rollback.requested":
      return { ...known, stands: "requested", asked: by };
    case "rollback.approved":
      return { ...known, stands: "approved", atMs, agreed: by };
    case "rollback.pushed":
      return push === "proposal" ? undefined : { ...known, stands: "pushed", atMs };
    default:
      return undefined;
  }
}

/** Those that Redis does not know, with what the repository has of them. `isKnown`: whether there is a record. */
export async function lostRollbacks(
  open: readonly OpenRollback[],
  isKnown: (id: string) => Promise<boolean>,
  writerOf: (service: string) => Pick<ConfigWriter, "written"> | undefined,
  signal: AbortSignal,
): Promise<readonly LostRollback[]> {
  const lost: LostRollback[] = [];
  for (const one of open) {
    if (await isKnown(one.id)) continue;
    lost.push({ ...one, inRepository: await inRepository(one, writerOf(one.service), signal) });
  }
  return lost;
}

async function inRepository(
  { id, stands }: OpenRollback,
  writer: Pick<ConfigWriter, "written"> | undefined,
  signal: AbortSignal,
): Promise<LostRollback["inRepository"]> {
  // Nothing is pushed that is not in the log as agreed to.
  if (stands === "requested") return null;
  if (writer === undefined) return { unknown: "gofire.yaml does not have gofire write there any more" };
  try {
    return (await writer.written(id, signal)) ?? null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PortError) return { unknown: error.message };
    throw error;
  }
}
