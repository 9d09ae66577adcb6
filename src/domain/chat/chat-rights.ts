import type { Audience } from "./chat-reply.ts";

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

/** Who may do what in the chat. */
export interface ChatAccess {
  /** One entry for each right that the configuration names; an empty one lets nobody in. */
  readonly rights: Readonly<Partial<Record<ChatRight, Audience>>>;
  /** For rights that are not named; absent: every full member of the workspace. */
  readonly others?: Audience;
  /** Whom refusals name; empty when the configuration names nobody. */
  readonly givenBy: Audience;
}
