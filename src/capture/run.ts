import type { ServiceContext } from "../domain/context/service-context.ts";
import { isFullDisk, PortError } from "../domain/errors.ts";
import { durationText } from "../domain/units.ts";
import type { CaptureLock } from "../ports/capture-lock.ts";
import type { CaptureStore } from "../ports/capture-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { GoTarget } from "../ports/go-target.ts";
import { carryOut } from "./carry-out.ts";
import { beginConfig, type ConfigSource } from "./config-history/keep.ts";
import { beginContext, type ContextSource } from "./context/keep.ts";
import { findIndex } from "./find-index.ts";
import { lockProcess } from "./lock-process.ts";
import type { Manifest } from "./manifest.ts";
import { planCapture } from "./plan.ts";
import type { OnProgress } from "./progress.ts";
import { type CaptureRequest, checkRequest } from "./request.ts";
import { beginStory } from "./story.ts";
import type { TakeContext } from "./take.ts";

export interface CapturePorts {
  readonly target: GoTarget;
  readonly store: Pick<CaptureStore, "create">;
  readonly lock: CaptureLock;
  /** Called when the target is locked, before the first question. */
  readonly onBegin?: () => Promise<void>;
  readonly clock: Clock;
  readonly gofireVersion: string;
  /** Where the service's past can be asked about, beside the capture; absent: nobody is asked. The caller closes it. */
  readonly context?: ContextSource;
  /** Where the service's configuration is kept, asked beside the capture as well. The caller closes it. */
  readonly config?: ConfigSource;
}

/**
 * - `complete`: every planned step was tried.
 * - `early`: the target slowed down or went away, or the deadline of the whole capture was over.
 * - `interrupted`: somebody stopped it.
 * - `unreachable`: the target could not be asked at all; the index record says why.
 */
type CaptureEnding = "complete" | "early" | "interrupted" | "unreachable";

export interface CaptureOutcome {
  readonly ending: CaptureEnding;
  /** Why it ended before its plan did; present unless `complete`. */
  readonly reason?: string;
  /** Folder of the bundle; absent when nothing was got. */
  readonly bundle?: string;
  readonly manifest: Manifest;
  /** The manifest found no room in the bundle, which is a folder of loose files without it. */
  readonly manifestUnkept?: true;
  /** What the metrics server says of the service; present when one was asked. */
  readonly context?: ServiceContext;
}

/** What a verdict waits at most for others than the process once everything else is captured. */
const patienceMs = 2_000;
const fullDisk = "the disk is full, so what came after that could not be kept";
/** After the deadline the lock lives this much longer, so that slow disks do not lose it. */
const lockSlackMs = 60_000;

/**
 * Captures one Go process: the cheap and telling first, nothing that stops the world for long unless it was asked
 * for, and not a request more once the process suffers (docs/decisions/0002-capture-is-a-room.md).
 *
 * When `signal` is aborted, or the disk is full, it keeps what it has, finishes the manifest and returns. Throws PortError `rate-limited`
 * when the target is being captured already, PortError when the store fails, UsageError for an impossible request.
 * Does not close the target.
 */
export async function runCapture(
  request: CaptureRequest,
  ports: CapturePorts,
  signal: AbortSignal,
  onProgress: OnProgress = () => {},
): Promise<CaptureOutcome> {
  checkRequest(request);
  const { target, clock } = ports;
  const attempt = await lockProcess(
    target,
    ports.lock,
    clock.nowMs() + request.deadlineMs + lockSlackMs,
    signal,
  );
  if (!attempt.held) {
    const { pid, host, sinceMs } = attempt.holder;
    const ageMs = Math.max(0, clock.nowMs() - sinceMs);
    throw new PortError(
      "rate-limited",
      target.url,
      `another capture of ${target.instance} is running since ${durationText(ageMs)} (process ${pid} on ${host}); one at a time, to spare the target`,
    );
  }
  const held = attempt.lost === undefined ? signal : AbortSignal.any([signal, attempt.lost]);
  try {
    await ports.onBegin?.();
    return await capture(request, ports, held, onProgress);
  } finally {
    await attempt.release();
  }
}

async function capture(
  request: CaptureRequest,
  ports: CapturePorts,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<CaptureOutcome> {
  const { target, clock } = ports;
  const story = beginStory(request, ports, onProgress);
  const around = beginContext(ports.context, request, ports, story, signal, onProgress);
  const config = beginConfig(ports.config, request, clock, story, signal, onProgress);
  const endsAtMs = clock.monotonicMs() + request.deadlineMs;
  const context: TakeContext = {
    target,
    clock,
    story,
    onProgress,
    signal,
    remainingMs: () => endsAtMs - clock.monotonicMs(),
  };

  async function end(ending: CaptureEnding, reason?: string): Promise<CaptureOutcome> {
    // That nothing could be asked is the outcome itself, not an event on the way.
    if (reason !== undefined && ending !== "unreachable") onProgress({ type: "ended-early", reason });
    const untilMs = clock.monotonicMs() + patienceMs;
    const asked = await around.end(untilMs);
    await config.end(untilMs);
    const { manifest, location, manifestUnkept } = await story.finish({
      ...(reason === undefined ? {} : { endedEarly: reason }),
      ...(ending === "interrupted" ? { interrupted: true } : {}),
    });
    return {
      ending,
      ...(reason === undefined ? {} : { reason }),
      ...(location === undefined ? {} : { bundle: location }),
      manifest,
      ...(manifestUnkept === undefined ? {} : { manifestUnkept }),
      ...(asked === undefined ? {} : { context: asked }),
    };
  }

  try {
    return await throughPlan();
  } catch (error) {
    if (!isFullDisk(error) || !story.gotAnything()) throw error;
    return await end("early", fullDisk);
  }

  async function throughPlan(): Promise<CaptureOutcome> {
    const index = await findIndex(context);
    if (!index.found) {
      return await end(signal.aborted ? "interrupted" : "unreachable", index.reason);
    }
    const { steps, leftOut } = planCapture(request, index.profiles, index.target.rates !== undefined);
    onProgress({
      type: "planned",
      kinds: steps.map((step) => step.kind),
      ...(story.notes.goroutines === undefined ? {} : { goroutines: story.notes.goroutines }),
      latencyMs: index.latencyMs,
    });
    for (const { kind, reason } of leftOut) await story.skip(kind, reason);
    const stopped = await carryOut(steps, request, index, { ...context, target: index.target });
    if (signal.aborted) return await end("interrupted", stopped);
    if (!story.gotAnything()) {
      return await end("unreachable", stopped ?? story.whyNothing());
    }
    return stopped === undefined ? await end("complete") : await end("early", stopped);
  }
}
