import * as z from "zod/mini";
import type { Place } from "../../domain/chat/message.ts";

/** What every question or click of a person carries through the queue, where all is text. Threads: "" for none. */
export const askedBy = {
  /** The same for the same act, however often the chat delivers it. */
  intent: z.string(),
  userId: z.string(),
  channel: z.string(),
  thread: z.string(),
  /** Where only the person is answered, in the same channel. */
  asideThread: z.string(),
};

/**
 * How a job is done that somebody waits for and that looks at a repository. A fetch may take 120 s
 * (integrations/git/limits.ts) and questions to git come on top. After four attempts, with 3.5 s of pauses between them, the person
 * hears that it was not done, and may ask again.
 */
export const whileSomebodyWaits = {
  attempts: 4,
  backoffMs: 500,
  timeoutMs: 150_000,
  concurrency: 4,
} as const;

type AskedBy = { readonly [Field in keyof typeof askedBy]: string };

/** Who asked, and where everybody and only they are answered. */
export function whoAsked({ intent, userId, channel, thread, asideThread }: AskedBy) {
  return { intent, userId, place: placeOf(channel, thread), aside: placeOf(channel, asideThread) };
}

export function placeOf(channel: string, thread: string): Place {
  return { channel, ...(thread === "" ? {} : { thread }) };
}
