import type { CaptureKind } from "../domain/evidence/capture.ts";
import { countText, durationText } from "../domain/units.ts";
import { takeBlockWindow } from "./block-window.ts";
import { dumpPauseText, whyNoDump } from "./dump-cost.ts";
import type { FoundIndex } from "./find-index.ts";
import { type CaptureStep, goroutineCounts, overWindow } from "./plan.ts";
import { type CaptureRequest, dumpLimit } from "./request.ts";
import { whyOver, whyStop } from "./stop.ts";
import { interrupted, type TakeContext, type Taken, takeStep } from "./take.ts";

/** A refusal that took this long was no refusal at first: somebody's patience ended. */
const leastWindowMs = 900;

/** Rates need time between two scrapes, which only the profiles give. */
const lastMetrics = "metrics-2.txt.gz";

/** Takes the steps in order. Returns why it stopped before the last one, or undefined. */
export async function carryOut(
  steps: readonly CaptureStep[],
  request: CaptureRequest,
  index: FoundIndex,
  context: TakeContext,
): Promise<string | undefined> {
  const baselineMs = index.latencyMs;
  const { clock, story, signal } = context;
  let firstGoroutinesAt: number | undefined;
  let stopped: string | undefined;
  let didNotFit = false;
  /** Why no profile will be got. Metrics and expvar may still tell something. */
  let noProfiles: string | undefined;
  /** Kinds that the target does not have or does not give to us, and how it said so. */
  const refusals = new Map<CaptureKind, string>();
  /** Waits were recorded for a while, and the profiles before and after it taken. */
  let windowTaken = false;

  function over(): string | undefined {
    return whyOver(context, request.deadlineMs);
  }
  /** Why the step is left out, whatever the process says until then. */
  function whyLeftOut(step: CaptureStep, waitMs: number): string | undefined {
    const neededMs = step.expectedMs + waitMs;
    const leftMs = context.remainingMs();
    if (stopped === undefined && leftMs > 0 && neededMs > leftMs) {
      didNotFit = true;
      return `needs ${durationText(neededMs)}, and only ${durationText(leftMs)} of the capture's time were left`;
    }
    const refusal = refusals.get(step.kind);
    if (refusal !== undefined) return `not asked again: ${refusal}`;
    return noProfiles !== undefined && (step.question.of === "profile" || step.file === lastMetrics)
      ? "not taken: neither the index page nor goroutines could be had"
      : undefined;
  }

  for (const [position, step] of steps.entries()) {
    if (windowTaken && step.unlessWindow === true) continue;
    const gapMs = firstGoroutinesAt === undefined ? 0 : (step.afterFirstGoroutinesMs ?? 0);
    const waitMs = Math.max(0, gapMs + (firstGoroutinesAt ?? 0) - clock.monotonicMs());
    const leftOut = whyLeftOut(step, waitMs);
    if (leftOut !== undefined) {
      await story.skip(step.kind, leftOut);
      continue;
    }
    if (stopped === undefined) await waitFor(step, waitMs, context);
    stopped ??= over();
    // The index was asked a moment ago, so the first step needs no probe.
    if (position > 0) stopped ??= await whyStop(baselineMs, context);
    stopped ??= over();
    if (stopped !== undefined) {
      await story.skip(step.kind, `not taken: ${stopped}`);
      continue;
    }
    if (step.kind === "goroutine") firstGoroutinesAt ??= clock.monotonicMs();
    let taken: Taken | undefined;
    if (step.window !== undefined && context.target.rates !== undefined) {
      const outcome = await takeBlockWindow(
        step,
        { ...step.window, rates: context.target.rates, baselineMs },
        request.deadlineMs,
        context,
      );
      ({ taken, lent: windowTaken, stopped } = outcome);
    } else {
      taken = await attempt(step, request, context);
    }
    if (taken !== undefined && isFinal(taken)) refusals.set(step.kind, taken.record.reason ?? "");
    if (position === 0 && taken?.record.file === undefined) {
      noProfiles = index.missing; // neither the index nor a profile: asking on would only knock at more doors
    }
    // Metrics are written by the service's own collectors: that they are slow says nothing about the process.
    if (taken?.silence === "timeout" && step.question.of === "profile") {
      stopped =
        over() ?? `the ${step.kind} capture missed its deadline of ${durationText(step.limits.deadlineMs)}`;
    }
  }
  if (stopped !== undefined) return stopped;
  if (signal.aborted) return interrupted;
  if (noProfiles !== undefined) return noProfiles;
  return didNotFit
    ? `not everything fitted into the ${durationText(request.deadlineMs)} for the whole capture`
    : undefined;
}

