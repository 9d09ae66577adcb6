import type { CaptureRequest } from "../../capture/request.ts";
import { type CaptureOutcome, type CapturePorts, runCapture } from "../../capture/run.ts";
import { PortError } from "../../domain/errors.ts";
import type { CaptureLock } from "../../ports/capture-lock.ts";
import type { CaptureStore } from "../../ports/capture-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GoTarget } from "../../ports/go-target.ts";
import type { CaptureLog } from "./capture-log.ts";

export interface LoggedCapturePorts extends Pick<CapturePorts, "context" | "config"> {
  /** A bundle with this key prefix among the artifacts. */
  bundleAt(prefix: string): Pick<CaptureStore, "create">;
  readonly lock: CaptureLock;
  readonly clock: Clock;
  readonly gofireVersion: string;
}

/**
 * - `done`: whatever came of it is stored.
 * - `busy`: another capture of the target is running, in words; nothing was begun.
 * - `overtaken`: another run has begun since, and tells the story.
 */
type LoggedCapture =
  | { readonly end: "done"; readonly outcome: CaptureOutcome }
  | { readonly end: "busy"; readonly reason: string }
  | { readonly end: "overtaken" };

/**
 * Captures a target as one run of an incident. Closes the target. Throws PortError `unavailable` when it was interrupted
 * (another attempt is due), and the job's reason when that ended.
 */
export async function loggedCapture(
  request: CaptureRequest,
  target: GoTarget,
  log: CaptureLog,
  ports: LoggedCapturePorts,
  jobSignal: AbortSignal,
): Promise<LoggedCapture> {
  try {
    const outcome = await runCapture(
      request,
      {
        ...ports,
        target,
        // Its place among the artifacts is only known once the lock is held and the run has begun.
        store: { create: (name, signal) => ports.bundleAt(log.prefix()).create(name, signal) },
        onBegin: () => log.begin(),
      },
      log.signal,
      log.onProgress,
    );
    await log.written();
    jobSignal.throwIfAborted();
    if (outcome.ending !== "interrupted") return { end: "done", outcome };
    throw new PortError("unavailable", target.instance, outcome.reason ?? "the capture was interrupted");
  } catch (error) {
    jobSignal.throwIfAborted();
    if (log.overtaken()) return { end: "overtaken" };
    // Without a run of its own the lock was not to be had.
    if (error instanceof PortError && error.code === "rate-limited" && log.run() === 0)
      return { end: "busy", reason: error.message };
    throw error;
  } finally {
    await target.close();
  }
}
