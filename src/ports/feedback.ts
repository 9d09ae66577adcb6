import type {
  FeedbackTally,
  JudgedFinding,
  Opinion,
  Opinions,
  RuleComment,
  RuleRecord,
  Voice,
} from "../domain/findings/feedback.ts";

/** What a voice stood for when it was given; kept with it. */
export interface VoiceFacts extends JudgedFinding {
  readonly gofireVersion: string;
  readonly goVersion?: string;
}

/**
 * What people say of findings, counted by rule for good. All methods throw PortError `unavailable` or `timeout` when
 * the store cannot be reached, and the signal's reason.
 */
export interface Feedback {
  /** Counts the findings of an incident's verdict, once however often it is called for that incident. */
  fired(incidentId: string, findings: readonly JudgedFinding[], signal: AbortSignal): Promise<void>;
  /**
   * Gives or changes a person's voice; the same again changes nothing. One without a comment keeps the comment of
   * before when it says the same. `before`: what the person said until now. With an `intent` a change is noted as an open
   * act in the same step.
   */
  say(
    voice: Voice,
    about: VoiceFacts,
    signal: AbortSignal,
    intent?: string,
  ): Promise<{ readonly tally: FeedbackTally; readonly before?: Opinion; readonly isNew: boolean }>;
  /** What a person says of the findings of an incident by now. */
  saidBy(incidentId: string, userId: string, signal: AbortSignal): Promise<Opinions>;
  /** The newest comments of all rules, newest first, at most `limit`; also those of people who changed their mind. */
  comments(limit: number, signal: AbortSignal): Promise<readonly RuleComment[]>;
  /** Every rule and confidence that was ever counted, in no order. */
  records(signal: AbortSignal): Promise<readonly RuleRecord[]>;
}
