import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../../domain/errors.ts";

/** What every worker does by the clock, again and again. */
export interface Round {
  /** From the end of one time to the next one's begin, give or take half of it. */
  readonly everyMs: number;
  /** Until the first time, if that is another. */
  readonly firstMs?: number;
  /** One time. What it throws is told, and it is done again. */
  work(signal: AbortSignal): Promise<void>;
}

/** Makes the rounds, each by itself, until the signal is aborted; resolves when none works any more. */
export async function makeRounds(
  rounds: readonly Round[],
  onTrouble: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  // Each round listens to it, more than ten of them: no leak.
  setMaxListeners(0, signal);
  async function make(round: Round): Promise<void> {
    const { everyMs, firstMs = everyMs } = round;
    for (let waitMs = firstMs; !signal.aborted; waitMs = everyMs) {
      // Not all workers at the same moment.
      await sleep(waitMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await round.work(signal).catch((error: unknown) => {
        if (!signal.aborted) onTrouble(reasonOf(error));
      });
    }
  }
  await Promise.all(rounds.map(make));
}
