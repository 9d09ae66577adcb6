import type { Frame } from "../code/frame.ts";

/**
 * What a goroutine waits for, the same word for every Go version and capture form.
 * The words are those of a Go 1.20+ traceback (Go source: runtime/runtime2.go, waitReasonStrings); older or newer
 * spellings are folded into them and kept verbatim in `GoroutineGroup.state`.
 *
 * `active` means not parked: running, runnable or preempted; a profile cannot tell these apart.
 */
export type WaitReason =
  | "chan send"
  | "chan receive"
  | "chan send (nil chan)"
  | "chan receive (nil chan)"
  | "select"
  | "select (no cases)"
  | "sync.Mutex.Lock"
  | "sync.RWMutex.RLock"
  | "sync.RWMutex.Lock"
  | "sync.WaitGroup.Wait"
  | "sync.Cond.Wait"
  | "semacquire"
  | "IO wait"
  | "syscall"
  | "sleep"
  | "GC"
  | "active"
  | "other";

/** One goroutine kept as an example of its group; only a dump (debug=2, panic, SIGQUIT) has these. */
export interface Goroutine {
  readonly id: number;
  readonly waitMinutes?: number;
  /** Id of the goroutine that started this one (Go 1.21+). */
  readonly parentId?: number;
  /**
   * Live pointer-like arguments: hexadecimal words of at least 0x1000 that the traceback did not mark `?`
   * (possibly stale). `frame` is an index into the group's stack.
   */
  readonly pointers: readonly { readonly frame: number; readonly value: number }[];
  readonly labels?: string;
}

/** Goroutines that share state and stack. */
export interface GoroutineGroup {
  /** The state as the capture says it ("chan send", "semacquire"); derived from the leaf frames for profiles. */
  readonly state: string;
  readonly wait: WaitReason;
  readonly count: number;
  /**
   * Minutes waited, as printed by a dump; absent below one minute, and before the process has collected twice. They begin
   * with the end of the collection before the first one that saw the wait, so they may be too many by the time between the
   * two (Go source: runtime/mgcmark.go markroot takes work.tstart, which runtime/mgc.go gcMark sets at the end of a cycle);
   * `withProvenAges` takes away those that are known to be doubtful.
   */
  readonly waitMinutes?: { readonly min: number; readonly max: number };
  /** Innermost frame first. */
  readonly stack: readonly Frame[];
  /** How many frames the runtime left out ("...N frames elided..."); 0 for none, -1 when it did not say. */
  readonly elidedFrames: number;
  /** The function and line of the `go` statement; only in dumps. */
  readonly createdBy?: Frame;
  /** How many of them are locked to an OS thread; only in dumps. */
  readonly lockedToThread: number;
  /** A few goroutines of the group, oldest wait first; empty when the form has no ids. */
  readonly exemplars: readonly Goroutine[];
  /**
   * Address of a `sync.Mutex` waited for -> how many goroutines wait for it. Only from the live argument of
   * lockSlow in a dump; bounded, so the counts may add up to less than `count`.
   */
  readonly waitedMutexes: ReadonlyMap<number, number>;
}

/**
 * Which capture a snapshot was read from.
 * - `profile`: debug=0 protobuf; all frames, wait reason derived, no ids, ages or creators.
 * - `counts`: debug=1 text; leading runtime frames hidden, so channel waits cannot be told apart.
 * - `dump`: debug=2 text, panic or SIGQUIT output; everything, but stops the world while written.
 */
export type SnapshotForm = "profile" | "counts" | "dump";

/** All goroutines of one process at one moment. */
export interface GoroutineSnapshot {
  readonly artifact: string;
  readonly form: SnapshotForm;
  /** Milliseconds since the epoch, when the capture or its manifest says so. */
  readonly takenAtMs?: number;
  /** How many goroutines the process had. Larger than `counted` when the capture is incomplete. */
  readonly total: number;
  /** How many goroutines are in `groups`: every one that was read is in exactly one group. */
  readonly counted: number;
  /** Largest first; equal sizes in order of first appearance. */
  readonly groups: readonly GoroutineGroup[];
  /** Main binary of the process, when a profile's mapping names it. */
  readonly binary?: { readonly file: string; readonly buildId: string };
  /** Why goroutines may be missing, in words; absent when the capture is whole. */
  readonly incomplete?: string;
  /** Set when a program other than the process wrote the profile; see `Profile.rewritten`. */
  readonly rewritten?: true;
}
