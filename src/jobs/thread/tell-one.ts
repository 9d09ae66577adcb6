import type { MessageBody, Place } from "../../domain/chat/message.ts";
import type { Chat } from "../../ports/chat.ts";
import { refuses } from "./show-message.ts";

/** Says it to one person alone. Who has left the channel meanwhile, or where gofire may not write, hears nothing. */
export async function tellOne(
  aside: Place,
  userId: string,
  body: MessageBody,
  chat: Pick<Chat, "tellOnly">,
  signal: AbortSignal,
): Promise<void> {
  try {
    await chat.tellOnly(aside, userId, body, signal);
  } catch (error) {
    if (!refuses(error)) throw error;
  }
}
