import { refused } from "../../domain/chat/chat-reply.ts";
import type { Place } from "../../domain/chat/message.ts";
import type {
  ExpectedGone,
  RollbackRequest,
  RollbackWish,
} from "../../domain/configuration/rollback-request.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import type { Finding } from "../../domain/findings/finding.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { refusalWhereOverheard } from "../access/overheard.ts";
import { refusalAtLast } from "../access/refusal.ts";
import { judged, whichIncident } from "../incidents/which-incident.ts";
import { withdrawn } from "./ending.ts";
import { rollbackPlan } from "./plan.ts";
import { rollbackEvent } from "./rollback-events.ts";
import {
  alreadyWords,
  type StepAnswer,
  type StepBy,
  type StepPorts,
  tooLate,
  underWayWords,
  unlogged,
} from "./step-answers.ts";

/**
 * Has a second person asked for what somebody was shown, if it is that still. The log has it before the card comes; the same
 * click again finds what it began.
 */
export async function askForRollback(
  wish: RollbackWish,
  by: StepBy,
  ports: StepPorts,
  signal: AbortSignal,
): Promise<StepAnswer> {
  const { rollbacks, auditLog } = ports;
  const known = await rollbacks.begunBy(by.intent, signal);
  if (known !== undefined && known.state !== "asked") return refused(...alreadyWords(known));
  if (auditLog === undefined) {
    return refused(
      "gofire.yaml has no audit log (audit) any more, and without one nothing is rolled back.",
      "Roll it back where it was released.",
    );
  }
  const begun = known ?? tooLate(by, ports) ?? (await begin(wish, by, ports, signal));
  if ("kind" in begun) return begun;
  try {
    await auditLog.append(rollbackEvent("requested", begun, begun.asked), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PortError)) throw error;
    const ended = { userId: by.userId, atMs: ports.clock.nowMs(), how: "cancelled" } as const;
    await rollbacks.update(begun.id, (now) => withdrawn(now, "asked", ended), signal);
    return unlogged(error);
  }
  await rollbacks.wake(begun.id, signal);
  return { kind: "rollback-asked", request: begun };
}

async function begin(
  { service, tag, digest, incidentId }: RollbackWish,
  { userId, intent, place, atMs }: StepBy,
  ports: StepPorts,
  signal: AbortSignal,
): Promise<RollbackRequest | StepAnswer> {
  const incident =
    incidentId === undefined ? undefined : await whichIncident(incidentId, place, ports.incidents, signal);
  // The card goes there, whatever the channel is in which the plan was looked at.
  const where = placeOf(incident, place);
  const nothing = "gofire asks nobody there to agree to a rollback";
  for (const channel of new Set([place.channel, where.channel])) {
    const refusal =
      (await refusalAtLast("rollback", { userId, channel }, ports.rights, signal)) ??
      (await refusalWhereOverheard(nothing, channel, ports.rights.rooms, signal));
    if (refusal !== undefined) return refusal;
  }
  const tagged = tag === undefined ? {} : { tag };
  const ofIncident = incident === undefined ? {} : { incident };
  const reply = await rollbackPlan({ service, ...tagged, place, userId, ...ofIncident }, ports, signal);
  if (reply.kind !== "rollback") return reply;
  const { rollback: plan, asking } = reply;
  const { writable } = plan;
  if (asking === undefined || "not" in asking || asking.wish.digest !== digest || writable === undefined) {
    // What could not be looked at has not changed for that.
    return writable?.problem === undefined ? { ...reply, isAnew: true } : reply;
  }
  const { way, push } = writable;
  const facts =
    incident === undefined ? {} : { incident: await incidentFacts(incident, plan.way, ports, signal) };
  const asked = { userId, atMs, intent };
  const draft = { service, plan, way, push, digest, place: where, ...facts, asked };
  const begun = await ports.rollbacks.begin(draft, signal);
  return "underWay" in begun ? refused(...underWayWords(begun.underWay)) : begun.request;
}

/** The thread of the incident's card. */
function placeOf(incident: Incident | undefined, { channel, thread }: Place): Place {
  const root = incident?.place.thread ?? incident?.card?.ref?.ts;
  if (incident !== undefined && root !== undefined) return { channel: incident.place.channel, thread: root };
  return { channel, ...(thread === undefined ? {} : { thread }) };
}

/**
 * What is to be gone afterwards: what the change could explain, and what that caused; back to a version, what any change
 * could.
 */
async function incidentFacts(
  incident: Incident,
  { kind, revision }: RollbackRequest["plan"]["way"],
  { analyses }: Pick<StepPorts, "analyses">,
  signal: AbortSignal,
): Promise<NonNullable<RollbackRequest["incident"]>> {
  const { id, instance, analysis: summary } = incident;
  const facts = {
    id,
    ...(instance === undefined ? {} : { instance }),
    ...(summary?.goroutines === undefined ? {} : { goroutines: summary.goroutines }),
  };
  try {
    const { config, findings } = await analyses.read(judged(incident), signal);
    const explained = new Set(
      (config?.revisions ?? [])
        .filter((one) => kind === "restore" || one.revision === revision)
        .flatMap(({ changes }) => changes.flatMap(({ couldExplain }) => couldExplain?.finding ?? [])),
    );
    const goesWithIt = ({ id: one, causedBy }: Finding) =>
      explained.has(one) || (causedBy !== undefined && explained.has(causedBy));
    const expected = findings
      .filter((finding) => finding.severity !== "info" && goesWithIt(finding))
      .map(({ id: finding, rule, title, measured }): ExpectedGone => {
        const value = measured === undefined ? {} : { measured };
        return { id: finding, rule, title, ...value };
      });
    return { ...facts, expected };
  } catch (error) {
    // What is kept no more expects nothing in particular.
    if (!(error instanceof UsageError)) throw error;
    return { ...facts, expected: [] };
  }
}
