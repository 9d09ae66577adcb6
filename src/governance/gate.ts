import type {
  CountedDecision,
  GatePolicy,
  GateState,
  LoggedDecision,
  People,
  UncountedDecision,
  UncountedReason,
} from "../domain/configuration/gate.ts";
import type { Proposal, ProposalEnvironment } from "../domain/configuration/proposal.ts";
import { addressesOfPerson, personOf } from "./persons.ts";

/** Everything that the gate's answer depends on. */
export interface GateSnapshot {
  readonly proposal: Pick<Proposal, "repository" | "addresses" | "environments" | "problems">;
  readonly policy: GatePolicy;
  readonly people: People;
  /** Of the audit log; what is about something else is passed over. */
  readonly entries: readonly LoggedDecision[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** What somebody is to a proposal: only who is `eligible` can approve or reject it. */
export type Standing = "eligible" | "author" | "unlinked";

/** Fact of an entry that says what the environment's files were before: the `was` of the proposal. */
export const fromFact = "from";

/** Clocks of machines differ by less than that. */
const aheadMs = 5 * 60_000;

/**
 * Whether a proposal may be released to an environment. An approval names the repository, the environment, what its files
 * would be, and what they were; for anything else it does not count. Of each person the last word counts until it expires; a
 * rejection stops everybody's approvals until the same person withdraws it.
 */
export function evaluate(snapshot: GateSnapshot): GateState {
  const { proposal, policy } = snapshot;
  const environment = proposal.environments.find(({ name }) => name === policy.environment);
  const unknownAddresses = unknownIn(snapshot);
  const state = {
    environment: policy.environment,
    ...(environment === undefined || environment.digest === "" ? {} : { digest: environment.digest }),
    reasons: [],
    needed: policy.approvals + unknownAddresses.length,
    approvals: [],
    rejections: [],
    uncounted: [],
    authors: [...snapshot.people.keys()].filter((actor) => standingOf(actor, snapshot) === "author"),
    unknownAddresses,
  };
  const reasons = [...proposal.problems, ...(environment?.problems ?? [])];
  if (reasons.length > 0) return { ...state, verdict: "refused", reasons };
  if (environment === undefined) return { ...state, verdict: "not-applicable" };
  const { approvals, rejections, uncounted } = decisionsOn(environment, snapshot);
  const isEnough = approvals.length >= state.needed;
  const verdict = rejections.length > 0 ? "rejected" : isEnough ? "approved" : "waiting";
  return { ...state, verdict, approvals, rejections, uncounted };
}

/** Whether somebody may approve or reject it, apart from what the chat's rights say. */
export function standingOf(actor: string, { proposal, people }: GateSnapshot): Standing {
  if ((people.get(actor) ?? []).length === 0) return "unlinked";
  return addressesOfPerson(actor, people).some((address) => proposal.addresses.includes(address))
    ? "author"
    : "eligible";
}

function unknownIn({ proposal, people }: GateSnapshot): readonly string[] {
  const known = new Set([...people.values()].flat());
  return proposal.addresses.filter((address) => !known.has(address));
}

type Decided = Pick<GateState, "approvals" | "rejections" | "uncounted">;

function decisionsOn(environment: ProposalEnvironment, snapshot: GateSnapshot): Decided {
  const approvals: CountedDecision[] = [];
  const rejections: CountedDecision[] = [];
  const uncounted: UncountedDecision[] = [];
  for (const { index, event } of lastWords(environment, snapshot)) {
    const { actor, atMs, type } = event;
    const isApproval = type === "config.approved";
    const why = whyNot(event, environment, snapshot);
    if (why !== undefined) {
      uncounted.push({ actor, atMs, kind: isApproval ? "approval" : "rejection", why });
      continue;
    }
    const counted = { actor, atMs, expiresAtMs: atMs + snapshot.policy.expiresAfterMs, index };
    (isApproval ? approvals : rejections).push(counted);
  }
  return { approvals, rejections, uncounted: [...uncounted, ...ofOthers(environment, snapshot)] };
}

/** Approvals of the same files in another repository: who looked there did not look here. */
function ofOthers(
  { name, digest }: ProposalEnvironment,
  { entries, proposal }: GateSnapshot,
): readonly UncountedDecision[] {
  return entries
    .filter(({ event: { type, subject } }) => {
      const isOfThese = subject.environment === name && subject.digest === digest;
      return type === "config.approved" && isOfThese && subject.repository !== proposal.repository;
    })
    .toSorted((a, b) => a.index - b.index)
    .map(({ event: { actor, atMs, subject } }) => {
      const { repository } = subject;
      return { actor, atMs, kind: "approval", why: "other-repository", repository };
    });
}

const decisionTypes = new Set(["config.approved", "config.rejected", "config.withdrawn"]);

/**
 * The last approval or rejection of each person about it, in the order of the log; one that was withdrawn is none. An approval
 * from another beginning takes no other word's place.
 */
function lastWords(
  { name, digest, was }: ProposalEnvironment,
  { entries, people, proposal: { repository } }: GateSnapshot,
): readonly LoggedDecision[] {
  const last = new Map<string, LoggedDecision>();
  const about = entries.filter(
    ({ event: { type, subject } }) =>
      decisionTypes.has(type) &&
      subject.repository === repository &&
      subject.environment === name &&
      subject.digest === digest,
  );
  for (const entry of about.toSorted((a, b) => a.index - b.index)) {
    const person = personOf(entry.event.actor, people);
    if (isOtherStep(entry.event, was) && last.has(person)) continue;
    last.delete(person);
    if (entry.event.type !== "config.withdrawn") last.set(person, entry);
  }
  return [...last.values()];
}

/** A rejection counts from another beginning, too, and whatever its date: it only stops. */
function whyNot(
  event: LoggedDecision["event"],
  { was }: ProposalEnvironment,
  snapshot: GateSnapshot,
): UncountedReason | undefined {
  const { actor, atMs, type } = event;
  const standing = standingOf(actor, snapshot);
  if (standing !== "eligible") return standing;
  if (atMs + snapshot.policy.expiresAfterMs <= snapshot.nowMs) return "expired";
  if (type !== "config.approved") return undefined;
  if (atMs > snapshot.nowMs + aheadMs) return "ahead";
  return isOtherStep(event, was) ? "other-step" : undefined;
}

function isOtherStep({ type, facts }: LoggedDecision["event"], was: string): boolean {
  return type === "config.approved" && facts?.[fromFact] !== was;
}
