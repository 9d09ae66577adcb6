import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ByteParser, ParseError, ParseResult } from "../../src/domain/evidence/parse-result.ts";

/** Feeds `input` in pieces of `pieceBytes` through one reused buffer, as a socket would. */
export function feed<T>(
  parser: ByteParser<T>,
  input: string | Uint8Array,
  pieceBytes?: number,
): ParseResult<T> {
  const bytes = typeof input === "string" ? Buffer.from(input) : input;
  const size = pieceBytes ?? Math.max(1, bytes.length);
  const piece = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    piece.set(part);
    parser.push(piece.subarray(0, part.length));
  }
  piece.fill(0xff);
  return parser.end();
}

/**
 * Feeds `input` as a file is read: into the room that the parser offers, if it does, at most `roomBytes` at once, and from
 * there in parts of `partBytes`.
 */
export function feedIntoRoom<T>(
  parser: ByteParser<T>,
  input: Uint8Array,
  roomBytes: number,
  partBytes: number,
): ParseResult<T> {
  for (let at = 0; at < input.length; ) {
    const room = parser.room?.() ?? Buffer.alloc(roomBytes);
    const chunk = room.subarray(0, Math.min(roomBytes, input.length - at));
    room.fill(0xff);
    chunk.set(input.subarray(at, at + chunk.length));
    for (let part = 0; part < chunk.length; part += partBytes)
      parser.push(chunk.subarray(part, part + partBytes));
    at += chunk.length;
  }
  return parser.end();
}

/** The value of a parse that must succeed without damage. */
export function whole<T>(result: ParseResult<T>): T {
  if (!result.ok) throw new Error(`${result.error.message} (line ${result.error.at.value})`);
  if (result.damage !== undefined) throw new Error(`damage: ${result.damage.message}`);
  return result.value;
}

/** The error of a parse that must fail. */
export function failure<T>(result: ParseResult<T>): ParseError {
  if (result.ok) throw new Error("parsed, but should not have");
  return result.error;
}

export function capture(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, "fixtures", name));
}
