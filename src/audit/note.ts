/** Text with signatures below it: https://c2sp.org/signed-note. */
import type { Signer, Verifier } from "./keys.ts";

/** More than sixteen post-quantum signatures (c2sp.org/signed-note: "nearly 5kB"); what x/mod reads, too. */
export const mostNoteBytes = 1_000_000;
const mostSignatures = 100;

/** `text` ends in a line feed. */
export function signedNote(text: string, signer: Signer): string {
  const { name, id } = signer.verifier;
  const signature = Buffer.concat([id, signer.sign(Buffer.from(text))]).toString("base64");
  return `${text}\n— ${name} ${signature}\n`;
}

/**
 * The text of a note that `verifier` signed, or why it must not be believed. Signatures of others are left alone: witnesses
 * add theirs.
 */
export function openNote(note: string, verifier: Verifier): { readonly text: string } | string {
  if (Buffer.byteLength(note) > mostNoteBytes) return `has more than ${mostNoteBytes} bytes`;
  const end = note.lastIndexOf("\n\n");
  // oxlint-disable-next-line no-control-regex -- a note has none but line feeds
  if (end === -1 || !note.endsWith("\n") || /[\u0000-\u0009\u000b-\u001f\ufffd]/.test(note)) {
    return "is not a signed note (c2sp.org/signed-note)";
  }
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > mostSignatures) return `has more than ${mostSignatures} signatures`;
  const others: string[] = [];
  let isSigned = false;
  for (const line of lines) {
    const [, name = "", base64 = ""] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
    const bytes = Buffer.from(base64, "base64");
    if (bytes.length < 5 || bytes.toString("base64") !== base64) return "has a line that is not a signature";
    const id = bytes.subarray(0, 4);
    if (name !== verifier.name || !id.equals(verifier.id)) others.push(`${name}+${id.toString("hex")}`);
    else if (!verifier.verifies(Buffer.from(text), bytes.subarray(4)))
      return `has a signature of ${verifier.shortText} that does not verify: its text was changed, or the signature`;
    else isSigned = true;
  }
  if (isSigned) return { text };
  return `is not signed by ${verifier.shortText}, but by ${others.slice(0, 5).join(", ")}`;
}
