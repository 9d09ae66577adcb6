/**
 * Why an input could not be read as the format it was offered as.
 *
 * - `not-this-format`: try another parser; nothing is wrong with the input.
 * - `damaged`: it is this format, but broken at `at`.
 * - `too-large`: a bound on size, depth or count was exceeded at `at`; reading stopped there on purpose.
 * - `empty`: there was nothing to read.
 */
export type ParseErrorCode = "not-this-format" | "damaged" | "too-large" | "empty";

/** A place in an input: a byte offset (0-based) for binary formats, a line (1-based) for text. */
export type Position =
  | { readonly unit: "offset"; readonly value: number }
  | { readonly unit: "line"; readonly value: number };

export interface ParseError {
  readonly code: ParseErrorCode;
  /** One plain sentence without the position. */
  readonly message: string;
  readonly at: Position;
  /** What stands there, at most 80 characters, control characters escaped. */
  readonly excerpt?: string;
}

/**
 * What a parser returns. Bad input is expected and comes back as `ok: false`; exceptions are for bugs.
 * `damage` on a success says that only a part could be read: everything before it is in `value`.
 */
export type ParseResult<T> =
  | { readonly ok: true; readonly value: T; readonly damage?: ParseError }
  | { readonly ok: false; readonly error: ParseError };

/**
 * A parser that is fed bytes as they arrive and keeps no copy of them.
 * `push` never throws on bad input: the error is kept and returned by `end`.
 */
export interface ByteParser<T> {
  push(chunk: Uint8Array): void;
  /**
   * Where to put the bytes that are pushed next, so that they need not be copied: any number of them, from its beginning
   * on. For no longer than until the next `push`, whose chunk may be pushed in parts. Undefined or absent where that saves nothing.
   */
  room?(): Uint8Array | undefined;
  end(): ParseResult<T>;
}

/** "line 12" or "offset 4096", as printed behind a file name. */
export function positionText(position: Position): string {
  return `${position.unit} ${position.value}`;
}
