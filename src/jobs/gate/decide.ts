import { createHash } from "node:crypto";
import { actorOf, userIdOf } from "../../domain/audit/actor.ts";
import type { AuditEvent, AuditEventType } from "../../domain/audit/audit-event.ts";
import { type ChatReply, type Refused, refused } from "../../domain/chat/chat-reply.ts";
import type { GateState } from "../../domain/configuration/gate.ts";
import { type GateDecision, type GateRequest, plainDigest } from "../../domain/configuration/gate-request.ts";
import type { ProposalEnvironment } from "../../domain/configuration/proposal.ts";
import { PortError } from "../../domain/errors.ts";
import { evaluate, fromFact, type GateSnapshot, standingOf } from "../../governance/gate.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { LookedAt } from "./report.ts";

export type Decided = Refused | Extract<ChatReply, { kind: "decided" }>;

export type DecisionRequest = GateRequest & Required<Pick<GateRequest, "decides">>;

/** What was decided so long ago, while no worker was free, is asked anew: rights and minds may be others by now. */
const decideWithinMs = 600_000;

const typeOf: Readonly<Record<GateDecision, AuditEventType>> = {
  approve: "config.approved",
  reject: "config.rejected",
  withdraw: "config.withdrawn",
};

/** What is decided on, as it is now. */
interface Subject {
  readonly environment: ProposalEnvironment;
  readonly snapshot: GateSnapshot;
  readonly state: GateState;
}

/**
 * Does what somebody decided, if what they saw is what would be released now, if they may, and if the log takes it: it comes
 * first, so that nobody is told of anything that is not in it. `mayNot`: why the person has no right to, as the chat has it now.
 * The same request again gives the same answer. Throws what `mayNot` throws, and the signal's reason.
 */
export async function decide(
  request: DecisionRequest,
  looked: LookedAt,
  audit: Pick<AuditLog, "append">,
  mayNot: () => Promise<Refused | undefined>,
  nowMs: number,
  signal: AbortSignal,
): Promise<Decided> {
  const { decision } = request.decides;
  const { proposal } = looked.report;
  const [subject, ...others] = subjectsOf(request, looked);
  if (subject === undefined || others.length > 0) return notThis(request, looked);
  const { snapshot, state } = subject;
  const actor = actorOf(request.userId);
  const decided = { kind: "decided", decision, proposal: proposal.name } as const;
  const event = eventOf(request, subject, looked, nowMs);
  if (looked.entries.some((entry) => entry.event.id === event.id)) return { ...decided, state, isNew: true };
  if (nowMs - request.askedAtMs > decideWithinMs) return tooLate;
  const objection = (await mayNot()) ?? objectionTo(decision, actor, subject);
  if (objection !== undefined) return objection;
  if (
    decision !== "withdraw" &&
    isAmong(decision === "approve" ? state.approvals : state.rejections, actor)
  ) {
    return { ...decided, state, isNew: false };
  }
  try {
    const logged = await audit.append(event, signal);
    return {
      ...decided,
      state: evaluate({ ...snapshot, entries: [...looked.entries, logged] }),
      isNew: true,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PortError)) throw error;
    const why = error.message.replace(/\.$/, "");
    // A log that does not verify is not added to; a full disk may have taken the entry, and not what comes after it.
    return error.code === "forbidden"
      ? refused(
          `The audit log does not take it, so nothing was decided about ${state.environment}: ${why}.`,
          "Tell whoever looks after gofire: what is not in the log does not count.",
        )
      : refused(
          `The audit log could not be written to its end, so nothing counts for ${state.environment} yet: ${why}. What you decided may count once that is mended.`,
          "Tell whoever looks after gofire, and look at the card then.",
        );
  }
}

