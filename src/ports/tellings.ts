/**
 * Which answers to one person alone were begun to be told: the chat cannot be searched for those. All methods throw PortError
 * `unavailable` or `timeout` when the store cannot be reached, and the signal's reason.
 */
export interface Tellings {
  /** Notes that the answer to this intent is about to be told. False: that was noted before, and it may have been told. */
  begin(intent: string, signal: AbortSignal): Promise<boolean>;
  /** It was not told, for certain. */
  forget(intent: string, signal: AbortSignal): Promise<void>;
}
