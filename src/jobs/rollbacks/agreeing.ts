import { actorOf, userIdOf } from "../../domain/audit/actor.ts";
import { refused } from "../../domain/chat/chat-reply.ts";
import { agreeWithinMs, type RollbackRequest } from "../../domain/configuration/rollback-request.ts";
import { PortError } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";
import { isOnePerson } from "../../governance/persons.ts";
import { refusalWhereOverheard } from "../access/overheard.ts";
import { refusalAtLast } from "../access/refusal.ts";
import { refuses } from "../thread/show-message.ts";
import { withdrawn } from "./ending.ts";
import { rollbackPlan } from "./plan.ts";
import { rollbackEvent } from "./rollback-events.ts";
import {
  alreadyWords,
  type StepAnswer,
  type StepBy,
  type StepPorts,
  tooLate,
  unlogged,
} from "./step-answers.ts";

/**
 * The second person agrees. What would be pushed now is worked out anew; the audit log has it before anybody is told. Who
 * agreed already hears the same again.
 */
export async function agreeToRollback(
  request: RollbackRequest,
  { userId, place, atMs }: StepBy,
  ports: StepPorts,
  signal: AbortSignal,
): Promise<StepAnswer> {
  const { auditLog, rollbacks, clock, configs } = ports;
  const { id, service, asked, agreed, way, digest, plan } = request;
  if (agreed?.userId === userId) return { kind: "rollback-decided", request };
  const { channel } = place;
  const nothing = "nobody agrees to a rollback here";
  const refusal =
    (await refusalAtLast("rollback", { userId, channel }, ports.rights, signal)) ??
    (await refusalWhereOverheard(nothing, channel, ports.rights.rooms, signal));
  if (refusal !== undefined) return refusal;
  if (request.state !== "asked") return refused(...alreadyWords(request));
  const late = tooLate({ atMs }, ports);
  if (late !== undefined) return late;
  if (userId === asked.userId) {
    return refused(
      "You asked for this rollback, so somebody else has to agree to it.",
      "Ask a second person with the right (access.rollback); a rollback by one person alone (break-glass) is not built.",
    );
  }
  if (isOnePerson(actorOf(asked.userId), actorOf(userId), ports.rights.accounts)) {
    return refused(
      "By gofire.yaml (people) this account and the one that asked commit with the same address, so they are one person, who counts once.",
      "Ask somebody else with the right (access.rollback) to agree.",
    );
  }
  const files = configs?.of(service);
  if (auditLog === undefined || files?.writer === undefined) {
    return refused(
      "gofire.yaml does not have gofire roll back any more.",
      "Roll it back where it was released.",
    );
  }
  if (clock.nowMs() - asked.atMs >= agreeWithinMs) {
    await end(request, userId, "expired", ports, signal);
    return refused(
      `It was asked for more than ${durationText(agreeWithinMs)} ago, so it is not done.`,
      `Ask anew: /gofire rollback ${service}`,
    );
  }
  let isSame: boolean;
  try {
    const made = await files.writer.prepare(way, signal);
    isSame = made.kind === "prepared" && made.digest === digest;
  } catch (error) {
    if (!refuses(error)) throw error;
    return refused(
      `${plan.repository} cannot be looked at, so nothing was done: ${error.message}.`,
      "Roll it back where it was released; gofire doctor says more on the machine that gofire runs on.",
    );
  }
  if (!isSame) {
    await end(request, userId, "changed", ports, signal);
    const tag = plan.way.kind === "restore" ? { tag: plan.way.name } : {};
    const anew = await rollbackPlan({ service, ...tag, place, userId }, ports, signal);
    return anew.kind === "rollback" ? { ...anew, isAnew: true } : anew;
  }
  let by: NonNullable<RollbackRequest["agreed"]>;
  try {
    // Who clicked first has agreed, also where a process died between the log and what follows it.
    const { event } = await auditLog.append(rollbackEvent("approved", request, { userId, atMs }), signal);
    by = { userId: userIdOf(event.actor), atMs: event.atMs };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PortError)) throw error;
    return unlogged(error);
  }
  const changed = await rollbacks.update(
    id,
    (now) => (now.state === "asked" ? { ...now, state: "agreed", agreed: by } : now),
    signal,
  );
  await rollbacks.wake(id, signal);
  return changed.state === "withdrawn"
    ? refused(...alreadyWords(changed))
    : { kind: "rollback-decided", request: changed };
}

/** Nobody is to agree any more. Whoever may roll back may also cancel. */
export async function cancelRollback(
  request: RollbackRequest,
  { userId, place }: StepBy,
  ports: StepPorts,
  signal: AbortSignal,
): Promise<StepAnswer> {
  const { ended, state } = request;
  if (ended?.how === "cancelled" && ended.userId === userId) return { kind: "rollback-decided", request };
  const refusal = await refusalAtLast("rollback", { userId, channel: place.channel }, ports.rights, signal);
  if (refusal !== undefined) return refusal;
  const changed = state === "asked" ? await end(request, userId, "cancelled", ports, signal) : request;
  return changed.ended?.userId === userId
    ? { kind: "rollback-decided", request: changed }
    : refused(...alreadyWords(changed));
}

async function end(
  { id }: RollbackRequest,
  userId: string,
  how: NonNullable<RollbackRequest["ended"]>["how"],
  { rollbacks, clock }: Pick<StepPorts, "rollbacks" | "clock">,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  const ended = { userId, atMs: clock.nowMs(), how };
  const changed = await rollbacks.update(id, (now) => withdrawn(now, "asked", ended), signal);
  await rollbacks.wake(id, signal);
  return changed;
}
