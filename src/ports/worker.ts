export type JobName =
  | "capture"
  | "analyse"
  | "publish"
  | "peer"
  | "page"
  | "page-message"
  | "storm"
  | "tls-look"
  | "gate"
  | "gate-card"
  | "rollback"
  | "rollback-step";

/** One run of a job. */
export interface JobRun {
  /** Aborted when the job takes too long, is no longer this worker's, or the worker has to end now. */
  readonly signal: AbortSignal;
  /** 1 for the first one; runs that end `later` do not count. */
  readonly attempt: number;
}

/**
 * - `done`: over, well or not; the incident tells.
 * - `later`: it cannot go on now; run it again after `delayMs`. Not a failure, never counted as an attempt.
 */
export type JobOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "later"; readonly delayMs: number; readonly reason: string };

/** A job with everything it needs, as a worker runs it. */
export interface RunnableJob {
  readonly name: JobName;
  /** Runs until a temporary failure counts as a final one. */
  readonly attempts: number;
  /** Before the second attempt; doubles with each further one. */
  readonly backoffMs: number;
  /** The run's signal is aborted then. */
  readonly timeoutMs: number;
  /** Runs of it at the same time in one process. */
  readonly concurrency: number;
  /**
   * Throws PortError `unavailable`, `timeout`, `rate-limited` or `locked-out` to be tried again (after `retryAfterMs` when
   * there is one, and then it does not count as an attempt); anything else is final.
   */
  run(payload: unknown, run: JobRun): Promise<JobOutcome>;
  /** Called once no further attempt is made, possibly in another process and more than once. */
  gaveUp(payload: unknown, reason: string, signal: AbortSignal): Promise<void>;
}

export interface RunningWorker {
  /**
   * Takes no new jobs and waits up to `graceMs` for those that run. Then their signals are aborted and they are
   * handed to another worker.
   */
  stop(graceMs: number): Promise<void>;
}
