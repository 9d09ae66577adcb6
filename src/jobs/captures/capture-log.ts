import type { OnProgress } from "../../capture/progress.ts";
import type { CaptureStep, Incident } from "../../domain/incidents/incident.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SettlePorts } from "../incidents/settle.ts";
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

/** The part of an incident that tells of a capture. */
export interface LogPart {
  /** Number of the last run that was begun, and its steps; undefined when the part is not there any more. */
  read(incident: Incident): LoggedRun | undefined;
  /** The incident after another run has begun, with nothing captured yet. */
  begun(incident: Incident, run: LoggedRun): Incident;
  /** The incident with what this run has captured so far. */
  told(incident: Incident, run: LoggedRun): Incident;
  /** Where the run of that number keeps its bundle; ends in "/". */
  prefix(id: string, run: number): string;
}

interface LoggedRun {
  readonly runs: number;
  readonly steps: readonly CaptureStep[];
}

export function captureLog(
  id: string,
  part: LogPart,
  { incidents, queue, clock }: SettlePorts & { readonly clock: Clock },
  jobSignal: AbortSignal,
): CaptureLog {
  const over = new AbortController();
  let ownRun = 0;
  let overtaken = false;
  let writing: Promise<void> = Promise.resolve();

  async function write(change: (logged: LoggedRun) => LoggedRun): Promise<void> {
    await incidents.update(
      id,
      (incident) => {
        const logged = part.read(incident);
        overtaken = logged?.runs !== ownRun;
        return logged === undefined || overtaken ? incident : part.told(incident, change(logged));
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
        .then(() => write((logged) => ({ ...logged, steps: stepsAfter(logged.steps, progress, nowMs) })))
        .catch(() => {}); // a list that is behind for a moment
    },
    async begin() {
      const begun = await incidents.update(
        id,
        (incident) => {
          const logged = part.read(incident);
          return logged === undefined ? incident : part.begun(incident, { runs: logged.runs + 1, steps: [] });
        },
        jobSignal,
      );
      ownRun = part.read(begun)?.runs ?? 0;
      await queue.publish(id, "now", jobSignal);
    },
    run: () => ownRun,
    prefix: () => part.prefix(id, ownRun),
    overtaken: () => overtaken,
    async written() {
      await writing;
    },
  };
}
