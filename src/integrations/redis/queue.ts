import { FlowProducer } from "bullmq";
import { PortError } from "../../domain/errors.ts";
import type { Priority, Queue } from "../../ports/queue.ts";
import type { JobName } from "../../ports/worker.ts";
import { ask } from "./ask.ts";
import type { RedisClient } from "./connection.ts";
import { keyPrefix } from "./keys.ts";
import { queueRoom } from "./queue-room.ts";
import { openQueue } from "./queues.ts";

/** How a failed attempt of each job is repeated; the jobs' own figures. */
export type Retries = Readonly<Record<JobName, { readonly attempts: number; readonly backoffMs: number }>>;

export interface QueueSettings {
  readonly retries: Retries;
  /** Most captures that may wait; further ones are refused. */
  readonly mostWaiting: number;
  readonly onTrouble: (message: string) => void;
}

/** BullMQ: lower goes first. */
const priorities: Readonly<Record<Priority, number>> = { person: 1, "critical-page": 5, page: 10 };

/** A guess at how soon a place in a full queue is free again: about one capture's time. */
const fullRetryAfterMs = 30_000;

/** The queue on BullMQ. Close it before its connection. */
export function redisQueue(
  client: RedisClient,
  { retries, mostWaiting, onTrouble }: QueueSettings,
): Queue & { close(): Promise<void> } {
  const captures = openQueue("capture", client, onTrouble);
  const analyses = openQueue("analyse", client, onTrouble);
  const peers = openQueue("peer", client, onTrouble);
  const publications = openQueue("publish", client, onTrouble);
  const room = queueRoom(captures, client, mostWaiting);
  const flows = new FlowProducer({ connection: client, prefix: keyPrefix });
  flows.on("error", (error: Error) => onTrouble(error.message));

  function retriesOf(name: JobName) {
    const { attempts, backoffMs } = retries[name];
    return { attempts, backoff: { type: "exponential", delay: backoffMs } };
  }

  async function waiting(): Promise<{ waiting: number; delayed: number; capturing: number }> {
    const counts = await captures.getJobCounts("wait", "prioritized", "delayed", "active");
    return {
      waiting: (counts["wait"] ?? 0) + (counts["prioritized"] ?? 0),
      delayed: counts["delayed"] ?? 0,
      capturing: counts["active"] ?? 0,
    };
  }

  async function placeOf(incidentId: string, signal: AbortSignal): Promise<number | undefined> {
    const [rank, ahead, delayedRank] = await ask(
      () =>
        Promise.all([
          client.zrank(captures.toKey("prioritized"), incidentId),
          client.zcard(captures.toKey("prioritized")),
          client.zrank(captures.toKey("delayed"), incidentId),
        ]),
      signal,
    );
    if (rank !== null) return rank;
    return delayedRank === null ? undefined : ahead + delayedRank;
  }

  async function addCapture(incidentId: string, priority: Priority, signal: AbortSignal): Promise<void> {
    const shared = { jobId: incidentId, priority: priorities[priority] };
    await ask(
      () =>
        flows.add({
          name: "analyse",
          queueName: "analyse",
          data: { incidentId },
          opts: { ...shared, ...retriesOf("analyse"), ...keptOf(analyses) },
          children: [
            {
              name: "capture",
              queueName: "capture",
              data: { incidentId },
              // The analysis runs in any case: it tells people when there is nothing to judge.
              opts: {
                ...shared,
                ...retriesOf("capture"),
                ...keptOf(captures),
                ignoreDependencyOnFailure: true,
              },
            },
          ],
        }),
      signal,
    );
  }

  return {
    async enqueueCapture(incidentId, priority, signal) {
      const inLine = await room.enter(incidentId, () => addCapture(incidentId, priority, signal), signal);
      if (inLine === undefined) return;
      // Asked again about one that has its place already, the answer must not be a refusal.
      if ((await ask(() => captures.getJobState(incidentId), signal)) === "unknown") throw full(inLine);
    },
    async forgetCapture(incidentId, signal) {
      for (const queue of [analyses, captures]) {
        const job = await ask(() => queue.getJob(incidentId), signal);
        if (job === undefined) continue;
        if (workOf(await ask(() => job.getState(), signal)) === "over") await ask(() => job.remove(), signal);
      }
    },
    async enqueuePeer(incidentId, round, signal) {
      const content = { incidentId, round: String(round) };
      const options = { jobId: peerJobId(incidentId, round), ...retriesOf("peer") };
      await ask(() => peers.add("peer", content, options), signal);
    },
    async publish(incidentId, when, signal) {
      await ask(
        () =>
          publications.add(
            "publish",
            { incidentId },
            {
              ...retriesOf("publish"),
              // Keeping the newest: a change during a run has another run follow it.
              deduplication: {
                id: incidentId,
                keepLastIfActive: true,
                ...(when === "now" ? { reschedule: true } : {}),
              },
              removeOnComplete: { age: 3_600, count: 500 },
            },
          ),
        signal,
      );
    },
    placeOf,
    async workOf(incidentId, signal) {
      return workOf(await ask(() => analyses.getJobState(incidentId), signal));
    },
    async peerWorkOf(incidentId, round, signal) {
      return workOf(await ask(() => peers.getJobState(peerJobId(incidentId, round)), signal));
    },
    async counts(signal) {
      return { ...(await ask(() => waiting(), signal)), limit: mostWaiting };
    },
    async close() {
      await Promise.all([captures, analyses, peers, publications, flows].map((each) => each.close()));
    },
  };
}

function peerJobId(incidentId: string, round: number): string {
  return `${incidentId}-${round}`;
}

function workOf(state: string): "absent" | "pending" | "over" {
  if (state === "unknown") return "absent";
  return state === "completed" || state === "failed" ? "over" : "pending";
}

function full(inLine: number): PortError {
  return new PortError(
    "rate-limited",
    "queue",
    `${inLine} captures are waiting already, which is the limit. Try again in a minute, or ask gofire status what is going on.`,
    { retryAfterMs: fullRetryAfterMs },
  );
}

/** A flow does not know its queues' defaults. */
function keptOf(queue: ReturnType<typeof openQueue>) {
  const { removeOnComplete, removeOnFail } = queue.jobsOpts;
  return {
    ...(removeOnComplete === undefined ? {} : { removeOnComplete }),
    ...(removeOnFail === undefined ? {} : { removeOnFail }),
  };
}
