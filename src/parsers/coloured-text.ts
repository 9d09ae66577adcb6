import type { ByteParser } from "../domain/evidence/parse-result.ts";
import { rewrittenLines } from "./text/rewritten-lines.ts";

const controlSequence = "\u001b[";
/** What tells a terminal about colours and the cursor (ECMA-48, 5.4: control sequences), and whatever else escapes. */
// oxlint-disable-next-line no-control-regex -- what begins with that character is what is looked for
const marks = /\u001b(?:\[[0-?]*[ -/]*[@-~])?/g;

/** True for text with marks for a terminal in it, as `docker compose logs`, `stern` and CI systems colour what they copy. */
export function looksColoured(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  return bytes.includes(controlSequence, 0, "latin1") && !bytes.includes(0);
}

/** Feeds `inner` with the text without its marks, line by line. */
export function colouredTextParser<T>(inner: ByteParser<T>): ByteParser<T> {
  return rewrittenLines(inner, "latin1", (write) => ({
    onLine(bytes, start, end, _line, shape) {
      const text = bytes.toString("latin1", start, end).replaceAll(marks, "");
      write(shape === "unterminated" ? text : `${text}\n`);
    },
    onEnd: () => undefined,
  }));
}
