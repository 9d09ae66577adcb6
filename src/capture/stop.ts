import { PortError } from "../domain/errors.ts";
import { durationText } from "../domain/units.ts";
import { probeDeadlineMs } from "./find-index.ts";
import { readIndexPage } from "./index-page.ts";
import { isSlow, slowLimitMs, slowReason } from "./slowdown.ts";
import { askIndex, interrupted, type TakeContext } from "./take.ts";

/** Between two probes when the first was slow, so that one garbage collection does not end a capture. */
const probeAgainAfterMs = 1_000;

/** Why nothing more is asked, as far as that does not depend on the target. */
export function whyOver(
  { signal, remainingMs }: Pick<TakeContext, "signal" | "remainingMs">,
  deadlineMs: number,
): string | undefined {
  if (signal.aborted) return interrupted;
  return remainingMs() <= 0 ? `the ${durationText(deadlineMs)} for the whole capture were over` : undefined;
}

/** Asks for the index page again: refreshes the number of goroutines and says when the target suffers. */
export async function whyStop(baselineMs: number, context: TakeContext): Promise<string | undefined> {
  const { clock, signal } = context;
  try {
    const first = await probe(baselineMs, context);
    if (!isSlow(first.latencyMs, baselineMs)) return undefined;
    await clock.sleep(probeAgainAfterMs, signal);
    const second = await probe(baselineMs, context);
    return isSlow(second.latencyMs, baselineMs)
      ? slowReason(second.latencyMs, baselineMs, second.silence)
      : undefined;
  } catch (error) {
    if (!signal.aborted) throw error;
    return interrupted;
  }
}

interface Probe {
  readonly latencyMs?: number;
  /** Why there was no answer. */
  readonly silence?: string;
}

async function probe(baselineMs: number, { target, story, signal }: TakeContext): Promise<Probe> {
  try {
    const answer = await askIndex(target, Math.max(probeDeadlineMs, slowLimitMs(baselineMs)), signal);
    const goroutines = answer.status === 200 ? readIndexPage(answer.text)?.get("goroutine") : undefined;
    if (goroutines !== undefined) story.counted(goroutines);
    return { latencyMs: answer.headerMs };
  } catch (error) {
    if (error instanceof PortError) return { silence: error.message };
    throw error;
  }
}
