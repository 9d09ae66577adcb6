import type { CaptureKind, CaptureRecord } from "../domain/evidence/capture.ts";

/** What happens while a capture runs, for whoever shows it. */
export type CaptureProgress =
  /** The target answered; this is what will be asked. */
  | {
      readonly type: "planned";
      readonly kinds: readonly CaptureKind[];
      readonly goroutines?: number;
      /** Latency of the index page. */
      readonly latencyMs: number;
    }
  | {
      readonly type: "started";
      readonly kind: CaptureKind;
      /** How long the target takes by design; 0 for a snapshot. */
      readonly expectedMs: number;
      /** What it does to the target, when that is worth knowing before. */
      readonly warning?: string;
    }
  /** At most four a second. */
  | { readonly type: "received"; readonly kind: CaptureKind; readonly bytes: number }
  | { readonly type: "waiting"; readonly kind: CaptureKind; readonly forMs: number; readonly reason: string }
  /** The step is over; skipped steps appear here too. */
  | { readonly type: "finished"; readonly record: CaptureRecord }
  | { readonly type: "ended-early"; readonly reason: string };

export type OnProgress = (progress: CaptureProgress) => void;
