import type { ConfigChange, UncomparedFile } from "./config-change.ts";

/** Takes one change back, whatever came after it. */
export interface RevertWay {
  readonly kind: "revert";
  /** Full commit hash. */
  readonly revision: string;
  /** Its tag, else the beginning of its hash. */
  readonly name: string;
  readonly author: string;
  readonly subject: string;
  /** When it took effect; milliseconds since the epoch. */
  readonly atMs: number;
  readonly askedAtMs: number;
  readonly isMerge: boolean;
  /** Name of an earlier change that this one is the opposite of: somebody has rolled that back. */
  readonly undoes?: string;
  /** The incident in whose thread was asked. */
  readonly incident?: {
    readonly id: string;
    /** What its context is of: "the page", "the capture". */
    readonly moment: string;
    readonly momentMs: number;
    /** The finding that the change could explain, and why such a setting can lead there; inferred. */
    readonly suspected?: { readonly finding: string; readonly title: string; readonly reason: string };
  };
}

/** Has the service's files as they were at some version. */
export interface RestoreWay {
  readonly kind: "restore";
  /** Full commit hash. */
  readonly revision: string;
  /** What the person named, spelt out. */
  readonly name: string;
  /** What is to be restored: files, or folders where those would be too many; at least one. */
  readonly paths: readonly string[];
}

/** A value that has become another one once more since the change: git cannot take the change back by itself. */
export interface MovedValue {
  /** From what the change made of it to what it is now. */
  readonly since: ConfigChange;
  /** What it was before the change, as written; absent where there was none, and where it may be a secret. */
  readonly before?: string;
}

/** A later change of the same files. */
export interface LaterChange {
  readonly name: string;
  readonly author: string;
  readonly atMs: number;
  /** How many values it changed there. */
  readonly values: number;
}

/** What a rollback takes back: one change, or files at a version that the branch once had. */
export type WriteWay =
  /** Full commit hash of the change; of a merge, against its first parent. */
  | { readonly kind: "revert"; readonly revision: string }
  /** Full commit hash of the version; files and folders, at least one. */
  | { readonly kind: "restore"; readonly revision: string; readonly paths: readonly string[] };

/** What gofire itself could write of it. */
export interface WritableRollback {
  /** Onto the branch, or beside it. */
  readonly push: "branch" | "proposal";
  readonly way: WriteWay;
  /** Files in which git cannot do it by itself. */
  readonly conflicts: readonly string[];
  /** Of exactly what would be written, see `PreparedWrite`; absent with conflicts and problems. */
  readonly digest?: string;
  /** Why it is not known. */
  readonly problem?: string;
}

/** What a rollback would put back. Nothing of it is done. */
export interface Rollback {
  readonly service: string;
  /** The repository, without credentials. */
  readonly repository: string;
  /** Absent: the one that the repository has checked out. */
  readonly branch?: string;
  readonly way: RevertWay | RestoreWay;
  /** From what stands there now to what would come back: of the service's files. */
  readonly own: readonly ConfigChange[];
  /** The same of other files that the change touched. */
  readonly others: readonly ConfigChange[];
  readonly moved: readonly MovedValue[];
  /** How many values of the change are as before already. */
  readonly already: number;
  /** Files that would be touched and whose values cannot be compared. */
  readonly uncompared: readonly UncomparedFile[];
  /** The latest first. */
  readonly later: readonly LaterChange[];
  /** What could not be looked at, one sentence each. */
  readonly notes: readonly string[];
  /** Absent where gofire may not write. */
  readonly writable?: WritableRollback;
}
