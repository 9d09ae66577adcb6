import type { Clock } from "../../src/ports/clock.ts";

export interface FakeClock extends Clock {
  advance(ms: number): void;
  /** How long was slept, in order. */
  readonly slept: readonly number[];
}

/** Time that passes only by `advance` and `sleep`, which takes no real time. */
export function fakeClock(startMs = Date.UTC(2024, 4, 21, 3, 12, 0)): FakeClock {
  let nowMs = startMs;
  const slept: number[] = [];
  return {
    slept,
    advance(ms) {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    async sleep(ms, signal) {
      signal.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
      await Promise.resolve();
      signal.throwIfAborted();
    },
  };
}
