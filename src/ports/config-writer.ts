import type { WriteWay } from "../domain/configuration/rollback.ts";
import type { GitCredentials, TouchedFiles } from "./config-history.ts";

/** What the repository would be. Nothing is written there yet. */
export interface PreparedWrite extends TouchedFiles {
  readonly kind: "prepared";
  /** What the branch was at when it was worked out, full commit hash: it is pushed onto this and nothing else. */
  readonly tip: string;
  /** The whole of its files as they would be: hash of git's tree. */
  readonly tree: string;
  /** Of the way, the branch, and each file with what it holds before and after, SHA-256 in hex: the same plan has the same. */
  readonly digest: string;
}

/** A branch that has it, and the commit. */
export interface Written {
  /** Full commit hash. */
  readonly commit: string;
  /** Where it was pushed to. */
  readonly branch: string;
  /** What the branch was at before; absent where that is not known any more. */
  readonly onto?: string;
}

/** What stands in the commit's message besides its trailer `Gofire-Rollback: id`. */
export interface WriteNote {
  /** One line of at most 72 characters. */
  readonly subject: string;
  readonly body: string;
}

/**
 * Writes to the repository that configuration is kept in.
 *
 * Every method asks the repository as it is now, and throws PortError, worded for people: `forbidden` (it takes no such
 * push: what to change is said), `not-found` (no such repository, branch, revision), `unavailable`, `timeout`,
 * `bad-response` (anything else git says); and the signal's reason when it is aborted.
 */
export interface ConfigWriter {
  /** The repository's folder, or its address without credentials. */
  readonly name: string;
  /** What rollbacks are made for. */
  readonly branch: string;
  /** Onto that branch, or beside it for people to merge. */
  readonly push: "branch" | "proposal";
  /** Works out what the branch would be. `conflict`: files that changed again since, so that git cannot do it by itself. */
  prepare(
    way: WriteWay,
    signal: AbortSignal,
  ): Promise<
    | PreparedWrite
    | { readonly kind: "conflict"; readonly files: readonly string[] }
    | { readonly kind: "nothing" }
  >;
  /** What was pushed with this id before, by anybody. */
  written(id: string, signal: AbortSignal): Promise<Written | undefined>;
  /**
   * Commits `tree` onto `tip` and pushes that; never more than one commit with this id (letters and digits). `moved`: the
   * branch is at another commit by now, and nothing was pushed.
   */
  write(
    prepared: Pick<PreparedWrite, "tip" | "tree">,
    id: string,
    note: WriteNote,
    signal: AbortSignal,
  ): Promise<Written | "moved">;
  /** Asks whether gofire may push there at all. What the server's own rules say to a commit is only known from one. */
  tryPush(signal: AbortSignal): Promise<void>;
  /** Ends what still runs for it. */
  close(): Promise<void>;
}

/** Where rollbacks are written to. */
export interface WritePlace {
  /** A folder, or an address that git can push to. */
  readonly repository: string;
  readonly branch: string;
  readonly push: ConfigWriter["push"];
  /** Read anew each time. Only for an address of https, or on this machine. */
  readonly credentials?: () => Promise<GitCredentials>;
}

export interface ConfigWriters {
  /** Nothing is asked before the first question. `stateFolder` is where a bare copy is kept. */
  open(place: WritePlace, stateFolder: string): ConfigWriter;
}
