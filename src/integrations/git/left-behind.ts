import { remembered } from "../../domain/remembered.ts";
import { untilAborted } from "../../domain/until-aborted.ts";

/** Who asks for the same later than that wants to know how it is by then. */
const keptMs = 10_000;
/** Questions that are different; who asks has left. */
const mostKept = 20;

export interface LeftBehind<Question, Result> {
  /** Throws what the work throws, and the signal's reason. */
  ask(question: Question, signal: AbortSignal): Promise<Result>;
  /** Ends what still goes on. */
  close(): void;
}

/**
 * Work that goes on when who asked for it could not wait any longer: the next who asks the same question (plain JSON) gets what
 * came of it, once, and if it is at most ten seconds old. The work's own signal is that of `close`; it has to end by itself.
 */
export function leftBehind<Question, Result>(
  work: (question: Question, signal: AbortSignal) => Promise<Result>,
): LeftBehind<Question, Result> {
  const over = new AbortController();
  const answers = remembered(async (key, signal) => await work(JSON.parse(key) as Question, signal), {
    freshMs: keptMs,
    staleMs: 0,
    most: mostKept,
    nowMs: () => performance.now(),
  });
  return {
    async ask(question, signal) {
      signal.throwIfAborted();
      const key = JSON.stringify(question);
      const { value } = await untilAborted(answers.recall(key, over.signal), signal);
      answers.forget(key);
      return value;
    },
    close() {
      over.abort(new Error("it is no longer needed"));
    },
  };
}
