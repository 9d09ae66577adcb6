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
