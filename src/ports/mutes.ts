import type { Mute, MuteSubject } from "../domain/alerts/mute.ts";
import type { Place } from "../domain/chat/message.ts";
import type { ActedBy } from "./open-acts.ts";

/** The request with which somebody mutes, and where it is to be announced. */
export type MutedBy = ActedBy & { readonly place: Place };

/**
 * Silences that end by themselves. With `by` it is noted as an open act in the same step; without, nobody is told. All
 * methods throw PortError `unavailable` or `timeout`, and the signal's reason.
 */
export interface Mutes {
  /** Begins it, or replaces the one of the same subject. */
  mute(mute: Mute, signal: AbortSignal, by?: MutedBy): Promise<void>;
  /** Ends it; gives back what was ended, undefined when there was nothing. */
  unmute(subject: MuteSubject, signal: AbortSignal, by?: MutedBy): Promise<Mute | undefined>;
  /** Those that hold now, the one that ends first at the front. */
  list(signal: AbortSignal): Promise<readonly Mute[]>;
}
