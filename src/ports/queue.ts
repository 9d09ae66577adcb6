/**
 * People wait in front of a screen: their captures go before those that alerts asked for. Of these, the ones that call
 * themselves critical go first.
 */
export type Priority = "person" | "critical-page" | "page";

export interface QueueCounts {
  /** Captures that wait for a worker. */
  readonly waiting: number;
  /** Captures that wait for their target, for a place under a cap, or for another attempt. */
  readonly delayed: number;
  readonly capturing: number;
  /** Most captures that may wait. */
  readonly limit: number;
}

/**
 * What is to be done, by whichever worker is free. Payloads are ids. Everything may be enqueued twice; it is done once.
 * All methods throw PortError `unavailable` when the queue cannot be reached, and the signal's reason.
 */
export interface Queue {
  /**
   * Capture, then analyse. Throws PortError `rate-limited` with `retryAfterMs` and words for the person when so many
   * wait that this one is refused.
   */
  enqueueCapture(incidentId: string, priority: Priority, signal: AbortSignal): Promise<void>;
  /** Forgets a capture and analysis that are over, so that the incident may be captured again. */
  forgetCapture(incidentId: string, signal: AbortSignal): Promise<void>;
  /** Captures a peer of the incident's process and compares them, for the round `round` of the incident's peer. */
  enqueuePeer(incidentId: string, round: number, signal: AbortSignal): Promise<void>;
  /**
   * Wakes the publish job of the incident: it posts or edits the card and works off the replies. `soon` may wait for
   * other changes (at most 3 s), `now` does not.
   */
  publish(incidentId: string, when: "now" | "soon", signal: AbortSignal): Promise<void>;
  /** How many captures stand before this one: 0 is next; undefined when it does not wait for a worker. */
  placeOf(incidentId: string, signal: AbortSignal): Promise<number | undefined>;
  /**
   * What became of the incident's capture and analysis: `absent` when it was never enqueued or is long forgotten,
   * `over` when both are done or given up.
   */
  workOf(incidentId: string, signal: AbortSignal): Promise<"absent" | "pending" | "over">;
  /** The same of the comparison with a peer. */
  peerWorkOf(incidentId: string, round: number, signal: AbortSignal): Promise<"absent" | "pending" | "over">;
  counts(signal: AbortSignal): Promise<QueueCounts>;
}
