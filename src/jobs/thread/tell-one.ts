import type { MessageBody, Place } from "../../domain/chat/message.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Tellings } from "../../ports/tellings.ts";
import { refuses, wasNotTaken } from "./show-message.ts";

export interface TellOnePorts {
  readonly chat: Pick<Chat, "tellOnly">;
  readonly tellings: Tellings;
}

/** The answer to what one person did. */
export interface OneAnswer {
  /** Of what they did. */
  readonly intent: string;
  readonly aside: Place;
  readonly userId: string;
  /** `isAgain`: it may have been told before. */
  readonly draw: (isAgain: boolean) => MessageBody;
}

/**
 * Says it to one person alone, at least once: what cannot be found in the chat is said again by whoever does not know whether it
 * was, and says so. Who has left the channel meanwhile, or where gofire may not write, hears nothing.
 */
export async function tellOne(
  { intent, aside, userId, draw }: OneAnswer,
  { chat, tellings }: TellOnePorts,
  signal: AbortSignal,
): Promise<void> {
  const isFirst = await tellings.begin(intent, signal);
  try {
    await chat.tellOnly(aside, userId, draw(!isFirst), signal);
  } catch (error) {
    if (refuses(error)) return;
    if (isFirst && wasNotTaken(error)) await tellings.forget(intent, signal);
    throw error;
  }
}
