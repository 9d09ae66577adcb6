import { setTimeout as sleep } from "node:timers/promises";

/** How long a receiver that stops waits for what it heard: that has 2 s until its acknowledgement. */
export const drainMs = 3_000;

/** What was heard and is not answered yet. */
export interface InFlight {
  readonly count: number;
  /** Counts `work` until it ends, and gives it back; its failure is the caller's. */
  add<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is left, after `atMostMs` in any case. */
  settled(atMostMs: number): Promise<void>;
}

export function inFlight(): InFlight {
  const working = new Set<Promise<unknown>>();
  return {
    get count() {
      return working.size;
    },
    add(work) {
      const ended = work.catch(() => {}).finally(() => working.delete(ended));
      working.add(ended);
      return work;
    },
    async settled(atMostMs) {
      const over = new AbortController();
      const late = sleep(atMostMs, "late", { signal: over.signal }).catch(() => "over");
      while (working.size > 0) {
        if ((await Promise.race([late, Promise.all(working)])) === "late") break;
      }
      over.abort();
    },
  };
}
