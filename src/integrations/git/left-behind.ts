import { untilAborted } from "../../domain/until-aborted.ts";

/** Who asks for the same later than that wants to know how it is by then. */
const keptMs = 10_000;

interface Work<Result> {
  readonly result: Promise<Result>;
  /** By the monotonic clock; absent while it goes on. */
  endedAtMs?: number;
}

export interface LeftBehind<Question, Result> {
  /** Throws what the work throws, and the signal's reason. */
  ask(question: Question, signal: AbortSignal): Promise<Result>;
  /** Ends what still goes on. */
  close(): Promise<void>;
}

/**
 * Work that goes on when who asked for it could not wait any longer: the next who asks the same question gets what came of it,
 * once, and if it is at most ten seconds old. The work's own signal is that of `close`; it has to end by itself.
 */
export function leftBehind<Question, Result>(
  work: (question: Question, signal: AbortSignal) => Promise<Result>,
): LeftBehind<Question, Result> {
  const over = new AbortController();
  const left = new Map<string, Work<Result>>();

  function begin(question: Question): Work<Result> {
    const begun: Work<Result> = { result: work(question, over.signal) };
    const ended = (): void => {
      begun.endedAtMs = performance.now();
    };
    begun.result.then(ended, ended);
    return begun;
  }

  function goingOn(key: string): Work<Result> | undefined {
    const found = left.get(key);
    const isOld = found?.endedAtMs !== undefined && performance.now() - found.endedAtMs > keptMs;
    return isOld ? undefined : found;
  }

  return {
    async ask(question, signal) {
      signal.throwIfAborted();
      const key = JSON.stringify(question);
      const asked = goingOn(key) ?? begin(question);
      left.set(key, asked);
      try {
        return await untilAborted(asked.result, signal);
      } finally {
        if (asked.endedAtMs !== undefined && left.get(key) === asked) left.delete(key);
      }
    },
    async close() {
      over.abort(new Error("it is no longer needed"));
      await Promise.allSettled([...left.values()].map(({ result }) => result));
    },
  };
}
