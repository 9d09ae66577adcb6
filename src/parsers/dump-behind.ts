import type { ByteParser, ParseError, ParseResult } from "../domain/evidence/parse-result.ts";
import { passedOn } from "./mapped.ts";

const beginning = "\ngoroutine ";
const header = /^\ngoroutine \d+ (?:gp=\S+ [^[\n]*)?\[[a-z]/i;
/** A header's first bytes, as far as they are looked at. */
const headerBytes = 96;

/**
 * For captures that people join in one file (`cat heap.txt goroutines.txt`): a goroutine dump behind a text that `parser`
 * reads is told as damage. It passes over such lines, and nobody would notice that the dump was not read.
 */
export function tellingDumpBehind<T>(parser: ByteParser<T>): ByteParser<T> {
  let seen = 0;
  /** The last bytes of what was seen: a header may begin in them. */
  let carried = Buffer.alloc(0);
  let foundAt: number | undefined;

  /** `bytes` begin at offset `from` of the input. */
  function look(bytes: Buffer, from: number): void {
    for (let at = bytes.indexOf(beginning); at !== -1; at = bytes.indexOf(beginning, at + 1)) {
      if (!header.test(bytes.toString("latin1", at, at + headerBytes))) continue;
      foundAt ??= from + at + 1;
      return;
    }
  }

  return {
    ...passedOn(parser),
    push(chunk) {
      if (foundAt === undefined) {
        const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
        const seam = Buffer.concat([carried, bytes.subarray(0, headerBytes)]);
        look(seam, seen - carried.length);
        look(bytes, seen);
        carried = Buffer.from((bytes.length < headerBytes ? seam : bytes).subarray(-headerBytes));
      }
      seen += chunk.length;
      parser.push(chunk);
    },
    end(): ParseResult<T> {
      const result = parser.end();
      if (!result.ok || result.damage !== undefined || foundAt === undefined) return result;
      const message = "a goroutine dump begins here, and is not read: give it as a file of its own";
      const damage: ParseError = { code: "damaged", message, at: { unit: "offset", value: foundAt } };
      return { ...result, damage };
    },
  };
}
