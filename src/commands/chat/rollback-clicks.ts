import { userIdOf } from "../../domain/audit/actor.ts";
import { type ChatReply, refused } from "../../domain/chat/chat-reply.ts";
import type { RollbackClick } from "../../domain/chat/chat-request.ts";
import type { Place } from "../../domain/chat/message.ts";
import {
  agreeWithinMs,
  type ExpectedGone,
  type RollbackRequest,
  type RollbackState,
  readWish,
} from "../../domain/configuration/rollback-request.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import type { Finding } from "../../domain/findings/finding.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { durationText } from "../../domain/units.ts";
import { rollbackEvent } from "../../jobs/rollbacks/rollback-events.ts";
import { refusalFor } from "./access.ts";
import type { ChatPorts } from "./chat-command.ts";
import { rollbackPlan } from "./rollback-plan.ts";
import { judged, whichIncident } from "./which-incident.ts";

type Answer = Extract<ChatReply, { kind: "rollback" | "rollback-asked" | "rollback-decided" | "refused" }>;

/** The same as for a plan: Slack waits 3 s. */
const withinMs = 1_500;

/** What a click on a plan or a card does. `ports.incidents`: those that the person may see. */
export async function rollbackClick(
  click: RollbackClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<Answer> {
  const asker = { userId: click.userId, channel: click.place.channel };
  const refusal = await refusalFor("rollback", asker, ports, signal);
  if (refusal !== undefined) return refusal;
  if (click.action === "rollback-ask") return await ask(click, ports, signal);
  const request = await ports.rollbacks.read(click.about, signal);
  if (request === undefined || request.place.channel !== click.place.channel) {
    return refused("gofire does not know this rollback any more.", "Ask anew: rollback SERVICE");
  }
  if (request.state !== "asked") return refused(...alreadyWords(request));
  return click.action === "rollback-cancel"
    ? await cancel(request, click, ports, signal)
    : await agree(request, click, ports, signal);
}

async function ask(
  { about, userId, intent, place }: RollbackClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<Answer> {
  const wish = readWish(about);
  const { auditLog, rollbacks, clock } = ports;
  if (wish === undefined || auditLog === undefined) {
    return refused("This button is of another version of gofire.", "Ask anew: rollback SERVICE");
  }
  const { service, tag, digest } = wish;
  const incident =
    wish.incidentId === undefined
      ? undefined
      : await whichIncident(wish.incidentId, place, ports.incidents, signal);
  const tagged = tag === undefined ? {} : { tag };
  const ofIncident = incident === undefined ? {} : { incident };
  // The card goes there, whatever the channel is in which the plan was looked at.
  const where = placeOf(incident, place);
  if (where.channel !== place.channel) {
    const refusal = await refusalFor("rollback", { userId, channel: where.channel }, ports, signal);
    if (refusal !== undefined) return refusal;
  }
  const reply = await rollbackPlan({ service, ...tagged, place, userId, ...ofIncident }, ports, signal);
  if (reply.kind !== "rollback") return reply;
  const { rollback: plan, asking } = reply;
  if (
    asking === undefined ||
    "not" in asking ||
    asking.wish.digest !== digest ||
    plan.writable === undefined
  ) {
    // What could not be looked at in time has not changed for that.
    return plan.writable?.problem === undefined ? { ...reply, isAnew: true } : reply;
  }
  const { way, push } = plan.writable;
  const begun = await rollbacks.begin(
    {
      service,
      plan,
      way,
      push,
      digest,
      place: where,
      ...(incident === undefined ? {} : { incident: await incidentFacts(incident, plan.way, ports, signal) }),
      asked: { userId, atMs: clock.nowMs(), intent },
    },
    signal,
  );
  if ("underWay" in begun) return refused(...underWayWords(begun.underWay));
  const { request } = begun;
  try {
    await auditLog.append(rollbackEvent("requested", request, request.asked), signal);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    await rollbacks.update(request.id, (now) => withdrawn(now, userId, "cancelled", clock.nowMs()), signal);
    return unlogged(error);
  }
  await rollbacks.wake(request.id, signal);
  return { kind: "rollback-asked", request };
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
  { analyses }: Pick<ChatPorts, "analyses">,
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

/** The second person. What would be pushed now is worked out anew; the audit log has it before anybody is told. */
async function agree(
  request: RollbackRequest,
  { userId, place }: RollbackClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<Answer> {
  const { auditLog, rollbacks, clock, configs } = ports;
  const { id, service, asked, way, digest, plan } = request;
  if (userId === asked.userId) {
    return refused(
      "You asked for this rollback, so somebody else has to agree to it.",
      "Ask a second person with the right (access.rollback); a rollback by one person alone (break-glass) is not built.",
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
      `Ask anew: rollback ${service}`,
    );
  }
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  let isSame: boolean;
  try {
    const made = await files.writer.prepare(way, inTime);
    isSame = made.kind === "prepared" && made.digest === digest;
  } catch (error) {
    signal.throwIfAborted();
    if (!inTime.aborted && !(error instanceof PortError)) throw error;
    const why = inTime.aborted ? "it did not answer in time for the chat" : (error as PortError).message;
    return refused(
      `${plan.repository} cannot be looked at, so nothing was done: ${why}.`,
      "Press the button again in a few seconds.",
    );
  }
  if (!isSame) {
    await end(request, userId, "changed", ports, signal);
    const tag = plan.way.kind === "restore" ? { tag: plan.way.name } : {};
    const anew = await rollbackPlan({ service, ...tag, place, userId }, ports, signal);
    return anew.kind === "rollback" ? { ...anew, isAnew: true } : anew;
  }
  const atMs = clock.nowMs();
  let agreed: RollbackRequest["agreed"];
  try {
    // Who clicked first has agreed, also where a process died between the log and what follows it.
    const { event } = await auditLog.append(rollbackEvent("approved", request, { userId, atMs }), signal);
    agreed = { userId: userIdOf(event.actor), atMs: event.atMs };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return unlogged(error);
  }
  const changed = await rollbacks.update(
    id,
    (now) => (now.state === "asked" ? { ...now, state: "agreed", agreed } : now),
    signal,
  );
  await rollbacks.wake(id, signal);
  return changed.state === "withdrawn"
    ? refused(...alreadyWords(changed))
    : { kind: "rollback-decided", request: changed };
}

async function cancel(
  request: RollbackRequest,
  { userId }: RollbackClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<Answer> {
  return { kind: "rollback-decided", request: await end(request, userId, "cancelled", ports, signal) };
}

async function end(
  { id }: RollbackRequest,
  userId: string,
  how: NonNullable<RollbackRequest["ended"]>["how"],
  { rollbacks, clock }: Pick<ChatPorts, "rollbacks" | "clock">,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  const atMs = clock.nowMs();
  const ended = await rollbacks.update(id, (now) => withdrawn(now, userId, how, atMs), signal);
  await rollbacks.wake(id, signal);
  return ended;
}

function withdrawn(
  now: RollbackRequest,
  userId: string,
  how: NonNullable<RollbackRequest["ended"]>["how"],
  atMs: number,
): RollbackRequest {
  if (now.state !== "asked") return now;
  return { ...now, state: "withdrawn", ended: { userId, atMs, how }, overAtMs: atMs };
}

function unlogged({ message }: PortError): Answer {
  return refused(
    `The audit log cannot be written (${message}), so nothing was done.`,
    "Whoever looks after gofire has to mend that; until then roll it back where it was released.",
  );
}

const already: Readonly<Record<RollbackState, string>> = {
  asked: "waits for a second person",
  agreed: "is being pushed",
  pushed: "is pushed",
  verifying: "is pushed, and being measured",
  verified: "is done, and verified",
  unverified: "is done, and not verified",
  proposed: "is proposed",
  failed: "was not done",
  withdrawn: "was withdrawn",
};

function alreadyWords({ id, service, state }: RollbackRequest): [why: string, next: string] {
  return [`Rollback ${id} ${already[state]}.`, `To see how things stand: rollback ${service}`];
}

function underWayWords({ id, service, state }: RollbackRequest): [why: string, next: string] {
  return [
    `One rollback of ${service} at a time: ${id}, ${already[state]}.`,
    state === "asked"
      ? "Agree to it or cancel it on its card; then ask for this one."
      : "Wait until its card says how it ended.",
  ];
}
