const inChat = "slack:";

/** Who did it when nobody asked for it just then: gofire itself. */
export const gofireActor = "gofire";

/** What the audit log calls somebody of the chat, by their id there: `slack:U024BE7LH`. */
export function actorOf(userId: string): string {
  return `${inChat}${userId}`;
}

/** What the chat calls whom the audit log names; gofire itself stays as it is. */
export function userIdOf(actor: string): string {
  return actor.startsWith(inChat) ? actor.slice(inChat.length) : actor;
}

/** `text` with everybody whom it names as the audit log does written another way. */
export function withActors(text: string, write: (userId: string) => string): string {
  return text.replace(/\bslack:([UW][A-Z0-9]+)\b/g, (_all, userId: string) => write(userId));
}