/** Environments of which this is the state that would be released. */
function subjectsOf(
  { decides: { environment: named, digest } }: DecisionRequest,
  { report, snapshots }: LookedAt,
): readonly Subject[] {
  return snapshots.flatMap((snapshot, at) => {
    const state = report.states[at];
    const environment = report.proposal.environments.find(({ name }) => name === snapshot.policy.environment);
    if (state?.digest === undefined || environment === undefined) return [];
    const isIt =
      named === undefined
        ? plainDigest(state.digest).startsWith(plainDigest(digest))
        : named === state.environment && digest === state.digest;
    return isIt ? [{ environment, snapshot, state }] : [];
  });
}

function objectionTo(
  decision: GateDecision,
  actor: string,
  { environment: { name }, snapshot, state }: Subject,
): Decided | undefined {
  const { approvals, rejections, reasons, verdict } = state;
  if (decision === "withdraw") {
    return isAmong([...approvals, ...rejections], actor)
      ? undefined
      : refused(`Nothing of yours counts for ${name}, so there is nothing to withdraw.`, "");
  }
  if (verdict === "refused") {
    return refused(
      `This cannot be approved for ${name} as it is: ${reasons.join(" ")}`,
      "Mend the change first.",
    );
  }
  switch (standingOf(actor, snapshot)) {
    case "author":
      return refused(
        `You wrote or committed some of this, so you do not decide on it for ${name}.`,
        "Ask somebody else.",
      );
    case "unlinked":
      return refused(
        `gofire does not know which addresses you commit with, so you could be an author: you do not decide on it for ${name}.`,
        `Ask whoever looks after gofire here to write them under people.${userIdOf(actor)}.git in gofire.yaml.`,
      );
    case "eligible":
      break;
  }
  if (decision === "approve" && isAmong(rejections, actor)) {
    return refused(`You rejected this for ${name}.`, "Withdraw that first; then approve it.");
  }
  return undefined;
}

/** What was seen is not, or not only, what would be released now. */
function notThis(
  { decides: { decision, environment, digest } }: DecisionRequest,
  { report: { proposal, states } }: LookedAt,
): Decided {
  const known = states.flatMap((state) =>
    state.digest === undefined ? [] : [`${state.environment} ${state.digest}`],
  );
  const now = known.length === 0 ? "Nothing of it can be approved now." : `Now it is: ${known.join(", ")}.`;
  if (environment !== undefined) {
    return refused(
      `${proposal.name} changed since that was shown, so nothing was ${doneWords[decision]} for ${environment}. ${now}`,
      "Look at its card, which shows the new report, and decide on that.",
    );
  }
  return refused(
    `${digest} is not what ${proposal.name} would release, so nothing was ${doneWords[decision]}. ${now}`,
    `To see what it would change, write: /approve-config ${proposal.name}`,
  );
}

const doneWords: Readonly<Record<GateDecision, string>> = {
  approve: "approved",
  reject: "rejected",
  withdraw: "withdrawn",
};

const tooLate = refused(
  "gofire could not look at this for more than 10 min, so nothing was decided.",
  "Look at the card, and decide again.",
);

/** Of the person, the state and the click or command: what is delivered twice is one entry. */
function eventOf(
  request: DecisionRequest,
  { environment, state }: Subject,
  { report: { proposal } }: LookedAt,
  atMs: number,
): AuditEvent {
  const { decision } = request.decides;
  const { name, repository, tip, head } = proposal;
  const actor = actorOf(request.userId);
  const digest = environment.digest;
  const act = [repository, name, state.environment, digest, actor, decision, request.intent];
  return {
    id: `gate:${createHash("sha256").update(JSON.stringify(act)).digest("hex").slice(0, 40)}`,
    type: typeOf[decision],
    atMs,
    actor,
    subject: { repository, environment: state.environment, digest, proposal: name, base: tip, head },
    facts: {
      [fromFact]: environment.was,
      by: request.decides.environment === undefined ? "command" : "button",
      channel: request.place.channel,
    },
  };
}

function isAmong(decisions: GateState["approvals"], actor: string): boolean {
  return decisions.some((one) => one.actor === actor);
}
