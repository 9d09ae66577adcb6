/** A message that was posted. */
export interface MessageRef {
  readonly channel: string;
  /** The chat's own name for the message inside its channel; Slack: `1716261120.000100`. */
  readonly ts: string;
}

/** Where something is to be posted. */
export interface Place {
  /** Id of the channel, not its name: names change. */
  readonly channel: string;
  /** `ts` of the message whose thread it goes to; the channel itself when absent. */
  readonly thread?: string;
}

/** Whether only two people, or one, read there: Slack's ids of direct messages begin with D, of people with U or W. */
export function isDirect(channel: string): boolean {
  return /^[DUW]/.test(channel);
}

/** A message as the chat takes it. */
export interface MessageBody {
  /** Says it all to who sees no blocks: notifications, screen readers. Never empty. */
  readonly text: string;
  /** In the chat's own format. */
  readonly blocks?: readonly object[];
  /** The same, with a coloured bar. */
  readonly attachments?: readonly object[];
}
