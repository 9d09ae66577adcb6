import type { ByteParser, ParseResult } from "../../domain/evidence/parse-result.ts";
import { type JsonBounds, jsonDocumentParser } from "./json-document.ts";
import { type JsonFields, jsonFields } from "./json-fields.ts";
import { lineError } from "./line-error.ts";

/** Entries of one list; gofire itself keeps a few dozen. */
export const mostEntries = 500;
const mostErrors = 3;
/** Of a file's beginning, its mark stands within this. */
const headBytes = 256;

/** A JSON file in which a bundle keeps what was known around a capture. */
interface KeptFormat {
  /** Name that stands first in the file, so that its beginning tells the format; its value is `version`. */
  readonly mark: string;
  /** Of the file's own layout. */
  readonly version: number;
  /** What the file is, behind "This is no". */
  readonly what: string;
  readonly bounds: JsonBounds;
  /** Names of its lists, which have at most `mostEntries` entries. */
  readonly lists: readonly string[];
}

interface KeptDocument<T> {
  text(facts: Omit<T, "artifact">): string;
  looksLike(head: Uint8Array): boolean;
  parser(artifact: string): ByteParser<T>;
}

/**
 * Writes such a file and reads what was written, whoever has changed it since. Fields that are not known are left out.
 * Errors of a file: `not-this-format` without the mark or with another version, `too-large`, `damaged` with the first fields
 * that are wrong.
 */
export function keptDocument<T>(
  { mark, version, what, bounds, lists }: KeptFormat,
  read: (artifact: string, root: JsonFields) => T,
): KeptDocument<T> {
  const beginning = new RegExp(`^\\s*\\{\\s*"${mark}"\\s*:`);

  function factsOf(artifact: string, value: unknown): ParseResult<T> {
    const errors: string[] = [];
    const root = jsonFields(value, "", errors);
    const found = root.all()[mark];
    if (found !== version) {
      const message =
        found === undefined
          ? `This is no ${what} that gofire has kept.`
          : `${mark} is ${JSON.stringify(found)?.slice(0, 40)}; this gofire reads ${version}.`;
      return { ok: false, error: lineError("not-this-format", message, 1) };
    }
    const counted = jsonFields(value, "", []);
    const long = lists.find((name) => counted.list(name).length > mostEntries);
    if (long !== undefined) {
      const message = `${long} has more than ${mostEntries} entries.`;
      return { ok: false, error: lineError("too-large", message, 1) };
    }
    const facts = read(artifact, root);
    if (errors.length === 0) return { ok: true, value: facts };
    return { ok: false, error: lineError("damaged", `${errors.slice(0, mostErrors).join("; ")}.`, 1) };
  }

  return {
    text: (facts) => `${JSON.stringify({ [mark]: version, ...facts }, undefined, 1)}\n`,
    looksLike: (head) =>
      beginning.test(
        Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, headBytes)).toString("latin1"),
      ),
    parser: (artifact) => jsonDocumentParser(bounds, (value) => factsOf(artifact, value)),
  };
}
