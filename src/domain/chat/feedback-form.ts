/**
 * The form that asks why a finding is wrong. What the chat calls it and its input: who draws it and who reads what was
 * filled in agree by these.
 */
export const feedbackForm = {
  id: "feedback",
  /** Block and element have the same id. */
  comment: "comment",
} as const;

/** Longest comment that is kept. */
export const mostCommentCharacters = 500;

/** The form with every finding of an incident: a block and an element for each, both called as the finding. */
export const judgeForm = { id: "judge" } as const;

/** More are in no verdict that a person reads through; a view holds 100 blocks. */
export const mostJudged = 40;
