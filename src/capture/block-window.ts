import { durationText } from "../domain/units.ts";
import type { LentRates } from "../ports/go-target.ts";
import type { CaptureStep } from "./plan.ts";
import { takeLease, windowText } from "./rate-lease.ts";
import { whyOver, whyStop } from "./stop.ts";
import { interrupted, type TakeContext, type Taken, takeStep } from "./take.ts";

/** While waits are recorded the target is looked at this often: recording is what could hurt it. */
const lookEveryMs = 2_000;

interface BlockWindow {
  readonly seconds: number;
  /** Where the profile after the window is kept. */
  readonly secondFile: string;
  readonly rates: LentRates;
  /** Latency of the index page on an undisturbed target. */
  readonly baselineMs: number;
}

interface WindowOutcome {
  readonly taken: Taken;
  /** Was the rate raised? If not, the first profile alone was taken. */
  readonly lent: boolean;
  /** Why the capture is over. */
  readonly stopped?: string;
}

/**
 * The block profile before and after a window in which the process records waits, so that what differs is the window's. The
 * rate is lowered again however this ends; when it is not lent, the capture goes on with what the process has.
 */
export async function takeBlockWindow(
  before: CaptureStep,
  { seconds, secondFile, rates, baselineMs }: BlockWindow,
  deadlineMs: number,
  context: TakeContext,
): Promise<WindowOutcome> {
  const { clock, story, onProgress } = context;
  const after = { ...before, file: secondFile };
  onProgress({ type: "started", kind: before.kind, expectedMs: 0 });
  const attempt = await takeLease(rates, seconds, context);
  if (!attempt.lent) {
    const taken = await takeStep(before, context);
    await story.tell({ reason: `no rate was lent for it (${attempt.reason})`, ...taken.record });
    return { taken, lent: false };
  }
  const { lease } = attempt;
  try {
    const first = await takeStep(before, context);
    await story.tell(first.record);
    if (first.record.status !== "ok") return { taken: first, lent: true };
    const startedAtMs = clock.nowMs();
    const windowMs = Math.min(seconds * 1_000, lease.expiresAtMs - startedAtMs);
    onProgress({
      type: "started",
      kind: after.kind,
      expectedMs: Math.max(0, windowMs),
      warning: `waits are recorded at a rate of ${durationText(lease.rateNs / 1e6)}; within ${durationText(lease.expiresAtMs - startedAtMs)} the process stops that by itself`,
    });
    const stopped = await pass(windowMs, baselineMs, deadlineMs, context);
    if (stopped !== undefined) {
      await story.skip(after.kind, `not taken: ${stopped}`);
      return { taken: first, lent: true, stopped };
    }
    const second = await takeStep(after, context);
    const covers = windowText(clock.nowMs() - startedAtMs, lease);
    await story.tell({ reason: covers, ...second.record });
    return { taken: second, lent: true };
  } finally {
    await attempt.end();
  }
}

/** Lets the window pass. Returns why it may not be read to its end. */
async function pass(
  windowMs: number,
  baselineMs: number,
  deadlineMs: number,
  context: TakeContext,
): Promise<string | undefined> {
  const { clock, signal } = context;
  const endsAt = clock.monotonicMs() + windowMs;
  for (;;) {
    const leftMs = endsAt - clock.monotonicMs();
    if (leftMs <= 0) return undefined;
    try {
      await clock.sleep(Math.min(leftMs, lookEveryMs), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      return interrupted;
    }
    const stopped =
      whyOver(context, deadlineMs) ?? (await whyStop(baselineMs, context)) ?? whyOver(context, deadlineMs);
    if (stopped !== undefined) return stopped;
  }
}
