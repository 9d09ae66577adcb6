import * as z from "zod/mini";
import type { AuditEvent } from "../domain/audit/audit-event.ts";
import {
  actWithinMs,
  agreeWithinMs,
  isOver,
  type RollbackRequest,
} from "../domain/configuration/rollback-request.ts";
import { PortError } from "../domain/errors.ts";
import { durationText } from "../domain/units.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Chat } from "../ports/chat.ts";
import type { ConfigCatalog, VerifyTimes } from "../ports/config-history.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { defineJob, done, later } from "./job.ts";
import type { Cards } from "./publish.ts";
import { rollbackEvent } from "./rollbacks/rollback-events.ts";
import { type VerifyPorts, verifyStep } from "./rollbacks/verify.ts";
import { writeNote } from "./rollbacks/write-note.ts";
import { isShown, refuses, showMessage } from "./thread/show-message.ts";

export interface RollbackJobPorts extends VerifyPorts {
  /** Absent where gofire.yaml names no repository of configuration. */
  readonly configs?: Pick<ConfigCatalog, "of">;
  /** Absent: nothing may be rolled back. */
  readonly auditLog?: AuditLog;
  readonly chat: Chat;
  readonly cards: Pick<Cards, "rollback" | "rollbackOutcome">;
}

const auditAgainMs = 10_000;
const usualTimes: VerifyTimes = { firstAfterMs: 60_000, againAfterMs: 90_000, withinMs: 10 * 60_000 };

/** So long what changed is left to the worker that changed it. */
const leaveAloneMs = 10_000;

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
        return await withdrawn(request, "expired", ports, signal);
      }
      await log(rollbackEvent("requested", request, asked), ports, signal);
      const { card } = await showCard(request, ports, signal);
      if (card?.problem === undefined) return done;
      // Nobody could agree to what nobody sees.
      return await failed(request, `Its card cannot be shown: ${card.problem}`, ports, signal);
    }
    case "agreed":
      await log(rollbackEvent("approved", request, agreed ?? asked), ports, signal);
      await showInPassing(request, ports, signal);
      return await write(request, ports, signal);
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
      return await tell(request, ports, signal);
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

/** Throws PortError when it is not certain that the log has it. */
async function log(event: AuditEvent, { auditLog }: RollbackJobPorts, signal: AbortSignal): Promise<void> {
  if (auditLog === undefined) {
    throw new PortError("unavailable", "audit log", "gofire.yaml has no audit log (audit) any more");
  }
  await auditLog.append(event, signal);
}

async function withdrawn(
  { id, state }: RollbackRequest,
  how: "expired" | "changed",
  { rollbacks, clock }: RollbackJobPorts,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  const atMs = clock.nowMs();
  return await rollbacks.update(
    id,
    (now) =>
      now.state === state
        ? { ...now, state: "withdrawn", ended: { userId: "", atMs, how }, overAtMs: atMs }
        : now,
    signal,
  );
}

/** Pushes it, unless that is done already; what would be written has to be what was agreed to. */
async function write(
  request: RollbackRequest,
  ports: RollbackJobPorts,
  signal: AbortSignal,
): Promise<JobOutcome | RollbackRequest> {
  const { rollbacks, clock } = ports;
  const { id, way, digest, asked, agreed } = request;
  const writer = ports.configs?.of(request.service)?.writer;
  if (writer === undefined || writer.push !== request.push) {
    return await failed(request, "gofire.yaml does not have gofire write it any more.", ports, signal);
  }
  try {
    let written = await writer.written(id, signal);
    if (written === undefined) {
      if (clock.nowMs() - (agreed ?? asked).atMs >= actWithinMs) {
        const problem = `It was agreed to more than ${durationText(actWithinMs)} ago and is not in the repository, so it is not pushed any more. Look there, and ask anew if it is still wanted.`;
        return await failed(request, problem, ports, signal);
      }
      const made = await writer.prepare(way, signal);
      if (made.kind !== "prepared" || made.digest !== digest) {
        return await withdrawn(request, "changed", ports, signal);
      }
      const result = await writer.write(made, id, writeNote(request), signal);
      if (result === "moved") return later(0, "the branch moved meanwhile");
      written = result;
    }
    const { commit, branch, onto } = written;
    return await rollbacks.update(
      id,
      (now) => ({
        ...now,
        state: now.state === "agreed" ? "pushed" : now.state,
        written: {
          commit,
          branch,
          ...(onto === undefined ? {} : { onto }),
          atMs: now.written?.atMs ?? clock.nowMs(),
        },
      }),
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PortError)) throw error;
    const isFinal: boolean = refuses(error);
    if (isFinal) return await failed(request, `${error.message}.`, ports, signal);
    if (clock.nowMs() - (agreed?.atMs ?? 0) < actWithinMs) throw error;
    const problem = `The repository could not be reached for ${durationText(actWithinMs)} (${error.message}). Look at it before you ask again.`;
    return await failed(request, problem, ports, signal);
  }
}

