import * as z from "zod/mini";
import { agreeWithinMs, type RollbackRequest } from "../domain/configuration/rollback-request.ts";
import { PortError } from "../domain/errors.ts";
import type { VerifyTimes } from "../ports/config-history.ts";
import type { JobOutcome } from "../ports/worker.ts";
import type { TellingCards } from "./access/overheard.ts";
import { defineJob, done, later } from "./job.ts";
import { failed, withdrawn } from "./rollbacks/ending.ts";
import { type PushPorts, pushStep } from "./rollbacks/pushing.ts";
import { rollbackEvent } from "./rollbacks/rollback-events.ts";
import { log, showCard, showInPassing, type TellPorts, tellEnd } from "./rollbacks/telling.ts";
import { type VerifyPorts, verifyStep } from "./rollbacks/verify.ts";
import { leaveAloneMs } from "./upkeep/sweep.ts";

export interface RollbackJobPorts extends PushPorts, TellPorts, VerifyPorts {
  readonly rollbacks: VerifyPorts["rollbacks"];
}

const auditAgainMs = 10_000;
const usualTimes: VerifyTimes = { firstAfterMs: 60_000, againAfterMs: 90_000, withinMs: 10 * 60_000 };

/**
 * Takes a rollback on from wherever it stands: card, push, measuring, outcome. Each step is noted before the next one
 * begins, the repository and the audit log know by the rollback's id what they have of it already, and the chat is searched
 * for messages that may have got through: whoever dies, nothing is done twice. Nothing is pushed that is not in the log.
 */
export const rollback = defineJob({
  name: "rollback",
  payload: z.object({ rollbackId: z.string() }),
  attempts: 8,
  backoffMs: 1_000,
  timeoutMs: 180_000,
  concurrency: 4,
  async run({ rollbackId }, ports: RollbackJobPorts, { signal }): Promise<JobOutcome> {
    let request = await ports.rollbacks.read(rollbackId, signal);
    while (request !== undefined && request.isTold !== true) {
      const next = await step(request, ports, signal);
      if ("kind" in next) return next;
      request = next;
    }
    // What is told is looked at again where others read it by now.
    if (request?.card?.ref !== undefined) await showCard(request, ports, signal);
    return done;
  },
  async gaveUp() {
    // It stays untold, so the sweep wakes this job again.
  },
});

/** Wakes what fell between two steps when a process died, and what nobody agreed to in time. */
export async function sweepRollbacks(ports: RollbackJobPorts, signal: AbortSignal): Promise<void> {
  const { rollbacks, clock } = ports;
  for (const id of await rollbacks.untold(clock.nowMs() - leaveAloneMs, signal)) {
    const request = await rollbacks.read(id, signal);
    const waits = request?.state === "asked" && request.card?.shownAtMs !== undefined;
    if (!waits || clock.nowMs() - request.asked.atMs >= agreeWithinMs) await rollbacks.wake(id, signal);
  }
}

/** The cards of rollbacks, for what is done where others were let in. */
export function rollbacksTelling({
  rollbacks,
  cards,
}: Pick<RollbackJobPorts, "rollbacks" | "cards">): TellingCards {
  return {
    all: (signal) => rollbacks.all(signal),
    async hushed(id, signal) {
      const request = await rollbacks.read(id, signal);
      return request?.card?.ref && { card: request.card, body: cards.overheardRollback(request) };
    },
    wake: (id, signal) => rollbacks.wake(id, signal),
  };
}

async function step(
  request: RollbackRequest,
  ports: RollbackJobPorts,
  signal: AbortSignal,
): Promise<JobOutcome | RollbackRequest> {
  const { rollbacks, clock } = ports;
  const { id, asked, agreed } = request;
  switch (request.state) {
    case "asked": {
      if (clock.nowMs() - asked.atMs >= agreeWithinMs) {
        const ended = { userId: "", atMs: clock.nowMs(), how: "expired" } as const;
        return await rollbacks.update(id, (now) => withdrawn(now, "asked", ended), signal);
      }
      await log(rollbackEvent("requested", request, asked), ports, signal);
      const { card } = await showCard(request, ports, signal);
      if (card?.problem === undefined) return done;
      // Nobody could agree to what nobody sees.
      const problem = `Its card cannot be shown: ${card.problem}`;
      const atMs = clock.nowMs();
      return await rollbacks.update(id, (now) => failed(now, problem, atMs), signal);
    }
    case "agreed":
      await log(rollbackEvent("approved", request, agreed ?? asked), ports, signal);
      await showInPassing(request, ports, signal);
      return await pushStep(request, ports, signal);
    case "pushed": {
      const event = rollbackEvent("pushed", request, { atMs: request.written?.atMs ?? clock.nowMs() });
      try {
        await log(event, ports, signal);
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        // It is in the repository: the log has to hear of it however long that takes.
        return later(auditAgainMs, `the audit log does not answer: ${error.message}`);
      }
      return await rollbacks.update(
        id,
        (now) => (now.state === "pushed" ? afterPush(now, clock.nowMs()) : now),
        signal,
      );
    }
    case "verifying":
      await showInPassing(request, ports, signal);
      return await verifyStep(request, timesOf(request, ports), ports, signal);
    case "verified":
    case "unverified":
    case "proposed":
    case "failed":
    case "withdrawn":
      return await tellEnd(request, ports, signal);
  }
}

function afterPush(request: RollbackRequest, nowMs: number): RollbackRequest {
  return request.push === "branch"
    ? { ...request, state: "verifying" }
    : { ...request, state: "proposed", overAtMs: nowMs };
}

function timesOf({ service }: RollbackRequest, { configs }: RollbackJobPorts): VerifyTimes {
  return { ...usualTimes, ...configs?.of(service)?.verify };
}