/** Asking the same thing again a few seconds later would get the same answer. */
function isFinal({ refusal }: Taken): boolean {
  return (
    refusal === "not-routed" ||
    refusal === "unknown-profile" ||
    refusal === "no-access" ||
    refusal === "elsewhere"
  );
}

/** Takes one step, in another form where the target's answer calls for it, and records it. */
async function attempt(
  step: CaptureStep,
  request: CaptureRequest,
  context: TakeContext,
): Promise<Taken | undefined> {
  const { story, onProgress } = context;
  let warning: string | undefined;
  if (step.kind === "goroutine-dump") {
    const { goroutines } = story.notes;
    const reason = whyNoDump(goroutines, story.countAgeMs(), dumpLimit(request), request.deep);
    if (reason !== undefined) {
      await story.skip(step.kind, reason);
      return undefined;
    }
    warning = `stops the world for ${dumpPauseText(goroutines ?? 0)} (${countText(goroutines ?? 0)} goroutines)`;
  }
  onProgress({
    type: "started",
    kind: step.kind,
    expectedMs: step.expectedMs,
    ...(warning === undefined ? {} : { warning }),
  });
  let taken = await takeStep(step, context);
  if (isTooLong(step, taken)) taken = await shorter(step, taken, context);
  await story.tell(taken.record);
  if (step.kind === "goroutine" && (taken.unlike === true || taken.refusal !== undefined)) {
    const text = goroutineCounts(step.file.includes("-2") ? 2 : 1);
    onProgress({ type: "started", kind: text.kind, expectedMs: 0 });
    taken = await takeStep(text, context);
    await story.tell(taken.record);
  }
  return taken;
}

/**
 * A server of Go 1.22 or older refuses windows as long as its WriteTimeout. Others on the way say nothing and give up
 * (http.TimeoutHandler with 503, proxies with 502 or 504): they are told by the time that this took.
 */
function isTooLong({ expectedMs }: CaptureStep, { refusal, record }: Taken): boolean {
  if (refusal === "window-too-long") return true;
  return expectedMs > 0 && refusal === "not-the-target" && record.durationMs >= leastWindowMs;
}

/** Halves the window until it fits. */
async function shorter(step: CaptureStep, refused: Taken, context: TakeContext): Promise<Taken> {
  const { question } = step;
  if (question.of !== "profile" || !("seconds" in question.profile)) return refused;
  const asked = question.profile.seconds;
  let taken = refused;
  for (let seconds = Math.floor(asked / 2); seconds >= 1; seconds = Math.floor(seconds / 2)) {
    const next = overWindow(question.profile.profile, step.file, seconds);
    context.onProgress({ type: "started", kind: next.kind, expectedMs: next.expectedMs });
    taken = await takeStep(next, context);
    if (isTooLong(next, taken)) continue;
    if (taken.record.status !== "ok") return taken;
    const why =
      refused.refusal === "window-too-long"
        ? "the server's WriteTimeout allows no more"
        : `something gave up after ${durationText(refused.record.durationMs)} (http.TimeoutHandler, a proxy)`;
    const reason = `${seconds} s instead of ${asked} s, because ${why}`;
    return { record: { ...taken.record, status: "partial", reason } };
  }
  return taken;
}

async function waitFor(
  step: CaptureStep,
  forMs: number,
  { clock, signal, onProgress }: TakeContext,
): Promise<void> {
  if (forMs === 0) return;
  onProgress({
    type: "waiting",
    kind: step.kind,
    forMs,
    reason: "the goroutines are looked at again after a while, to tell stuck ones from passing ones",
  });
  try {
    await clock.sleep(forMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
