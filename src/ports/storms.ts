import type { Storm, StormPage, StormPlace } from "../domain/alerts/storm.ts";

/**
 * Many pages in a short time, by channel. All methods throw PortError `unavailable` or `timeout` when the store cannot
 * be reached, and the signal's reason.
 */
export interface Storms {
  /**
   * Notes that a page began in the channel, and tells which storm it belongs to: one that goes on there, or that this
   * page makes one. Undefined while pages are few. Asked again about the same page it tells the same storm.
   */
  join(channel: string, page: StormPage, signal: AbortSignal): Promise<StormPlace | undefined>;
  read(id: string, signal: AbortSignal): Promise<Storm | undefined>;
  /** Every page of it, those that made it a storm as well; in no order. */
  pages(id: string, signal: AbortSignal): Promise<readonly StormPage[]>;
  /**
   * Applies `change` to the newest version and saves the result; called again when somebody else was quicker. Times and
   * id are the store's. PortError `not-found`.
   */
  update(id: string, change: (storm: Storm) => Storm, signal: AbortSignal): Promise<Storm>;
  /** Ends it when no page has begun for long enough: later pages are no part of it. Gives it as it is then. */
  endIfQuiet(id: string, signal: AbortSignal): Promise<Storm | undefined>;
  /** Has its digest brought up to date. */
  wake(id: string, signal: AbortSignal): Promise<void>;
  /** Nothing will change about it any more: it is not looked at again by itself. */
  settle(id: string, signal: AbortSignal): Promise<void>;
  /** Ids of those that are not settled and were not given out here for so long; at most 100. */
  unsettled(forMs: number, signal: AbortSignal): Promise<readonly string[]>;
}
