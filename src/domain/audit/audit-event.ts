import { isJsonObject } from "../json-object.ts";

/** What the audit log records, each act once. */
const auditEventTypes = [
  "config.approved",
  "config.rejected",
  "config.withdrawn",
  "rollback.requested",
  "rollback.approved",
  "rollback.pushed",
  "rollback.verified",
  "rollback.unverified",
  "rollback.failed",
] as const;

export type AuditEventType = (typeof auditEventTypes)[number];

/** What an act is about. */
export interface AuditSubject {
  /** Without credentials. */
  readonly repository: string;
  readonly environment?: string;
  readonly service?: string;
  /** `h1:` and 32 bytes in base64, over the environment's files (golang.org/x/mod/sumdb/dirhash, Hash1). */
  readonly digest?: string;
  /** `42`, a branch, or a commit. */
  readonly proposal?: string;
  /** Full commit hashes. */
  readonly base?: string;
  readonly head?: string;
  readonly incident?: string;
}

/** Somebody did something. Small and plain JSON; no secrets, no values of configuration, no e-mail addresses. */
export interface AuditEvent {
  /** Of the act, not of the try: an id that is in the log already is not added again. `[A-Za-z0-9:._-]{1,200}` */
  readonly id: string;
  readonly type: AuditEventType;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** `slack:U024BE7LH`, or `gofire` (actor.ts). */
  readonly actor: string;
  readonly subject: AuditSubject;
  /** What else there is to say, in a few flat values. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** An event and its place in the log, from 0. */
export interface LoggedEvent {
  readonly index: number;
  readonly event: AuditEvent;
}

const subjectNames = [
  "repository",
  "environment",
  "service",
  "digest",
  "proposal",
  "base",
  "head",
  "incident",
] as const satisfies readonly (keyof AuditSubject)[];

const directoryHash = /^h1:[A-Za-z0-9+/]{43}=$/;
const commitHash = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * `value` as an event with its parts in one order, so that the same event is the same bytes everywhere; or what is wrong
 * with it, in words.
 */
export function readAuditEvent(value: unknown): AuditEvent | string {
  if (!isJsonObject(value)) return "is not an object";
  const { id, type, atMs, actor, subject, facts, ...others } = value;
  const [other] = Object.keys(others);
  if (other !== undefined) return `has ${other}, which is no part of an event`;
  if (typeof id !== "string" || !/^[A-Za-z0-9:._-]{1,200}$/.test(id)) return "has no usable id";
  const known = auditEventTypes.find((name) => name === type);
  if (known === undefined) return `has no known type: ${JSON.stringify(type)}`;
  if (typeof atMs !== "number" || !Number.isSafeInteger(atMs) || atMs < 0) return "has no usable time";
  if (typeof actor !== "string" || !/^\S{1,200}$/.test(actor)) return "has no usable actor";
  const about = readSubject(subject);
  if (typeof about === "string") return about;
  if (facts === undefined) return { id, type: known, atMs, actor, subject: about };
  if (!isFacts(facts)) return "has facts that are not texts, finite numbers and booleans by name";
  return { id, type: known, atMs, actor, subject: about, facts: sorted(facts) };
}

function readSubject(value: unknown): AuditSubject | string {
  if (!isJsonObject(value)) return "has no subject";
  const [other] = Object.keys(value).filter((name) => !subjectNames.some((known) => known === name));
  if (other !== undefined) return `has ${other} in its subject, which is no part of one`;
  const given = subjectNames.flatMap((name) =>
    value[name] === undefined ? [] : [[name, value[name]] as const],
  );
  for (const [name, text] of given)
    if (typeof text !== "string" || text === "") return `has no usable ${name}`;
  // Every value has just been seen to be a text.
  const subject = Object.fromEntries(given) as Partial<Record<keyof AuditSubject, string>>;
  const { repository, digest, base, head } = subject;
  if (repository === undefined) return "has no repository";
  if (digest !== undefined && !directoryHash.test(digest)) return "has a digest that is not h1: and base64";
  for (const hash of [base, head]) {
    if (hash !== undefined && !commitHash.test(hash)) return `has ${hash}, which is not a whole commit hash`;
  }
  return { ...subject, repository };
}

function isFacts(value: unknown): value is Record<string, string | number | boolean> {
  return (
    isJsonObject(value) &&
    Object.values(value).every(
      (fact) => typeof fact === "string" || typeof fact === "boolean" || Number.isFinite(fact),
    )
  );
}

function sorted<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
