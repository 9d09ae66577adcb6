/** What people wait for goes before what may come a moment later: in one process both want the same core and disk. */
export interface VerdictsFirst {
  /** Judges something: others make way meanwhile. */
  judging<T>(work: () => Promise<T>): Promise<T>;
  /** Whether files and pictures should wait. Not for long: with verdicts coming without end they go as well. */
  mustWait(): boolean;
}

const longestMs = 10_000;

export function verdictsFirst(monotonicMs: () => number): VerdictsFirst {
  let judging = 0;
  let busySinceMs = 0;
  return {
    async judging(work) {
      if (judging === 0) busySinceMs = monotonicMs();
      judging++;
      try {
        return await work();
      } finally {
        judging--;
      }
    },
    mustWait: () => judging > 0 && monotonicMs() - busySinceMs < longestMs,
  };
}
