import type { Mute, MuteSubject } from "../domain/mute.ts";

/** Silences that end by themselves. All methods throw PortError `unavailable` or `timeout`, and the signal's reason. */
export interface Mutes {
  /** Begins it, or replaces the one of the same subject. */
  mute(mute: Mute, signal: AbortSignal): Promise<void>;
  /** Ends it; gives back what was ended, undefined when there was nothing. */
  unmute(subject: MuteSubject, signal: AbortSignal): Promise<Mute | undefined>;
  /** Those that hold now, the one that ends first at the front. */
  list(signal: AbortSignal): Promise<readonly Mute[]>;
}
