export interface Person {
  readonly id: string;
  readonly name: string;
  /**
   * - `member`: a full member of this workspace.
   * - `guest`: invited to single channels.
   * - `stranger`: of another workspace, in a shared channel.
   */
  readonly standing: "member" | "guest" | "stranger" | "bot" | "deactivated";
}

/**
 * Who people are. Answers may be some minutes old; when they cannot be had and nothing recent is known, methods throw
 * PortError, and who asks lets nobody in. Both throw the signal's reason.
 */
export interface People {
  /** Throws PortError `not-found` for somebody the chat does not know. */
  person(userId: string, signal: AbortSignal): Promise<Person>;
  /** False for a group that there is not. */
  isInGroup(userId: string, groupId: string, signal: AbortSignal): Promise<boolean>;
}
