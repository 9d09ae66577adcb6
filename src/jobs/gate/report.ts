import type { AuditEvent, LoggedEvent } from "../../domain/audit/audit-event.ts";
import type { GateState } from "../../domain/configuration/gate.ts";
import type { ProposalReport } from "../../domain/configuration/gate-card.ts";
import type { Proposal } from "../../domain/configuration/proposal.ts";
import { PortError } from "../../domain/errors.ts";
import { evaluate, type GateSnapshot } from "../../governance/gate.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigGate } from "../../ports/config-gate.ts";

/** The gate, and the log that decisions on it are kept in. */
export interface OpenGate extends ConfigGate {
  readonly audit: Pick<AuditLog, "append" | "entries">;
}

export interface ReportPorts {
  /** Absent: gofire.yaml has no gate. */
  readonly gate?: OpenGate;
  readonly clock: Clock;
}

/** What a report is made of, for who decides on it. */
export interface LookedAt {
  readonly report: ProposalReport;
  /** For the environments in question, in the order of the proposal's. */
  readonly snapshots: readonly GateSnapshot[];
  /** What was ever decided here, in the order of the log. */
  readonly entries: readonly LoggedEvent[];
}

/**
 * What a proposal would change as it is now, and where it stands by what the log has now: nothing is taken from before.
 * Throws PortError worded for people, and the signal's reason.
 */
export async function lookAt(
  name: string,
  gate: OpenGate,
  nowMs: number,
  signal: AbortSignal,
): Promise<LookedAt> {
  const proposal = await gate.proposal(name, signal);
  if ("candidates" in proposal)
    throw new PortError("not-found", name, whichOf(name, proposal.candidates, gate));
  const entries: LoggedEvent[] = [];
  for await (const entry of gate.audit.entries(0, signal)) {
    if (isDecisionHere(entry.event, gate)) entries.push(entry);
  }
  const { people } = gate;
  const snapshots = policiesOf(proposal, gate).map((policy) => ({
    proposal,
    policy,
    people,
    entries,
    nowMs,
  }));
  const states = snapshots.map(evaluate);
  return { report: { proposal, states, earlier: earlierIn(proposal, states, entries) }, snapshots, entries };
}

/** Who decided on another state of it, and not on this one. */
function earlierIn(
  { name }: Proposal,
  states: readonly GateState[],
  entries: readonly LoggedEvent[],
): ProposalReport["earlier"] {
  return states.flatMap(({ environment, digest, approvals, rejections }) => {
    const present = new Set([...approvals, ...rejections].map(({ actor }) => actor));
    const actors = entries.flatMap(({ event: { actor, subject } }) =>
      subject.proposal === name &&
      subject.environment === environment &&
      subject.digest !== digest &&
      !present.has(actor)
        ? [actor]
        : [],
    );
    return actors.length === 0 ? [] : [{ environment, actors: [...new Set(actors)] }];
  });
}

/** Of a proposal that cannot be merged at all there is one for every environment, so that somebody is told. */
function policiesOf({ environments, problems }: Proposal, { policies }: ConfigGate): ConfigGate["policies"] {
  if (environments.length === 0 && problems.length > 0) return policies;
  return environments.flatMap(({ name }) => policies.filter(({ environment }) => environment === name));
}

function isDecisionHere({ type, subject }: AuditEvent, { repository }: ConfigGate): boolean {
  return type.startsWith("config.") && subject.repository === repository;
}

const mostCandidates = 8;

function whichOf(name: string, candidates: readonly string[], { repository }: ConfigGate): string {
  if (candidates.length === 0) {
    return `${repository} has no pull request, branch or commit ${name}`;
  }
  const rest = candidates.length - mostCandidates;
  const listed = candidates.slice(0, mostCandidates).join(", ");
  return `${name} could be ${listed}${rest > 0 ? ` and ${rest} more` : ""} of ${repository}: write one of them`;
}
