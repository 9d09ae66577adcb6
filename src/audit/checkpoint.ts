/** A tree of one moment, signed: https://c2sp.org/tlog-checkpoint. */
import { readVerifier, type Signer, type Verifier } from "./keys.ts";
import { hashBytes } from "./merkle.ts";
import { openNote, signedNote } from "./note.ts";

export interface Checkpoint {
  /** Number of entries. */
  readonly size: number;
  readonly root: Uint8Array;
}

export function signedCheckpoint({ size, root }: Checkpoint, signer: Signer): string {
  const text = `${signer.verifier.name}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
  return signedNote(text, signer);
}

/** What a log that is called as its key is said, or why that must not be believed, in words after "the checkpoint". */
export function openCheckpoint(note: string, verifier: Verifier): Checkpoint | string {
  const opened = openNote(note, verifier);
  if (typeof opened === "string") return opened;
  const [origin, sizeText = "", base64 = "", ...extensions] = opened.text.slice(0, -1).split("\n");
  if (origin !== verifier.name) return `is of the log ${origin ?? ""}, not of ${verifier.name}`;
  const root = Buffer.from(base64, "base64");
  const size = Number(sizeText);
  const isWell =
    /^(?:0|[1-9]\d*)$/.test(sizeText) &&
    Number.isSafeInteger(size) &&
    root.length === hashBytes &&
    root.toString("base64") === base64 &&
    extensions.every((line) => line !== "");
  return isWell ? { size, root } : "does not have the lines of one (c2sp.org/tlog-checkpoint)";
}

/** The same for a key as a log names it: `origin+hash+base64`. */
export function openCheckpointOf(log: { readonly verifier: string }, note: string): Checkpoint | string {
  const verifier = readVerifier(log.verifier);
  return typeof verifier === "string" ? `cannot be checked: ${verifier}` : openCheckpoint(note, verifier);
}
