/**
 * An entry: an event as the predicate of an in-toto statement (https://in-toto.io/Statement/v1) in a DSSE envelope
 * (https://github.com/secure-systems-lab/dsse), signed with the log's key.
 */
import { createHash } from "node:crypto";
import { type AuditEvent, readAuditEvent } from "../domain/audit/audit-event.ts";
import type { Signer, Verifier } from "./keys.ts";
import { mostEntryBytes } from "./tiles.ts";

const payloadType = "application/vnd.in-toto+json";
const statementType = "https://in-toto.io/Statement/v1";
const predicateType = "https://gofire.dev/config-change/v1";

/** The same bytes for the same event and key. Throws TypeError for what is not an event, or is too large. */
export function entryOf(event: AuditEvent, signer: Signer): Uint8Array {
  const read = readAuditEvent(event);
  if (typeof read === "string") throw new TypeError(`This event ${read}.`);
  const payload = Buffer.from(statementOf(read));
  const sig = Buffer.from(signer.sign(preAuthentication(payload))).toString("base64");
  const envelope = {
    payloadType,
    payload: payload.toString("base64"),
    signatures: [{ keyid: signer.verifier.shortText, sig }],
  };
  const bytes = Buffer.from(JSON.stringify(envelope));
  if (bytes.length > mostEntryBytes) {
    throw new TypeError(
      `This event takes ${bytes.length} bytes, and an entry has at most ${mostEntryBytes}.`,
    );
  }
  return bytes;
}

/** The event of an entry that `verifier` signed, or why it must not be believed, in words after "the entry". */
export function readEntry(bytes: Uint8Array, verifier: Verifier): AuditEvent | string {
  const written = Buffer.from(bytes).toString("utf8");
  const envelope = parsed(written);
  if (!isEnvelope(envelope) || envelope.payloadType !== payloadType)
    return "is no DSSE envelope of an in-toto statement";
  if (!isPlain(envelope, written)) return "is not written as gofire writes one";
  const payload = Buffer.from(envelope.payload, "base64");
  const message = preAuthentication(payload);
  const own = envelope.signatures.filter(({ keyid }) => keyid === verifier.shortText);
  if (own.length === 0) return `is not signed by ${verifier.shortText}`;
  if (!own.every(({ sig }) => verifier.verifies(message, Buffer.from(sig, "base64"))))
    return "has a signature that does not verify";
  const text = payload.toString("utf8");
  const statement = parsed(text);
  const event = readAuditEvent(
    typeof statement === "object" && statement !== null && "predicate" in statement
      ? statement.predicate
      : undefined,
  );
  if (typeof event === "string") return `${event} (in its event)`;
  // One way to write it: nobody reads something else in a name that stands there twice, or in the subject.
  return statementOf(event) === text ? event : "is not written as gofire writes one";
}

function statementOf(event: AuditEvent): string {
  const predicate = JSON.stringify(event);
  return `{"_type":"${statementType}","subject":${JSON.stringify(subjectsOf(event, predicate))},"predicateType":"${predicateType}","predicate":${predicate}}`;
}

interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

/**
 * What was approved, by its content: the environment's files as in-toto has them (`dirHash`: Go's h1 in hex,
 * https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md) and the commit. An act that is about neither
 * stands for itself.
 */
function subjectsOf({ id, subject }: AuditEvent, predicate: string): readonly Subject[] {
  const { repository, environment, service, digest, head } = subject;
  const subjects: Subject[] = [];
  if (digest !== undefined) {
    const dirHash = Buffer.from(digest.slice("h1:".length), "base64").toString("hex");
    subjects.push({ name: environment ?? service ?? repository, digest: { dirHash } });
  }
  if (head !== undefined) subjects.push({ name: repository, digest: { gitCommit: head } });
  if (subjects.length > 0) return subjects;
  return [{ name: id, digest: { sha256: createHash("sha256").update(predicate).digest("hex") } }];
}

/** What is signed: type and payload with their lengths, so that neither can be taken for the other. */
function preAuthentication(payload: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
    payload,
  ]);
}

interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== "object" || value === null) return false;
  const { payloadType: type, payload, signatures } = value as Partial<Record<keyof Envelope, unknown>>;
  return (
    typeof type === "string" &&
    typeof payload === "string" &&
    Array.isArray(signatures) &&
    signatures.every(
      (one: unknown) =>
        typeof one === "object" &&
        one !== null &&
        "keyid" in one &&
        typeof one.keyid === "string" &&
        "sig" in one &&
        typeof one.sig === "string",
    )
  );
}

/** Several spellings of JSON and of base64 decode to the same, and would be entries that differ and say the same. */
function isPlain({ payload, signatures }: Envelope, written: string): boolean {
  const respelled = {
    payloadType,
    payload: plain(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: plain(sig) })),
  };
  return JSON.stringify(respelled) === written;
}

function plain(base64: string): string {
  return Buffer.from(base64, "base64").toString("base64");
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
