import type { ByteParser } from "../../domain/evidence/parse-result.ts";

/** What Windows tools put before text: PowerShell's `>` writes UTF-16, and some editors mark UTF-8. */
const marks: readonly { readonly mark: readonly number[]; readonly encoding: string }[] = [
  { mark: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
  { mark: [0xff, 0xfe], encoding: "utf-16le" },
  { mark: [0xfe, 0xff], encoding: "utf-16be" },
];

/** The encoding that the byte order mark at the beginning names. */
export function markedEncoding(head: Uint8Array): string | undefined {
  return marks.find(({ mark }) => mark.every((byte, index) => head[index] === byte))?.encoding;
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
