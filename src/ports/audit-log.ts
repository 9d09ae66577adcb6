import type { AuditEvent, LoggedEvent } from "../domain/audit/audit-event.ts";

/** Who did what, for good: entries are added and never changed. */
export interface AuditLog {
  /** The log's name in its checkpoints; never another one later. */
  readonly origin: string;
  /** What others check its checkpoints and entries with: `origin+hash+base64` (c2sp.org/signed-note). */
  readonly verifier: string;
  /**
   * Resolves once the entry is durable and in a signed checkpoint. Same id again: the entry that there is, even if it says
   * something else. Throws PortError `unavailable` and `forbidden` (what stands there does not verify, another key): then
   * nothing of what it is about may be done, though the entry may be in all the same; append it again to know. TypeError for
   * what is not an event or is too large for an entry.
   */
  append(event: AuditEvent, signal: AbortSignal): Promise<LoggedEvent>;
  /** What was in a signed checkpoint when the call began, in order, from that index on. Throws PortError. */
  entries(from: number, signal: AbortSignal): AsyncIterable<LoggedEvent>;
  /** The latest signed note, at least as large as every one before. Throws PortError. */
  checkpoint(signal: AbortSignal): Promise<string>;
  /** The same for all who add to the same log, and no other one's. Throws PortError. */
  place(signal: AbortSignal): Promise<string>;
  /** What was being added is in when this resolves. */
  close(): Promise<void>;
}

/** The files of a log as c2sp.org/tlog-tiles names them, wherever they are. */
export interface AuditLogFiles {
  /** For people: a folder, or an address without credentials. */
  readonly where: string;
  /**
   * `checkpoint`, `tile/…`; undefined when there is none. Of a longer file as much as shows that it is longer, or PortError
   * `bad-response`. Throws PortError `unavailable`, `timeout` and `forbidden`, too.
   */
  read(path: string, mostBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Whether gofire's own files are there besides those that everybody may have. */
  readonly isOwn: boolean;
  close(): Promise<void>;
}

/** How a log is signed. */
export interface AuditSigning {
  readonly origin: string;
  /** Ed25519, PKCS#8 in PEM; absent: one that is kept in the state folder. */
  readonly pem?: string;
  readonly stateFolder: string;
  /** Where the key is named, for messages. */
  readonly at: string;
}

/** Logs to keep, and logs to read. */
export interface AuditLogs {
  /**
   * The log in `folder`, which is made with its first entry. Makes the key when none was given and none is kept. Throws
   * UsageError for a key that cannot sign a log, PortError when the state folder cannot be used.
   */
  keep(folder: string, signing: AuditSigning): Promise<AuditLog>;
  /** What the log is checked with; undefined when there is no key yet. Makes nothing. */
  verifierOf(signing: AuditSigning): Promise<string | undefined>;
  /** Of a folder or an address. Throws UsageError for what is neither. */
  files(where: string): AuditLogFiles;
}
