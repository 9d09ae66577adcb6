import type { OnProgress } from "../capture/progress.ts";
import { type Incident, leftQueue } from "../domain/incident.ts";
import type { Clock } from "../ports/clock.ts";
import type { SettlePorts } from "./settle.ts";
import { stepsAfter } from "./steps.ts";

/** One run of a capture as its incident tells it. */
export interface CaptureLog {
  /** Aborted with the job, and when another run has begun. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** Begins the next run of the incident: whatever an earlier one still does is no longer taken. */
  begin(): Promise<void>;
  /** Number of this run; 0 before it has begun. */
  run(): number;
  /** Where this run keeps its bundle. */
  prefix(): string;
  /** Another run has begun since. */
  overtaken(): boolean;
  /** Waits until what can be saved is saved; the end of the capture tells the whole story once more. */
  written(): Promise<void>;
}

export function captureLog(
  id: string,
  { incidents, queue, clock }: SettlePorts & { readonly clock: Clock },
  jobSignal: AbortSignal,
): CaptureLog {
  const over = new AbortController();
  let ownRun = 0;
  let overtaken = false;
  let writing: Promise<void> = Promise.resolve();

  async function write(change: (incident: Incident) => Incident): Promise<void> {
    await incidents.update(
      id,
      (incident) => {
        overtaken = incident.runs !== ownRun;
        return overtaken ? incident : change(incident);
      },
      jobSignal,
    );
    if (overtaken) over.abort(new Error(`another worker captures for ${id}`));
    else await queue.publish(id, "soon", jobSignal);
  }

  return {
    signal: AbortSignal.any([jobSignal, over.signal]),
    onProgress(progress) {
      if (progress.type === "received" || progress.type === "waiting" || progress.type === "ended-early")
        return;
      const nowMs = clock.nowMs();
      writing = writing
        .then(() =>
          write((incident) => ({ ...incident, steps: stepsAfter(incident.steps, progress, nowMs) })),
        )
        .catch(() => {}); // a list that is behind for a moment
    },
    async begin() {
      const begun = await incidents.update(
        id,
        (incident) => ({
          ...leftQueue(incident),
          state: "capturing",
          runs: incident.runs + 1,
          steps: [],
        }),
        jobSignal,
      );
      ownRun = begun.runs;
      await queue.publish(id, "now", jobSignal);
    },
    run: () => ownRun,
    prefix: () => `incidents/${id}/bundle-${ownRun}/`,
    overtaken: () => overtaken,
    async written() {
      await writing;
    },
  };
}
