/** What an environment asks of a proposal before it may be released. */
export interface GatePolicy {
  readonly environment: string;
  /** Files and folders of the repository that are its configuration. */
  readonly paths: readonly string[];
  /** Approvals by different people; more where nobody knows who wrote a commit. */
  readonly approvals: number;
  /** After this an approval or rejection counts no more. */
  readonly expiresAfterMs: number;
}

/**
 * People by what the audit log calls them, `slack:U024BE7LH`, and the addresses in lower case that they commit with. Two that
 * share an address are one person.
 */
export type People = ReadonlyMap<string, readonly string[]>;

/** The part of an entry of the audit log that the gate reads. */
export interface LoggedDecision {
  /** Its place in the log; a later one of the same person takes the place of an earlier one. */
  readonly index: number;
  readonly event: {
    readonly type: string;
    /** Milliseconds since the epoch. */
    readonly atMs: number;
    readonly actor: string;
    readonly subject: {
      readonly repository: string;
      readonly environment?: string;
      readonly digest?: string;
    };
    readonly facts?: Readonly<Record<string, string | number | boolean>>;
  };
}

/** An approval or a rejection that counts. */
export interface CountedDecision {
  readonly actor: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
  /** Of its entry in the log. */
  readonly index: number;
}

/**
 * - `author`: wrote or committed some of it. - `unlinked`: `people` does not say which addresses are theirs, so they may have.
 * - `expired`. - `ahead`: dated in the future. - `other-step`: given to the same result from another beginning.
 * - `other-repository`: given to the same files in another one.
 */
export type UncountedReason = "author" | "unlinked" | "expired" | "ahead" | "other-step" | "other-repository";

export interface UncountedDecision {
  readonly actor: string;
  readonly atMs: number;
  readonly kind: "approval" | "rejection";
  readonly why: UncountedReason;
  /** The other one, of `other-repository`. */
  readonly repository?: string;
}

/**
 * - `not-applicable`: nothing of the environment would change. - `refused`: cannot be approved as it is. - `rejected`: somebody
 * who may said no. - `waiting`: for approvals. - `approved`: may be released.
 */
export type GateVerdict = "not-applicable" | "refused" | "rejected" | "waiting" | "approved";

/** Where a proposal stands at the gate of one environment. */
export interface GateState {
  readonly environment: string;
  readonly verdict: GateVerdict;
  /** Absent where nothing changes, and where it cannot be told. */
  readonly digest?: string;
  /** Why it is refused, one sentence each; empty otherwise. */
  readonly reasons: readonly string[];
  /** Approvals that it takes: of the policy, and one for each of `unknownAddresses`. */
  readonly needed: number;
  /** One for each person, in the order of the log. */
  readonly approvals: readonly CountedDecision[];
  readonly rejections: readonly CountedDecision[];
  readonly uncounted: readonly UncountedDecision[];
  /** Who of `people` has a part in it and does not count. */
  readonly authors: readonly string[];
  /** Addresses in its commits that nobody in `people` has: any of them may be an approver's. */
  readonly unknownAddresses: readonly string[];
}
