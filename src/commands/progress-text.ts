import type { CaptureProgress } from "../capture/progress.ts";
import { isOfProcess } from "../domain/evidence/capture.ts";
import { bytesText, counted, durationText } from "../domain/units.ts";

/** One line for the person who waits; undefined where the line before still says it. */
export function progressText(progress: CaptureProgress): string | undefined {
  switch (progress.type) {
    case "planned": {
      const goroutines =
        progress.goroutines === undefined ? "" : `${counted(progress.goroutines, "goroutine")}; `;
      return `The target answers in ${durationText(progress.latencyMs)}: ${goroutines}${counted(progress.kinds.length, "capture")} planned.`;
    }
    case "started": {
      if (progress.expectedMs === 0 && progress.warning === undefined) return undefined;
      const time = progress.expectedMs > 0 ? ` for ${durationText(progress.expectedMs)}` : "";
      return `… ${progress.kind}${time}${progress.warning === undefined ? "" : `: ${progress.warning}`}`;
    }
    case "received":
      return undefined;
    case "waiting":
      return `… waiting ${durationText(progress.forMs)}: ${progress.reason}`;
    case "finished": {
      const { kind, status, file, bytes, durationMs, reason } = progress.record;
      // Whoever is asked beside the process has said something, and nothing is kept of it where the process said nothing.
      if (!isOfProcess(kind) && kind !== "index" && file === undefined && status === "ok") return undefined;
      if (status === "ok") {
        const remark = reason === undefined ? "" : `: ${reason}`;
        return `ok ${kind} ${bytesText(bytes)} in ${durationText(durationMs)}${remark}`;
      }
      // Without an index page either something else is got, or the error says it all.
      return status === "skipped" || kind === "index" ? undefined : `${status} ${kind}: ${reason ?? ""}`;
    }
    case "ended-early":
      return `Ended early: ${progress.reason}`;
  }
}
