import { gofireActor } from "../../domain/audit/actor.ts";
import type { AuditEvent } from "../../domain/audit/audit-event.ts";
import type { LostRollback } from "../../domain/configuration/lost-rollback.ts";
import { actWithinMs, agreeWithinMs } from "../../domain/configuration/rollback-request.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigCatalog } from "../../ports/config-history.ts";
import type { Rollbacks } from "../../ports/rollbacks.ts";
import { lostRollbackWords } from "../../render/lost-rollback.ts";
import type { Cards } from "../publish.ts";
import { refuses } from "../thread/show-message.ts";
import { lostRollbacks, openRollbacks } from "./open-rollbacks.ts";
import type { RollbackAct } from "./rollback-events.ts";

export interface CloseLostPorts {
  readonly configs?: Pick<ConfigCatalog, "of">;
  readonly auditLog?: AuditLog;
  readonly rollbacks: Pick<Rollbacks, "read" | "claim">;
  readonly chat: Pick<Chat, "edit" | "post">;
  readonly cards: Pick<Cards, "lostRollback" | "lostRollbackNote">;
  readonly clock: Clock;
  /** One line for who looks after gofire. */
  readonly onTrouble: (message: string) => void;
}

/** Longer than one of them takes. */
const claimedForMs = 120_000;

/** As long somebody else may still be at it: where there is a second Redis, which must not be, its workers. */
const leftAloneMs: Readonly<Record<LostRollback["stands"], number>> = {
  requested: agreeWithinMs,
  approved: actWithinMs,
  pushed: 2 * actWithinMs,
};

/**
 * Rollbacks that the log has and Redis lost: who looks after gofire is told, and once nobody can be at them any more, the card
 * and its thread say how things stand, and the log gets their end. That comes last, so that who dies on the way is followed by
 * somebody who does it again.
 */
export async function closeLostRollbacks(ports: CloseLostPorts, signal: AbortSignal): Promise<void> {
  const { auditLog, rollbacks, configs, clock, onTrouble } = ports;
  if (auditLog === undefined) return;
  const events = new Map<string, AuditEvent>();
  for await (const { event } of auditLog.entries(0, signal)) {
    if (event.type.startsWith("rollback.")) events.set(event.id, event);
  }
  const lost = await lostRollbacks(
    openRollbacks(events.values()),
    async (id) => (await rollbacks.read(id, signal)) !== undefined,
    (service) => configs?.of(service)?.writer,
    signal,
  );
  for (const one of lost) {
    const { what, next } = lostRollbackWords(one);
    onTrouble(`${what} ${next}`);
    if (clock.nowMs() - one.atMs < leftAloneMs[one.stands]) continue;
    if (one.inRepository !== null && "unknown" in one.inRepository) continue;
    if (!(await rollbacks.claim(one.id, claimedForMs, signal))) continue;
    await show(one, ports, signal);
    const last = events.get(`rollback:${one.id}:${one.stands}`);
    if (last === undefined) continue;
    for (const event of endsOf(one, last, clock.nowMs())) await auditLog.append(event, signal);
  }
}

/** Where its people are. A chat that takes nothing is tried again the next time. */
async function show(lost: LostRollback, { chat, cards }: CloseLostPorts, signal: AbortSignal): Promise<void> {
  const { id, atMs, place, card } = lost;
  try {
    if (card !== undefined) await chat.edit(card, cards.lostRollback(lost), "news", signal);
  } catch (error) {
    if (!refuses(error)) throw error;
  }
  if (place === undefined) return;
  const thread = place.thread ?? card?.ts;
  const where = { channel: place.channel, ...(thread === undefined ? {} : { thread }) };
  try {
    // Another worker may have said it.
    const posting = { intent: `rollback-${id}/outcome`, attemptedAtMs: atMs };
    await chat.post(where, cards.lostRollbackNote(lost), posting, signal);
  } catch (error) {
    if (!refuses(error)) throw error;
  }
}

/** What the log is told of it, by what it was told last. */
function endsOf(
  { id, stands, push, inRepository }: LostRollback,
  last: AuditEvent,
  atMs: number,
): readonly AuditEvent[] {
  const why = "gofire lost its records of it (Redis)";
  function event(
    act: RollbackAct,
    facts: AuditEvent["facts"],
    subject: AuditEvent["subject"] = last.subject,
  ): AuditEvent {
    const { captures: _captures, ...same } = last.facts ?? {};
    return {
      id: `rollback:${id}:${act}`,
      type: `rollback.${act}`,
      atMs,
      actor: gofireActor,
      subject,
      facts: { ...same, ...facts },
    };
  }
  if (inRepository === null || "unknown" in inRepository) {
    return [event(stands === "pushed" ? "unverified" : "failed", { why })];
  }
  const { commit, onto } = inRepository;
  const subject = {
    ...last.subject,
    head: commit,
    ...(onto === undefined || onto === "" ? {} : { base: onto }),
  };
  return [
    ...(stands === "pushed" ? [] : [event("pushed", { found: true }, subject)]),
    ...(push === "branch" ? [event("unverified", { why }, subject)] : []),
  ];
}
