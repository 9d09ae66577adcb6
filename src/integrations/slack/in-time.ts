import { PortError } from "../../domain/errors.ts";

/**
 * Slack waits 3 s for an acknowledgement (https://docs.slack.dev/interactivity/handling-user-interaction); this leaves
 * the rest for the way there and back, and for a process that is busy with a capture.
 */
const usualAnswerWithinMs = 2_000;

/**
 * Ends `work` when it is not done in time, also work that does not look at its signal, as commands to a Redis that is
 * away. Throws PortError `timeout` then; the work may still go through.
 */
export type InTime = <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

export function answeringWithin(answerWithinMs = usualAnswerWithinMs): InTime {
  return async (work) => await endedAfter(answerWithinMs, work);
}

async function endedAfter<T>(answerWithinMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const reason = new PortError("timeout", "gofire", "it took longer than Slack waits");
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      late.abort(reason);
      reject(reason);
    }, answerWithinMs);
  });
  try {
    return await Promise.race([work(late.signal), end]);
  } finally {
    clearTimeout(timer);
  }
}
