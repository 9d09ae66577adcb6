import type { RuleComment, RuleRecord } from "../domain/findings/feedback.ts";

/** How rules did so far, as the bot counted it. */
export interface RuleRecords {
  /** Whose records, in words for people: an address without secrets, or a folder. */
  readonly where: string;
  readonly records: readonly RuleRecord[];
  /** Newest first. */
  readonly comments: readonly RuleComment[];
}
