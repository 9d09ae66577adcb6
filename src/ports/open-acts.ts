import type { Mute, MuteSubject } from "../domain/alerts/mute.ts";
import type { Place } from "../domain/chat/message.ts";
import type { FeedbackTally, Opinion } from "../domain/findings/feedback.ts";

/** The request with which a person did something; its intent is the same however often it is delivered. */
export interface ActedBy {
  readonly userId: string;
  readonly intent: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Somebody's new voice on a finding, which the incident's card does not count yet. */
export interface OpenVoice extends ActedBy {
  readonly did: "judged-finding";
  readonly incidentId: string;
  readonly finding: string;
  readonly says: Opinion;
  /** As it is with this voice. */
  readonly tally: FeedbackTally;
  /** The person had said the same before: only the comment is new. */
  readonly isSame?: true;
}

/** A mute that was begun or ended, which the channel has not heard of yet. */
export type OpenMute = ActedBy & { readonly place: Place } & (
    | { readonly did: "muted"; readonly mute: Mute }
    | { readonly did: "unmuted"; readonly subject: MuteSubject; readonly mute: Mute }
  );

/** What somebody did that is kept, and not told yet to all who should know. */
export type OpenAct = OpenVoice | OpenMute;

/**
 * What people did, from the moment in which it is kept until it is told: noted in one step with what they did, so that
 * nobody's death leaves something done that nobody hears of. All methods throw PortError `unavailable` or `timeout`
 * when the store cannot be reached, and the signal's reason.
 */
export interface OpenActs {
  /** Those that are older, the oldest first, at most 100: who did them died before it told of them. */
  left(forMs: number, signal: AbortSignal): Promise<readonly OpenAct[]>;
  /** It is told. */
  close(intent: string, signal: AbortSignal): Promise<void>;
}
