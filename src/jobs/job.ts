import type * as z from "zod/mini";
import { UsageError } from "../domain/errors.ts";
import type { JobName, JobOutcome, JobRun, RunnableJob } from "../ports/worker.ts";

/** One kind of work, as a value. Knows ports and nothing of the queue. */
export interface Job<Payload extends z.ZodMiniType, Ports> {
  readonly name: JobName;
  /** Ids and references only: never bytes of a profile, never a secret. Checked on the way out of the queue. */
  readonly payload: Payload;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
  run(payload: z.output<Payload>, ports: Ports, run: JobRun): Promise<JobOutcome>;
  /** Leaves the incident in a state that people understand. */
  gaveUp(payload: z.output<Payload>, reason: string, ports: Ports, signal: AbortSignal): Promise<void>;
}

/** Gives `run` the payload and port types that the job names. */
export function defineJob<Payload extends z.ZodMiniType, Ports>(
  job: Job<Payload, Ports>,
): Job<Payload, Ports> {
  return job;
}

/** The job with its ports, for a worker. A payload that does not fit is a final failure. */
export function bindJob<Payload extends z.ZodMiniType, Ports>(
  job: Job<Payload, Ports>,
  ports: Ports,
): RunnableJob {
  const { name, attempts, backoffMs, timeoutMs, concurrency } = job;

  function payloadOf(content: unknown): z.output<Payload> {
    const parsed = job.payload.safeParse(content);
    if (parsed.success) return parsed.data;
    throw new UsageError(
      `The ${name} job has a payload that this version of gofire cannot read: let all its processes be of one version, and ask again.`,
    );
  }

  return {
    name,
    attempts,
    backoffMs,
    timeoutMs,
    concurrency,
    run: async (payload, run) => await job.run(payloadOf(payload), ports, run),
    gaveUp: async (payload, reason, signal) => await job.gaveUp(payloadOf(payload), reason, ports, signal),
  };
}

export const done: JobOutcome = { kind: "done" };

export function later(delayMs: number, reason: string): JobOutcome {
  return { kind: "later", delayMs, reason };
}
