import type { ConfigWriter } from "./config-writer.ts";

/** Of what is looked for. Paths are files or folders of the repository, taken literally. */
export interface ChangeWindow {
  readonly paths: readonly string[];
  /** Milliseconds since the epoch; both ends belong to it. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** What a file held: its bytes, nothing because it was not there, or why it is not handed out. */
export type FileState = Uint8Array | "absent" | { readonly unread: string };

export interface TouchedFile {
  /** Path in the repository. */
  readonly path: string;
  readonly before: FileState;
  readonly after: FileState;
}

/** Files that are others, by path. */
export interface TouchedFiles {
  readonly files: readonly TouchedFile[];
  /** How many more there are than are handed out. */
  readonly more: number;
}

/** One change as it came into the branch: a merge is one, whatever stands behind it. */
export interface TouchedRevision extends TouchedFiles {
  /** Full commit hash. */
  readonly revision: string;
  /** Full commit hashes. The first is what the branch was at before, a second one makes it a merge; none: all begins with it. */
  readonly parents: readonly string[];
  /** The first annotated tag that has it; absent where none does. */
  readonly tag?: string;
  readonly author: string;
  /** First line of the message. */
  readonly subject: string;
  /** When it was merged, or when that tag was made, if that is later; milliseconds since the epoch. */
  readonly atMs: number;
}

export interface HistoryAnswer {
  /** The latest first. */
  readonly revisions: readonly TouchedRevision[];
  /** What could not be looked at, one sentence each: nothing found is only then nothing changed when there are none. */
  readonly notes: readonly string[];
}

/** A revision that a name stands for, or those that it could stand for; none when there is no such. */
export type NamedRevision =
  | { readonly revision: string; readonly name: string }
  | { readonly candidates: readonly string[] };

/** Which proposal is asked about, and for which environments. */
export interface ProposalQuestion {
  /** The number of a pull or merge request, the name of a branch, or a commit. */
  readonly name: string;
  /** The commit that it would be merged into, its full hash. Absent: what the branch is at. */
  readonly tip?: string;
  /** Files and folders of the repository by the environment's name; at least one each. */
  readonly environments: ReadonlyMap<string, readonly string[]>;
}

/** What merging a proposal would make of an environment's files. */
export interface ProposedEnvironment {
  readonly name: string;
  /** Of all its files afterwards and now, as domain/configuration/proposal.ts says; empty where it cannot be told. */
  readonly digest: string;
  readonly was: string;
  /** Every file that would be another. */
  readonly files: readonly TouchedFile[];
  /** What keeps the digest from standing for all that there is, one sentence each: symbolic links, names with line breaks. */
  readonly problems: readonly string[];
}

/** A proposal, and what merging it would leave. */
export interface ProposedTree {
  readonly name: string;
  /** Full commit hashes; the base is where it left the branch. */
  readonly tip: string;
  readonly base: string;
  readonly head: string;
  readonly subject: string;
  /** Of authors, committers and co-authors (trailers) of the commits that it would bring; lower case, each once. */
  readonly addresses: readonly string[];
  /** Those that would change, in the order they were asked in; and those without any file, with a problem. */
  readonly environments: readonly ProposedEnvironment[];
  /** Conflicts, by file; more commits than are looked at. */
  readonly problems: readonly string[];
}

/**
 * A repository that configuration is kept in, and what happened there.
 *
 * Every method throws PortError, worded for people: `not-found` (no such repository, branch, revision), `forbidden`,
 * `unavailable` (there is no git program, the remote does not answer and nothing is kept of it), `timeout`,
 * `bad-response` (anything else git says); and the signal's reason when it is aborted.
 */
export interface ConfigHistory {
  /** Its folder, or its address without credentials. */
  readonly name: string;
  /** Absent: the one that the repository has checked out. */
  readonly branch?: string;
  /** Where it was cloned from, without credentials; undefined where it does not say. */
  origin(signal: AbortSignal): Promise<string | undefined>;
  /** Whether a file of this machine, which is there, is in its checkout, whatever links lead to it. */
  holds(file: string, signal: AbortSignal): Promise<boolean>;
  /** The commit that the branch is at now, its full hash. */
  tip(signal: AbortSignal): Promise<string>;
  /** Changes that touched any of the paths within the window, twenty at most. */
  changes(window: ChangeWindow, signal: AbortSignal): Promise<HistoryAnswer>;
  /** What a commit, branch, tag, or a beginning of a commit's hash or of a tag's name stands for. */
  find(name: string, signal: AbortSignal): Promise<NamedRevision>;
  /** What is another in `head` than in `base`, both full commit hashes. Without paths: of all files. */
  between(base: string, head: string, paths: readonly string[], signal: AbortSignal): Promise<TouchedFiles>;
  /**
   * What a proposal is now and what merging it would leave, or what its name could mean. Never what is only known from before:
   * `unavailable` when the remote does not answer, and of a clone that is cut off.
   */
  proposal(
    question: ProposalQuestion,
    signal: AbortSignal,
  ): Promise<ProposedTree | { readonly candidates: readonly string[] }>;
  /** Ends what still runs for it. */
  close(): Promise<void>;
}

/** Sent as HTTP's Basic credentials (RFC 7617): `user` has no colon. */
export interface GitCredentials {
  readonly user: string;
  readonly token: string;
}

/** Which repository, and what of it counts. */
export interface HistoryPlace {
  /** A folder (a checkout or a bare repository), or an address that git can fetch from. */
  readonly repository: string;
  /** Absent: the one that the repository has checked out. */
  readonly branch?: string;
  /** Only tags like this count, e.g. `v*-prod-*`. Absent: all annotated ones. */
  readonly tags?: string;
  /** Read anew for each fetch, so that a token may be another one meanwhile. Only for an address of https, or on this machine. */
  readonly credentials?: () => Promise<GitCredentials>;
}

/** When a rollback is measured, all from its push on. */
export interface VerifyTimes {
  /** What was pushed takes its time to reach a process. */
  readonly firstAfterMs: number;
  /** From one capture's begin to the next one's. */
  readonly againAfterMs: number;
  /** Then it is over. */
  readonly withinMs: number;
}

/** The configuration of one service. */
export interface ServiceConfigFiles {
  readonly history: ConfigHistory;
  /** At least one. */
  readonly paths: readonly string[];
  /** Absent: gofire may not write there. */
  readonly writer?: ConfigWriter;
  /** When after a push it is measured whether it helped; absent: the usual times. */
  readonly verify?: Partial<VerifyTimes>;
}

export interface ConfigCatalog {
  /** Undefined for a service, or an address, of which nobody said which files are its. */
  of(service: string | undefined): ServiceConfigFiles | undefined;
  /** Ends what still runs for any of them. */
  close(): Promise<void>;
}

export interface ConfigHistories {
  /** Nothing is asked before the first question. `stateFolder` is where a copy of a remote repository is kept. */
  open(place: HistoryPlace, stateFolder: string): ConfigHistory;
}
