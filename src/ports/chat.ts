import type { MessageBody, MessageRef, Place } from "../domain/chat/message.ts";

/** What makes a message the only one of its kind. */
export interface Posting {
  /** Unique id of what is to be said; travels with the message where nobody sees it. */
  readonly intent: string;
  /**
   * Milliseconds since the epoch of an earlier attempt that may have got through. The chat is searched for the
   * intent first, from then on, and what is found is returned instead of a second message.
   */
  readonly attemptedAtMs?: number;
  /** Called right before what cannot be taken back is asked of the chat. What it throws is thrown, and nothing happened. */
  readonly beforeSending?: () => void;
}

export interface ChatFile {
  readonly name: string;
  readonly title: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Opens the content from its beginning; may be called again. */
  open(): AsyncIterable<Uint8Array>;
  /** Present for pictures. */
  readonly altText?: string;
}

/**
 * - `news`: people wait for it.
 * - `progress`: the next one replaces it; it is the first to be refused as `rate-limited` when the chat takes no more.
 */
export type Urgency = "news" | "progress";

/**
 * Messages. Methods throw PortError: `rate-limited` with `retryAfterMs` when nothing happened; `unavailable` and `timeout`
 * when the outcome may be unknown, so that a `post` or `upload` after it must name its `attemptedAtMs`, and leave what got
 * through two seconds to turn up; `not-found` (no such channel), `message-deleted`, `thread-closed`, `forbidden` (not a
 * member), `bad-response` (refused as malformed); `locked-out` with `retryAfterMs` while the chat takes nothing of gofire's at
 * all: then nothing happened either. Messages of errors tell people what to do. They never repeat a write by themselves. All
 * throw the signal's reason.
 */
export interface Chat {
  post(place: Place, body: MessageBody, posting: Posting, signal: AbortSignal): Promise<MessageRef>;
  /** May be repeated freely: the last one counts. */
  edit(ref: MessageRef, body: MessageBody, urgency: Urgency, signal: AbortSignal): Promise<void>;
  /** One message with all files, at least one and none of them empty. */
  upload(
    place: Place,
    files: readonly ChatFile[],
    comment: string,
    posting: Posting,
    signal: AbortSignal,
  ): Promise<MessageRef>;
  /** Only `userId` sees it, and it may vanish: for refusals and help, never for results. */
  tellOnly(place: Place, userId: string, body: MessageBody, signal: AbortSignal): Promise<void>;
  /** Having it already is no error. `emoji` without colons. */
  react(ref: MessageRef, emoji: string, signal: AbortSignal): Promise<void>;
  /** Not having it is no error. */
  unreact(ref: MessageRef, emoji: string, signal: AbortSignal): Promise<void>;
  permalink(ref: MessageRef, signal: AbortSignal): Promise<string>;
}
