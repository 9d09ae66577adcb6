import { nextTurn } from "../../capture/next-turn.ts";

/** The event loop gets its turn after this long, or when the work yields next. */
const turnMs = 8;

/** Finishes work that yields now and then without holding up what else happens. Throws the signal's reason. */
export async function inTurns<T>(work: Generator<undefined, T>, signal: AbortSignal): Promise<T> {
  let turnStart = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() - turnStart < turnMs) continue;
    await nextTurn();
    signal.throwIfAborted();
    turnStart = performance.now();
  }
}
