/** Who is capturing a target at the moment. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

export type LockAttempt =
  | {
      readonly held: true;
      release(): Promise<void>;
      /** Aborted when the lock was lost before it was released; absent where that cannot happen. */
      readonly lost?: AbortSignal;
    }
  | { readonly held: false; readonly holder: LockHolder };

/** At most one capture per target at a time, whoever starts it. */
export interface CaptureLock {
  /**
   * Takes the lock of `target` (a `GoTarget`'s name) or tells who has it; does not wait. A lock whose holder is dead or whose
   * `expiresAtMs` has passed is taken over. Throws PortError `unavailable` when locks cannot be kept at all.
   */
  acquire(target: string, expiresAtMs: number, signal: AbortSignal): Promise<LockAttempt>;
}
