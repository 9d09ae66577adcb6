/**
 * - `forbidden`: this one thing is not allowed, and will not be.
 * - `thread-closed`: a thread of the chat takes no more replies; its channel may.
 * - `message-deleted`: a message of the chat is gone; its channel is there.
 * - `locked-out`: nothing of ours is let in (a token was revoked) until somebody mends that; nothing happened.
 */
export type PortErrorCode =
  | "not-found"
  | "forbidden"
  | "thread-closed"
  | "message-deleted"
  | "locked-out"
  | "rate-limited"
  | "unavailable"
  | "bad-response"
  | "timeout";

/**
 * The one error that adapters throw. Nobody above an adapter sees an SDK's or a socket's own error.
 * `target` names the thing that failed in the reader's words (a URL without credentials, a file).
 */
export class PortError extends Error {
  override readonly name = "PortError";
  readonly code: PortErrorCode;
  readonly target: string;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: PortErrorCode,
    target: string,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.target = target;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether what failed may have happened all the same: nobody answered, or said that it had not. */
export function mayHaveHappened(error: unknown): boolean {
  return !(error instanceof PortError) || error.code === "unavailable" || error.code === "timeout";
}

/**
 * The person asked for something that cannot be understood or is not allowed.
 * The message says what to do next; the terminal answers with exit code 2.
 */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The option that it is about, where it is about one. */
  readonly about: string | undefined;

  constructor(message: string, { about, cause }: { about?: string; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.about = about;
  }
}

/** The code that Node or a library gave a caught error, e.g. "ENOENT"; "" where it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** What a caught value says. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Nothing more can be kept at a place: its disk is full, or what this user may have of it is used up. */
export function isFullDisk(error: unknown): boolean {
  const first = error instanceof PortError ? error.cause : error;
  return ["ENOSPC", "EDQUOT"].includes(errorCode(first));
}
