import type { GateRequest } from "../domain/configuration/gate-request.ts";

/** What people ask of the gate, done by whichever worker is free: a repository may take its time. */
export interface GateRequests {
  /**
   * Asked twice, it is done once. Throws PortError `rate-limited` with `retryAfterMs` and words for the person when so many wait
   * that this one is refused, `unavailable` when the queue cannot be reached, and the signal's reason.
   */
  ask(request: GateRequest, signal: AbortSignal): Promise<void>;
}
