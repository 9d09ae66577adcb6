import type { Place } from "../../domain/chat/message.ts";

/** Where somebody did something. */
export interface Spot {
  /** For what everybody may see: the thread of the message that it was done at, begun with that if need be. */
  readonly place: Place;
  /**
   * For what the person alone is to see. Slack shows that in a thread only when "there is already an active thread"
   * (https://docs.slack.dev/reference/methods/chat.postEphemeral, `thread_ts`), so it is the channel unless the
   * message is a reply.
   */
  readonly aside: Place;
}

/** `ts` is the message's own; `thread` what it is a reply to: Slack names a message with replies as its own thread. */
export function spotAt(channel: string, ts?: string, thread?: string): Spot {
  const root = thread ?? ts;
  return {
    place: root === undefined ? { channel } : { channel, thread: root },
    aside: thread === undefined || thread === ts ? { channel } : { channel, thread },
  };
}

/** As a form remembers it. */
export function noteOf({ place, aside }: Spot): object {
  return aside.thread === undefined ? place : { ...place, isReply: true };
}

export function spotNoted(channel: string, thread: string | undefined, isReply = false): Spot {
  return isReply ? spotAt(channel, undefined, thread) : spotAt(channel, thread);
}
