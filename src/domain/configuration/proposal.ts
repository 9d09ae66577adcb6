import type { ConfigChange, UncomparedFile } from "./config-change.ts";

/** A change that is not in the branch yet: a pull request, a branch or a commit. */
export interface Proposal {
  /** `42`, a branch, or a commit. */
  readonly name: string;
  /** The repository, without credentials. */
  readonly repository: string;
  /** Where it would go; absent: the branch that the repository has checked out. */
  readonly branch?: string;
  /** What that branch is at, where the proposal left it, and what it proposes; full commit hashes. */
  readonly tip: string;
  readonly base: string;
  readonly head: string;
  /** Of authors, committers and co-authors of every commit that it would bring; lower case, each once. */
  readonly addresses: readonly string[];
  /** First line of the message of its last commit. */
  readonly subject: string;
  /** Those whose files would be others, and those of which that cannot be told. */
  readonly environments: readonly ProposalEnvironment[];
  /** Why no environment of it can be approved, one sentence each: it cannot be merged, nobody knows who wrote it. */
  readonly problems: readonly string[];
}

/** A value that would be another one, and what that can do. */
export interface ProposedChange extends ConfigChange {
  /** What such a setting can do when it goes this way: a clause, inferred from its name. Absent where nothing is known. */
  readonly impact?: string;
}

/** What a proposal would make of the configuration of one environment. */
export interface ProposalEnvironment {
  readonly name: string;
  /**
   * `h1:…` of all its files as merging would leave them (golang.org/x/mod/sumdb/dirhash, Hash1): what an approval names. Empty
   * where it cannot be told; then there are problems.
   */
  readonly digest: string;
  /** The same of its files as the branch has them. An approval stands for the step from there. */
  readonly was: string;
  /** By value, from what the branch has to what merging would leave. */
  readonly changes: readonly ProposedChange[];
  /** How many more values change than are listed. */
  readonly more: number;
  readonly uncompared: readonly UncomparedFile[];
  /** Those of gofire.yaml whose files change. */
  readonly services: readonly string[];
  /** Why it cannot be approved, one sentence each, with `file:line:column` where there is one. */
  readonly problems: readonly string[];
  /** What is wrong in the files that it touches and was so before, with `file:line:column`: nobody is kept from approving. */
  readonly warnings: readonly string[];
}
