import { createHash } from "node:crypto";

/**
 * Go's "h1:" over files by path (golang.org/x/mod/sumdb/dirhash, Hash1): of each, in the order of their paths bytewise, the
 * SHA-256 in hexadecimal, two spaces, the path, a line feed; of all that the SHA-256 in base64. No path has a line feed in it.
 */
export function dirHash(files: ReadonlyMap<string, Uint8Array>): string {
  const paths = [...files.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const all = createHash("sha256");
  for (const path of paths) {
    const one = createHash("sha256").update(files.get(path) ?? "");
    all.update(`${one.digest("hex")}  ${path}\n`);
  }
  return `h1:${all.digest("base64")}`;
}
