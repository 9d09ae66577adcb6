/** What people may be allowed to do in the chat, one by one. Reading help needs no right. */
export const chatRights = [
  "snapshot",
  "status",
  "explain",
  "diff",
  "tls",
  "mute",
  "resolve",
  "feedback",
  "rollback",
  "approve",
] as const;
export type ChatRight = (typeof chatRights)[number];
