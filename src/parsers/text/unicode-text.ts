import type { ByteParser } from "../../domain/evidence/parse-result.ts";

/** What Windows tools put before text: PowerShell's `>` writes UTF-16, and some editors mark UTF-8. */
const marks: readonly { readonly mark: readonly number[]; readonly encoding: string }[] = [
  { mark: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
  { mark: [0xff, 0xfe], encoding: "utf-16le" },
  { mark: [0xfe, 0xff], encoding: "utf-16be" },
];

/** Fewer pairs tell nothing: a command line may have words of one letter. */
const leastPairs = 16;
const lineFeed = 0x0a;

/**
 * The encoding of text that is not plain UTF-8, by its first bytes: what the byte order mark names, or UTF-16 without one, which
 * is told by the NUL that is half of each letter of ASCII, and by a line feed among them.
 */
export function foreignEncoding(head: Uint8Array): string | undefined {
  const marked = marks.find(({ mark }) => mark.every((byte, index) => head[index] === byte));
  if (marked !== undefined || !head.includes(0)) return marked?.encoding;
  if (isUtf16(head, 0)) return "utf-16le";
  return isUtf16(head, 1) ? "utf-16be" : undefined;
}

/** `letterAt`: which byte of a pair has the letter, the other one being 0. Nearly all of a capture's text is ASCII. */
function isUtf16(head: Uint8Array, letterAt: 0 | 1): boolean {
  const pairs = Math.floor(head.length / 2);
  let letters = 0;
  let feeds = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const letter = head[2 * pair + letterAt] ?? 0;
    if (head[2 * pair + 1 - letterAt] !== 0 || letter < 0x09) continue;
    letters++;
    if (letter === lineFeed) feeds++;
  }
  return pairs >= leastPairs && feeds > 0 && letters >= 0.9 * pairs;
}

/** Feeds `inner` with the same text in UTF-8, without the mark. */
export function decodedParser<T>(encoding: string, inner: ByteParser<T>): ByteParser<T> {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  return {
    push: (chunk) => inner.push(encoder.encode(decoder.decode(chunk, { stream: true }))),
    end() {
      inner.push(encoder.encode(decoder.decode()));
      return inner.end();
    },
  };
}
