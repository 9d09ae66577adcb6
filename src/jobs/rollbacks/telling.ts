import type { AuditEvent } from "../../domain/audit/audit-event.ts";
import type { RollbackRequest } from "../../domain/configuration/rollback-request.ts";
import { PortError } from "../../domain/errors.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Rollbacks } from "../../ports/rollbacks.ts";
import type { Rooms } from "../../ports/rooms.ts";
import type { Cards } from "../publish.ts";
import { isShown, refuses, showMessage } from "../thread/show-message.ts";
import { rollbackEvent } from "./rollback-events.ts";

export interface TellPorts {
  /** Absent: nothing may be rolled back. */
  readonly auditLog?: AuditLog;
  readonly chat: Chat;
  readonly cards: Pick<Cards, "rollback" | "rollbackOutcome" | "overheardRollback">;
  readonly rights: { readonly rooms: Pick<Rooms, "isOnlyOurs"> };
  readonly rollbacks: Pick<Rollbacks, "update">;
  readonly clock: Clock;
}

/** Tells the audit log. Throws PortError when it is not certain that the log has it. */
export async function log(
  event: AuditEvent,
  { auditLog }: Pick<TellPorts, "auditLog">,
  signal: AbortSignal,
): Promise<void> {
  if (auditLog === undefined) {
    throw new PortError("unavailable", "audit log", "gofire.yaml has no audit log (audit) any more");
  }
  await auditLog.append(event, signal);
}

/**
 * Posts or edits its card; a chat that refuses it for good is noted in it as `card.problem`. Where people of other workspaces
 * were let in since, it says no more than where it stands. Throws PortError.
 */
export async function showCard(
  request: RollbackRequest,
  ports: TellPorts,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  const { id, card, place } = request;
  const isOurs = await ports.rights.rooms.isOnlyOurs(place.channel, signal);
  const body = isOurs ? ports.cards.rollback(request) : ports.cards.overheardRollback(request);
  if (isShown(card, body)) return request;
  return await showMessage(
    {
      card,
      intent: `rollback-${id}`,
      place,
      body,
      urgency: "news",
      change: async (changed) =>
        await ports.rollbacks.update(
          id,
          ({ card: before, ...rest }) => {
            const now = changed(before);
            return now === undefined ? rest : { ...rest, card: now };
          },
          signal,
        ),
    },
    ports,
    signal,
  );
}

/** A chat that takes nothing for now must not keep a rollback from going on. */
export async function showInPassing(
  request: RollbackRequest,
  ports: TellPorts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await showCard(request, ports, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PortError)) throw error;
  }
}

/** Tells the end of what is over: the log first, then card and thread. Throws PortError. */
export async function tellEnd(
  request: RollbackRequest,
  ports: TellPorts,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  const event = endingOf(request);
  if (event !== undefined) await log(event, ports, signal);
  const shown = await showCard(request, ports, signal);
  // Its card says the end there, too, and why it came to that is not for everybody.
  const isOurs = await ports.rights.rooms.isOnlyOurs(shown.place.channel, signal);
  const outcome = isOurs ? ports.cards.rollbackOutcome(shown) : undefined;
  const thread = shown.place.thread ?? shown.card?.ref?.ts;
  if (outcome !== undefined && shown.outcome === undefined && thread !== undefined) {
    // An attempt before this one may have got through.
    const posting = { intent: `rollback-${shown.id}/outcome`, attemptedAtMs: shown.overAtMs ?? 0 };
    try {
      const ref = await ports.chat.post({ channel: shown.place.channel, thread }, outcome, posting, signal);
      await ports.rollbacks.update(shown.id, (now) => ({ ...now, outcome: ref }), signal);
    } catch (error) {
      if (!refuses(error)) throw error;
    }
  }
  return await ports.rollbacks.update(shown.id, (now) => ({ ...now, isTold: true }), signal);
}

/** Nothing to add of a proposal: that it was pushed is its end. */
function endingOf(request: RollbackRequest): AuditEvent | undefined {
  const { state, ended, problem, captures, overAtMs = 0 } = request;
  switch (state) {
    case "verified":
    case "unverified":
      return rollbackEvent(state, request, { atMs: overAtMs }, { captures: captures.length });
    case "failed":
      return rollbackEvent("failed", request, { atMs: overAtMs }, { why: (problem ?? "").slice(0, 300) });
    case "withdrawn": {
      const by = ended?.how === "cancelled" ? { userId: ended.userId } : {};
      return rollbackEvent("failed", request, { ...by, atMs: overAtMs }, { why: ended?.how ?? "withdrawn" });
    }
    default:
      return undefined;
  }
}
