import type { ByteParser } from "../../domain/evidence/parse-result.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * True for text whose lines end with a carriage return alone, as serial consoles and old Macintosh programs write it, spreadsheets
 * still. Other text has a line feed within its first bytes, or a longer line than any of a capture's first.
 */
export function endsLinesWithReturns(head: Uint8Array): boolean {
  return (
    head.includes(carriageReturn) &&
    head.every(
      (byte) => (byte >= 0x20 || byte === 0x09 || byte === 0x1b || byte === carriageReturn) && byte !== 0x7f,
    )
  );
}

/** Feeds `inner` with the same text, line feeds in the place of carriage returns. */
export function loneReturnsParser<T>(inner: ByteParser<T>): ByteParser<T> {
  return {
    push: (chunk) => inner.push(chunk.map((byte) => (byte === carriageReturn ? lineFeed : byte))),
    end: () => inner.end(),
  };
}
