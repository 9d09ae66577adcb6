/**
 * Who can read what is said where. Answers may be a minute old, some minutes while the chat does not answer; when
 * nothing is known, methods throw PortError, and who asks shows nothing. All throw the signal's reason.
 */
export interface Rooms {
  /** Whether every full member of the workspace can read the channel. False also for one that gofire cannot see. */
  isOpen(channel: string, signal: AbortSignal): Promise<boolean>;
  /** Whether nobody of another workspace or organisation reads there. False also for one that gofire cannot see. */
  isOnlyOurs(channel: string, signal: AbortSignal): Promise<boolean>;
  /** Whether somebody is in a channel that is not open. False where gofire itself is not. */
  isIn(userId: string, channel: string, signal: AbortSignal): Promise<boolean>;
}
