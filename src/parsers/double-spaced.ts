import type { ByteParser } from "../domain/evidence/parse-result.ts";
import { rewrittenLines } from "./text/rewritten-lines.ts";
import { type SourceLine, SourceLines } from "./text/source-lines.ts";

/** Pairs of a line and an empty one from which a text counts as double-spaced. */
const leastPairs = 4;

/**
 * True for text with an empty line behind each of its own, as mail programs and web pages make of what is copied from
 * them, and programs that write CR LF for the LF of CR LF. Stacks end at an empty line, so none could be read in it.
 */
export function looksDoubleSpaced(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  // The last line may be cut.
  const lines = text.split("\n").slice(0, -1);
  const between = lines.filter((_, at) => at % 2 === 1);
  const own = lines.filter((line, at) => at % 2 === 0 && line.trim() !== "");
  return (
    own.length >= leastPairs && between.length >= leastPairs && between.every((line) => line.trim() === "")
  );
}

/**
 * Feeds a parser with every other line, and with what stands between them after all. `parserOf` is told from which line of the
 * text each line comes.
 */
export function doubleSpacedParser<T>(parserOf: (sourceLine: SourceLine) => ByteParser<T>): ByteParser<T> {
  const sources = new SourceLines();
  let written = 0;
  let isOwn = true;
  return rewrittenLines(
    parserOf((line) => sources.of(line)),
    "latin1",
    (write) => ({
      onLine(bytes, start, end, line, shape) {
        const text = bytes.toString("latin1", start, end);
        const isBetween = !isOwn && text.trim() === "";
        isOwn = isBetween;
        if (isBetween) return;
        written++;
        sources.add(written, line, 1);
        write(shape === "unterminated" ? text : `${text}\n`);
      },
      onEnd: () => undefined,
    }),
  );
}
