import { createHash } from "node:crypto";
import type { MessageBody, Place } from "../../domain/chat/message.ts";
import { PortError, type PortErrorCode } from "../../domain/errors.ts";
import type { Card } from "../../domain/incidents/incident.ts";
import type { Chat, Urgency } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";

/** By then the one who was faster has its answer, or is gone. */
const lookForItAfterMs = 2_000;

/** A message that is posted once and edited from then on, and where what became of it is noted. */
export interface ShownMessage<Owner> {
  readonly card: Card | undefined;
  /** Makes it the only one of its kind. */
  readonly intent: string;
  readonly place: Place;
  readonly body: MessageBody;
  /** What the body tells, noted once it is shown. */
  readonly tells?: Pick<Card, "state">;
  /** Of an edit. */
  readonly urgency: Urgency;
  /** Notes what becomes of the card that is noted by then; undefined: as if there had been no attempt. */
  readonly change: (changed: (now: Card | undefined) => Card | undefined) => Promise<Owner>;
  /** Shows it as a new message, because somebody deleted the one that there was. Absent: who deleted it has their way. */
  readonly showAnew?: () => Promise<Owner>;
  /** Shows it elsewhere, because the thread of its place takes no more replies. */
  readonly showElsewhere?: () => Promise<Owner>;
}

/**
 * Posts or edits the message. Before it is posted, that is noted, so that after a death in between the chat is searched
 * instead of told twice. A chat that refuses it for good is noted as `problem`. Throws PortError for what may be tried
 * again.
 */
export async function showMessage<Owner>(
  { card, intent, place, body, tells, urgency, change, showAnew, showElsewhere }: ShownMessage<Owner>,
  { chat, clock }: { readonly chat: Chat; readonly clock: Clock },
  signal: AbortSignal,
): Promise<Owner> {
  async function remember(what: Partial<Card>): Promise<Owner> {
    return await change((now) => ({ attemptedAtMs: clock.nowMs(), ...now, ...what }));
  }

  if (card === undefined) {
    await change((now) => {
      checkFirst(now);
      return { attemptedAtMs: clock.nowMs() };
    });
  }
  try {
    const ref = card?.ref ?? (await chat.post(place, body, postingOf(intent, card?.attemptedAtMs), signal));
    // What an earlier attempt got through may have been older than this.
    if (card !== undefined) {
      if (card.ref === undefined) await remember({ ref });
      await chat.edit(ref, body, urgency, signal);
    }
    return await remember({ ref, ...tells, digest: digestOf(body), shownAtMs: clock.nowMs() });
  } catch (error) {
    if (is("message-deleted", error) && showAnew !== undefined) return await showAnew();
    if (is("thread-closed", error) && card?.ref === undefined && showElsewhere !== undefined)
      return await showElsewhere();
    if (refuses(error)) return await remember({ problem: error.message });
    if (card === undefined && wasNotTaken(error)) await change(() => undefined);
    throw error;
  }
}

/**
 * Two may do the same work for a moment: one that was taken for dead and its successor. Throws PortError `unavailable` where
 * somebody began to send since this one looked; next time the chat is searched.
 */
export function checkFirst(now: { readonly attemptedAtMs?: number } | undefined): void {
  if (now?.attemptedAtMs !== undefined) throw sentByAnother(lookForItAfterMs);
}

export function sentByAnother(retryAfterMs: number): PortError {
  return new PortError("unavailable", "chat", "Another worker sends this just now.", { retryAfterMs });
}

/** Whether the message shows this body by now, or never will. */
export function isShown(card: Card | undefined, body: MessageBody): boolean {
  return card?.problem !== undefined || card?.digest === digestOf(body);
}

export function digestOf(body: MessageBody): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}

export function postingOf(intent: string, attemptedAtMs: number | undefined) {
  return attemptedAtMs === undefined ? { intent } : { intent, attemptedAtMs };
}

/** The first attempt came to nothing for certain, so the next one need not search for it. */
export function wasNotTaken(error: unknown): boolean {
  return error instanceof PortError && ["rate-limited", "locked-out"].includes(error.code);
}

/** Asking again would not help. */
export function refuses(error: unknown): error is PortError {
  return (
    error instanceof PortError &&
    ["not-found", "forbidden", "thread-closed", "message-deleted", "bad-response"].includes(error.code)
  );
}

function is(code: PortErrorCode, error: unknown): boolean {
  return error instanceof PortError && error.code === code;
}
