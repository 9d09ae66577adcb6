import type { RollbackDraft, RollbackRequest } from "../domain/configuration/rollback-request.ts";

/**
 * Rollbacks that people ask for, one of a service at a time. All methods throw PortError `unavailable` or `timeout` when the
 * store cannot be reached, and the signal's reason.
 */
export interface Rollbacks {
  /**
   * Keeps a new one, or gives the one that the same `asked.intent` began, or the one of the same service that is not over yet.
   */
  begin(
    draft: RollbackDraft,
    signal: AbortSignal,
  ): Promise<
    { readonly request: RollbackRequest; readonly isNew: boolean } | { readonly underWay: RollbackRequest }
  >;
  /** The one that this `asked.intent` began. */
  begunBy(intent: string, signal: AbortSignal): Promise<RollbackRequest | undefined>;
  read(id: string, signal: AbortSignal): Promise<RollbackRequest | undefined>;
  /**
   * Applies `change` to the newest version; when somebody else was quicker it is called again with theirs, so it must have no
   * effects. Returning the same object saves nothing. PortError `not-found`.
   */
  update(
    id: string,
    change: (now: RollbackRequest) => RollbackRequest,
    signal: AbortSignal,
  ): Promise<RollbackRequest>;
  /** All that are known, with the channel of each one's card. */
  all(signal: AbortSignal): Promise<readonly { readonly id: string; readonly channel: string }[]>;
  /** Whether the caller is the only one that has to do with it for `forMs` from now on: one that there is no record of. */
  claim(id: string, forMs: number, signal: AbortSignal): Promise<boolean>;
  /** Has a worker go on with it. */
  wake(id: string, signal: AbortSignal): Promise<void>;
  /** Ids of those of which not all is told yet, that changed before; the oldest first, at most 100. */
  untold(changedBeforeMs: number, signal: AbortSignal): Promise<readonly string[]>;
}
