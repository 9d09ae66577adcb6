import type { RollbackStep } from "../domain/configuration/rollback-step.ts";

/** What people want done about rollbacks, done by whichever worker is free: a repository may take its time. */
export interface RollbackSteps {
  /**
   * Asked twice with the same intent, it is done once. Throws PortError `rate-limited` with `retryAfterMs` and words for the
   * person when so many wait that this one is refused, `unavailable` when the queue cannot be reached, and the signal's reason.
   */
  ask(step: RollbackStep, signal: AbortSignal): Promise<void>;
}
