import { mayHaveHappened, PortError } from "../../domain/errors.ts";
import type { Chat } from "../../ports/chat.ts";
import type { SendLocks } from "../../ports/send-locks.ts";
import { sentByAnother } from "./show-message.ts";

/** Who was first has mostly sent it by then. */
const lookAgainMs = 1_000;
/** So long after an attempt without an answer its message may still turn up. */
const settleMs = 2_000;

/**
 * The chat, of whose messages each has one sender at a time, whoever thinks that the work is theirs: one that stood still and was
 * taken for dead wakes up beside its successor. With an earlier attempt named, who comes second finds what the first one
 * posted. Throws PortError `unavailable` with `retryAfterMs` where somebody else sends just now, and where this
 * process stood still for so long that somebody else may.
 */
export function oneSender(chat: Chat, locks: SendLocks): Chat {
  async function alone<Result>(
    message: string,
    signal: AbortSignal,
    send: (beforeSending: () => void, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const lock = await locks.acquire(message, signal);
    if (lock === undefined) throw sentByAnother(lookAgainMs);
    const checkMayBegin = () => {
      if (!lock.mayBegin()) throw stoodStill();
    };
    let restMs = 0;
    try {
      return await send(checkMayBegin, AbortSignal.any([signal, lock.lost]));
    } catch (error) {
      if (mayHaveHappened(error)) restMs = settleMs;
      if (lock.lost.aborted && !signal.aborted) throw stoodStill();
      throw error;
    } finally {
      await lock.release(restMs);
    }
  }

  return {
    ...chat,
    post: async (place, body, posting, signal) =>
      await alone(posting.intent, signal, (beforeSending, bound) =>
        chat.post(place, body, { ...posting, beforeSending }, bound),
      ),
    upload: async (place, files, comment, posting, signal) =>
      await alone(posting.intent, signal, (beforeSending, bound) =>
        chat.upload(place, files, comment, { ...posting, beforeSending }, bound),
      ),
    edit: async (ref, body, urgency, signal) =>
      await alone(`${ref.channel}/${ref.ts}`, signal, async (beforeSending, bound) => {
        beforeSending();
        await chat.edit(ref, body, urgency, bound);
      }),
  };
}

function stoodStill(): PortError {
  const message = "gofire stood still for so long that another worker may send this; it looks first.";
  return new PortError("unavailable", "chat", message, { retryAfterMs: lookAgainMs });
}
