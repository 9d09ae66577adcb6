/**
 * Warm, in-process: how long a parse takes once the code is compiled, and the longest time that other work on the event loop had
 * to wait meanwhile.
 */
import { evidenceSource } from "../../src/integrations/artifacts/evidence-source.ts";
import { median } from "./measure.ts";

const tickMs = 1;
/** Runs until the code is compiled. */
const warmingRuns = 2;
/** Runs that are told of. A machine that is shared takes the processor away for tens of milliseconds now and then. */
const runs = 5;

export interface WarmRuns {
  /** The median of all runs. */
  readonly seconds: number;
  /** The longest gap between two ticks of a 1 ms timer, minus that millisecond: the median of all runs, and of the worst one. */
  readonly stallMs: number;
  readonly worstStallMs: number;
}

/** Reads `path` again and again. */
export async function warmRuns(path: string): Promise<WarmRuns> {
  const told: { readonly seconds: number; readonly stallMs: number }[] = [];
  for (let run = 0; run < warmingRuns + runs; run++) {
    const { seconds, stallMs } = await timed(path);
    if (run >= warmingRuns) told.push({ seconds, stallMs });
  }
  const stalls = told.map(({ stallMs }) => stallMs);
  return {
    seconds: median(told.map(({ seconds }) => seconds)) ?? Number.NaN,
    stallMs: median(stalls) ?? Number.NaN,
    worstStallMs: Math.max(...stalls),
  };
}

async function timed(path: string): Promise<{ readonly seconds: number; readonly stallMs: number }> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - tickMs);
    last = now;
  }, tickMs);
  const started = performance.now();
  await evidenceSource().read([path], { modules: [] }, new AbortController().signal);
  const seconds = (performance.now() - started) / 1_000;
  clearInterval(timer);
  return { seconds, stallMs: Math.max(longest, performance.now() - last - tickMs) };
}
