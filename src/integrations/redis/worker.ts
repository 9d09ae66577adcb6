import { DelayedError, type Job, UnrecoverableError, Worker } from "bullmq";
import { PortError, reasonOf } from "../../domain/errors.ts";
import type { JobOutcome, RunnableJob, RunningWorker } from "../../ports/worker.ts";
import type { RedisClient } from "./connection.ts";
import { keyPrefix } from "./keys.ts";
import type { JobContent } from "./queues.ts";

export interface WorkerSettings {
  /** After this without a sign of life a job is taken from its worker. Renewed twice as often. */
  readonly lockMs: number;
  /** How often workers look for such jobs. */
  readonly stalledCheckMs: number;
  readonly onTrouble: (message: string) => void;
}

export const defaultWorkerTimes = { lockMs: 15_000, stalledCheckMs: 5_000 };

/** A job that kills its worker so often is the reason, not the victim. */
const mostStalls = 3;

/** Runs `jobs` in this process until stopped. */
export async function startWorker(
  jobs: readonly RunnableJob[],
  client: RedisClient,
  settings: WorkerSettings,
): Promise<RunningWorker> {
  let stopping = false;
  const workers = jobs.map((job) => workerOf(job, client, settings, () => stopping));
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  return {
    async stop(graceMs) {
      const finished = Promise.all(workers.map((worker) => worker.close()));
      const timer = setTimeout(() => {
        stopping = true;
        for (const worker of workers) worker.cancelAllJobs("the worker ends");
      }, graceMs);
      await finished;
      clearTimeout(timer);
    },
  };
}

function workerOf(
  job: RunnableJob,
  client: RedisClient,
  { lockMs, stalledCheckMs, onTrouble }: WorkerSettings,
  stopping: () => boolean,
): Worker<JobContent> {
  const worker = new Worker<JobContent>(
    job.name,
    async (run, token, signal) => await carryOut(job, run, token, signal, stopping),
    {
      connection: client,
      prefix: keyPrefix,
      concurrency: job.concurrency,
      lockDuration: lockMs,
      stalledInterval: stalledCheckMs,
      maxStalledCount: mostStalls,
    },
  );
  worker.on("error", (error) => onTrouble(`${job.name}: ${error.message}`));
  worker.on("stalled", (id) => onTrouble(`${job.name} ${id}: its worker was lost; running it again`));
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) worker.cancelJob(id, "another worker took it over");
  });
  worker.on("failed", (run, error) => {
    onTrouble(`${job.name} ${run === undefined ? "" : idsOf(run)}: ${error.message}`);
    if (run === undefined) return;
    void giveUpIfFinal(job, run, error).catch((trouble: unknown) =>
      onTrouble(`${job.name} ${idsOf(run)}: ${String(trouble)}`),
    );
  });
  return worker;
}

function idsOf({ data }: Job<JobContent>): string {
  return Object.values(data).join(" ");
}

/** One attempt, with our errors turned into BullMQ's ways of going on. */
async function carryOut(
  job: RunnableJob,
  run: Job<JobContent>,
  token: string | undefined,
  cancelled: AbortSignal | undefined,
  stopping: () => boolean,
): Promise<void> {
  const timeout = AbortSignal.timeout(job.timeoutMs);
  const signal = cancelled === undefined ? timeout : AbortSignal.any([cancelled, timeout]);
  let outcome: JobOutcome;
  try {
    outcome = await job.run(run.data, { signal, attempt: run.attemptsMade + 1 });
  } catch (error) {
    if (stopping()) outcome = { kind: "later", delayMs: 0, reason: "the worker ends" };
    else if (timeout.aborted) throw new Error(`took longer than ${job.timeoutMs / 1000} s`, { cause: error });
    else if (cancelled?.aborted === true)
      throw error; // no longer ours: what BullMQ does with it changes nothing
    else outcome = afterFailure(error);
  }
  if (outcome.kind === "done") return;
  // Not among what is caught: that Redis did not take this is a failed attempt like another, and no end of the job.
  await run.moveToDelayed(Date.now() + outcome.delayMs, token);
  throw new DelayedError();
}

/** Later, where the error says when; else throws it as one that BullMQ repeats after its own pause, or as the job's end. */
function afterFailure(error: unknown): JobOutcome {
  if (!(error instanceof PortError)) throw new UnrecoverableError(reasonOf(error));
  switch (error.code) {
    case "unavailable":
    case "timeout":
    case "rate-limited":
    case "locked-out":
      if (error.retryAfterMs === undefined) throw error;
      return { kind: "later", delayMs: error.retryAfterMs, reason: error.message };
    case "not-found":
    case "forbidden":
    case "thread-closed":
    case "message-deleted":
    case "bad-response":
      throw new UnrecoverableError(error.message);
  }
}

/** A worker that dies here leaves the incident to the sweep. */
async function giveUpIfFinal(job: RunnableJob, run: Job<JobContent>, error: Error): Promise<void> {
  if ((await run.getState()) !== "failed") return;
  await job.gaveUp(run.data, error.message, AbortSignal.timeout(30_000));
}