async function failed(
  { id }: RollbackRequest,
  problem: string,
  { rollbacks, clock }: RollbackJobPorts,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  return await rollbacks.update(
    id,
    (now) =>
      isOver(now) || now.written !== undefined
        ? now
        : { ...now, state: "failed", problem, overAtMs: clock.nowMs() },
    signal,
  );
}

/** What is over: the log first, then card and thread. */
async function tell(
  request: RollbackRequest,
  ports: RollbackJobPorts,
  signal: AbortSignal,
): Promise<JobOutcome | RollbackRequest> {
  const event = endingOf(request);
  if (event !== undefined) await log(event, ports, signal);
  const shown = await showCard(request, ports, signal);
  const outcome = ports.cards.rollbackOutcome(shown);
  const thread = shown.place.thread ?? shown.card?.ref?.ts;
  if (outcome !== undefined && shown.outcome === undefined && thread !== undefined) {
    // An attempt before this one may have got through.
    const posting = { intent: `rollback-${shown.id}/outcome`, attemptedAtMs: shown.overAtMs ?? 0 };
    try {
      const ref = await ports.chat.post({ channel: shown.place.channel, thread }, outcome, posting, signal);
      await ports.rollbacks.update(shown.id, (now) => ({ ...now, outcome: ref }), signal);
    } catch (error) {
      if (!refuses(error)) throw error;
    }
  }
  return await ports.rollbacks.update(shown.id, (now) => ({ ...now, isTold: true }), signal);
}

/** Nothing to add of a proposal: that it was pushed is its end. */
function endingOf(request: RollbackRequest): AuditEvent | undefined {
  const { state, ended, problem, captures, overAtMs = 0 } = request;
  switch (state) {
    case "verified":
    case "unverified":
      return rollbackEvent(state, request, { atMs: overAtMs }, { captures: captures.length });
    case "failed":
      return rollbackEvent("failed", request, { atMs: overAtMs }, { why: (problem ?? "").slice(0, 300) });
    case "withdrawn": {
      const by = ended?.how === "cancelled" ? { userId: ended.userId } : {};
      return rollbackEvent("failed", request, { ...by, atMs: overAtMs }, { why: ended?.how ?? "withdrawn" });
    }
    default:
      return undefined;
  }
}

async function showCard(
  request: RollbackRequest,
  ports: RollbackJobPorts,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  const { id, card, place } = request;
  const body = ports.cards.rollback(request);
  if (isShown(card, body)) return request;
  return await showMessage(
    {
      card,
      intent: `rollback-${id}`,
      place,
      body,
      urgency: "news",
      change: async (changed) =>
        await ports.rollbacks.update(
          id,
          ({ card: before, ...rest }) => {
            const now = changed(before);
            return now === undefined ? rest : { ...rest, card: now };
          },
          signal,
        ),
    },
    ports,
    signal,
  );
}

/** A chat that takes nothing for now must not keep a rollback from going on. */
async function showInPassing(
  request: RollbackRequest,
  ports: RollbackJobPorts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await showCard(request, ports, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PortError)) throw error;
  }
}
