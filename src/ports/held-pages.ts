/** A page that waits for a mute to end. */
export type HeldPage =
  | { readonly kind: "group"; readonly groupId: string }
  /** One that only stands in the chat. */
  | { readonly kind: "message"; readonly channel: string; readonly ts: string };

/** A page as it was last held. */
export interface Holding {
  readonly page: HeldPage;
  /** Another one each time that the page is held. */
  readonly number: number;
}

/**
 * Pages that nobody answers because their service is muted, until the mute is over. All methods throw PortError
 * `unavailable` or `timeout` when the store cannot be reached, and the signal's reason.
 */
export interface HeldPages {
  /** Holding it twice is holding it once. */
  hold(service: string, page: HeldPage, signal: AbortSignal): Promise<void>;
  /** Services of which pages are held. */
  services(signal: AbortSignal): Promise<readonly string[]>;
  /** At most `limit` of the service's; those that were held last come last. */
  of(service: string, limit: number, signal: AbortSignal): Promise<readonly Holding[]>;
  /** These are held no longer, but for those that were held again meanwhile. */
  release(service: string, held: readonly Holding[], signal: AbortSignal): Promise<void>;
}
