import type { GateCard, GateCardPlace } from "../domain/configuration/gate-card.ts";

/**
 * Where proposals are shown. What was decided is in the audit log: without these records it is still there. All methods
 * throw PortError `unavailable` or `timeout` when the store cannot be reached, and the signal's reason.
 */
export interface GateCards {
  /** The one of the proposal in the channel; made when there is none. Its thread is the first one's for good. */
  open(where: GateCardPlace, signal: AbortSignal): Promise<GateCard>;
  /** The same; undefined when there is none. */
  find(where: GateCardPlace, signal: AbortSignal): Promise<GateCard | undefined>;
  read(id: string, signal: AbortSignal): Promise<GateCard | undefined>;
  /** Those that there are, whatever they are of: at least those that somebody changed within thirty days. */
  all(signal: AbortSignal): Promise<readonly { readonly id: string; readonly channel: string }[]>;
  /** Ids of those of a proposal in all channels. */
  of(where: Pick<GateCardPlace, "repository" | "proposal">, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Applies `change` to the newest version and saves the result; called again when somebody else was quicker. PortError
   * `not-found`.
   */
  update(id: string, change: (card: GateCard) => GateCard, signal: AbortSignal): Promise<GateCard>;
  /** Has it brought up to date, by whichever worker is free. `sinceMs`: since when it may be out of date, by the epoch. */
  wake(id: string, sinceMs: number, signal: AbortSignal): Promise<void>;
}
