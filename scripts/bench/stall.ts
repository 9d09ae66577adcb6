/**
 * Warm, in-process: how long a parse takes once the code is compiled, and the longest time that other work on the event loop had
 * to wait meanwhile.
 */
import { evidenceSource } from "../../src/integrations/artifacts/evidence-source.ts";

const tickMs = 1;

export interface WarmRun {
  readonly seconds: number;
  /** Longest gap between two ticks of a 1 ms timer, minus that millisecond. */
  readonly worstStallMs: number;
}

/** Reads `path` three times and tells about the last. */
export async function warmRun(path: string): Promise<WarmRun> {
  let result: WarmRun = { seconds: Number.NaN, worstStallMs: Number.NaN };
  for (let round = 0; round < 3; round++) {
    let worst = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      worst = Math.max(worst, now - last - tickMs);
      last = now;
    }, tickMs);
    const started = performance.now();
    await evidenceSource().read([path], { modules: [] }, new AbortController().signal);
    const seconds = (performance.now() - started) / 1_000;
    clearInterval(timer);
    worst = Math.max(worst, performance.now() - last - tickMs);
    result = { seconds, worstStallMs: worst };
  }
  return result;
}
