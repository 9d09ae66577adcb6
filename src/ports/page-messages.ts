import type { PageMessage } from "../domain/alerts/page-message.ts";

/** A page message as it is kept. */
export interface KeptPageMessage extends PageMessage {
  /** Milliseconds since the epoch at which gofire first saw it fire, in this round. */
  readonly seenAtMs: number;
  /** Id of the alert group that it is the page of, once that is known. */
  readonly groupId?: string;
  /**
   * Name of the first message with this title in its channel since the page of that title was last over; its own when
   * it is that. The others are repeats, or tell the end.
   */
  readonly firstTs: string;
  /** How often it was changed from its end back to firing: each time is a page of its own. Absent: never. */
  readonly round?: number;
}

/**
 * Pages that other bots posted into the chat. All methods throw PortError `unavailable` or `timeout` when the store
 * cannot be reached, and the signal's reason.
 */
export interface PageMessages {
  /**
   * Keeps it, or its newer status, and has it worked on; whoever dies after this resolves. May be called again, and out of
   * order.
   */
  receive(message: PageMessage, signal: AbortSignal): Promise<void>;
  read(channel: string, ts: string, signal: AbortSignal): Promise<KeptPageMessage | undefined>;
  /**
   * Those that are no group's page yet and were first seen since then, oldest first, at most 500; with a `title` only
   * those that have it, whatever its capitals and blanks.
   */
  unclaimed(
    about: { readonly sinceMs: number; readonly title?: string },
    signal: AbortSignal,
  ): Promise<readonly KeptPageMessage[]>;
  /** The one that this group claimed last. */
  claimedBy(groupId: string, signal: AbortSignal): Promise<KeptPageMessage | undefined>;
  /** Makes it the page of that group unless it is another one's; tells whose it is. */
  claim(message: PageMessage, groupId: string, signal: AbortSignal): Promise<string>;
  /** The page that began with this message is over: the next one of its title is a new one. */
  over(channel: string, firstTs: string, signal: AbortSignal): Promise<void>;
  /** Has it worked on once more. */
  wake(channel: string, ts: string, signal: AbortSignal): Promise<void>;
}
