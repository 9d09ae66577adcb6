import type { CaptureProgress } from "../../capture/progress.ts";
import type { CaptureRecord } from "../../domain/evidence/capture.ts";
import type { CaptureStep } from "../../domain/incidents/incident.ts";

/** The list on the card after `progress`; the same list when that changes nothing on it. */
export function stepsAfter(
  steps: readonly CaptureStep[],
  progress: CaptureProgress,
  nowMs: number,
): readonly CaptureStep[] {
  switch (progress.type) {
    case "planned":
      return [
        ...steps.filter(({ state }) => state !== "planned"),
        ...progress.kinds.map((kind) => ({ kind, state: "planned" as const })),
      ];
    case "started": {
      const { kind, expectedMs } = progress;
      return replaced(steps, open(steps, kind), { kind, state: "running", startedAtMs: nowMs, expectedMs });
    }
    case "finished":
      return replaced(steps, open(steps, progress.record.kind), stepOf(progress.record));
    default:
      return steps;
  }
}

export function stepOf({
  kind,
  status,
  bytes,
  durationMs,
  startedAtMs,
  file,
  reason,
}: CaptureRecord): CaptureStep {
  return {
    kind,
    state: status,
    bytes,
    durationMs,
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(file === undefined ? {} : { file }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Some kinds are captured twice: the one that runs, else the first that is still to come. */
function open(steps: readonly CaptureStep[], kind: CaptureStep["kind"]): number {
  const running = steps.findIndex((step) => step.kind === kind && step.state === "running");
  return running >= 0 ? running : steps.findIndex((step) => step.kind === kind && step.state === "planned");
}

function replaced(steps: readonly CaptureStep[], at: number, step: CaptureStep): readonly CaptureStep[] {
  return at < 0 ? [...steps, step] : steps.toSpliced(at, 1, step);
}
