/** At most one sender of a message at a time, over all workers. */
export interface SendLocks {
  /**
   * Takes the lock of `message` (an intent, or a posted message's reference), or gives undefined where somebody else has it;
   * does not wait. Throws PortError `unavailable` when locks cannot be kept at all, and the signal's reason.
   */
  acquire(message: string, signal: AbortSignal): Promise<SendLock | undefined>;
}

export interface SendLock {
  /** Aborted when it was lost before it was released. */
  readonly lost: AbortSignal;
  /**
   * Whether a call to the chat that begins now is over, and what it brought there for everybody to see, before anybody else can
   * have the lock. False after this process, or its machine, stood still for too long.
   */
  mayBegin(): boolean;
  /** Nobody gets it for `restMs` more, 0 by default. */
  release(restMs?: number): Promise<void>;
}
