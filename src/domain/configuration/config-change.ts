/**
 * - `changed`, `added`, `removed`: the value at a path.
 * - `reordered`: the same items stand in another order, which matters where the first one counts.
 */
export const changeKinds = ["changed", "added", "removed", "reordered"] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** One value of one configuration file that is not what it was. */
export interface ConfigChange {
  /** Path of the file in its repository. */
  readonly file: string;
  /** Where in the file: `redis.max_active`, `data["app.yaml"].redis.max_active`, `env[name=GOGC].value`. */
  readonly path: string;
  readonly kind: ChangeKind;
  /** As written, at most 120 characters; absent for what was added, and where the value may be a secret. */
  readonly from?: string;
  /** The same; absent for what was removed. */
  readonly to?: string;
  /** The value may be a secret, by its name or its shape: it is kept nowhere. */
  readonly secret?: true;
  /** Line of the newer file, 1-based; of the older one for what was removed; absent where it is not known. */
  readonly line?: number;
}

/** A file that was touched and whose values could not be compared. */
export interface UncomparedFile {
  readonly file: string;
  /** In words, with the line where there is one. */
  readonly reason: string;
}

/** One revision of the configuration's repository, and what it changed of a service's files. */
export interface ConfigRevision {
  /** Full commit hash, 40 or 64 hexadecimal digits. */
  readonly revision: string;
  /** The first annotated tag that has it; absent where none does. */
  readonly tag?: string;
  /** Who wrote it, as the repository says. */
  readonly author: string;
  /** First line of its message. */
  readonly subject: string;
  /** When it came into the branch, or was tagged; milliseconds since the epoch. */
  readonly atMs: number;
  readonly changes: readonly ConfigChange[];
  /** How many more values it changed than are listed. */
  readonly more: number;
  readonly uncompared: readonly UncomparedFile[];
}

/** What changed of a service's configuration shortly before a moment. */
export interface ConfigHistoryFacts {
  /** File that it was kept in. */
  readonly artifact: string;
  /** The repository, without credentials. */
  readonly repository: string;
  /** What was looked at there. */
  readonly paths: readonly string[];
  /** The moment that is asked about, milliseconds since the epoch. */
  readonly atMs: number;
  /** How far back was looked. */
  readonly windowMs: number;
  /** The latest first. Empty says that nothing changed only if `notes` is, too. */
  readonly revisions: readonly ConfigRevision[];
  /** What could not be looked at, one sentence each. */
  readonly notes: readonly string[];
}

/** A change that could explain a finding: inferred from what the setting is called, never proven. */
export interface Explains {
  /** Id of the finding, `f1`. */
  readonly finding: string;
  /** Why such a setting can lead there, one sentence. */
  readonly reason: string;
}

export interface JudgedChange extends ConfigChange {
  /** Absent where its name fits no finding, and where it came too long before. */
  readonly couldExplain?: Explains;
}

export interface JudgedRevision extends Omit<ConfigRevision, "changes"> {
  readonly changes: readonly JudgedChange[];
}

/** As published: what changed, and what of it could explain the findings beside it. */
export interface PublishedConfig extends Omit<ConfigHistoryFacts, "artifact" | "revisions"> {
  readonly revisions: readonly JudgedRevision[];
}
