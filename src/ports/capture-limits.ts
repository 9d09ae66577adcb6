type Entry =
  | { readonly entered: true; leave(): Promise<void> }
  | { readonly entered: false /** In words for people. */; readonly reason: string };

/**
 * How much may be captured at the same time and how soon again, over all workers. Methods throw PortError
 * `unavailable` and the signal's reason.
 */
export interface CaptureLimits {
  /** Takes a place under the caps of `service` and of all services, or says which of them is reached. */
  enter(service: string, signal: AbortSignal): Promise<Entry>;
  /** Milliseconds until alerts may have `service` captured again; 0 when they may now. People may always. */
  cooldownMs(service: string, signal: AbortSignal): Promise<number>;
  /** Which of these processes of `service` were captured so lately that alerts may not have them captured again. */
  cooling(service: string, instances: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Begins the cooldown of `service`, and of the process that was captured. */
  captured(service: string, instance: string | undefined, signal: AbortSignal): Promise<void>;
}
