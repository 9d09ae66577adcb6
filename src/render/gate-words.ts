import type { GateState, GateVerdict, UncountedReason } from "../domain/configuration/gate.ts";
import type { ProposedChange } from "../domain/configuration/proposal.ts";
import { counted } from "../domain/units.ts";

const verdictWords: Readonly<Record<GateVerdict, string>> = {
  "not-applicable": "nothing of it changes",
  refused: "cannot be approved as it is",
  rejected: "rejected",
  waiting: "waiting for approval",
  approved: "approved",
};

/** `waiting for approval, 1 of 2` */
export function gateVerdictText({ verdict, approvals, needed }: GateState): string {
  const isCounted = verdict === "waiting" || verdict === "approved";
  return `${verdictWords[verdict]}${isCounted ? `, ${approvals.length} of ${needed}` : ""}`;
}

/** Why a decision that stands in the log does not count; follows what it is of. */
export const uncountedWords: Readonly<Record<UncountedReason, string>> = {
  author: "wrote or committed some of it",
  unlinked: "gofire.yaml does not say under people which addresses are theirs",
  expired: "it has expired",
  ahead: "it is dated in the future",
  "other-step": "it was given when the environment had other files",
  "other-repository": "it is of another repository that has the same files",
};

/** What a change can do, as something inferred; empty where nothing is known. */
export function impactText({ impact }: ProposedChange): string {
  return impact === undefined ? "" : `can mean: ${impact} (inferred from its name)`;
}

/** Why more approvals are needed than the policy says; empty where not. */
export function unknownText({ unknownAddresses: unknown }: GateState): string {
  if (unknown.length === 0) return "";
  const more = unknown.length === 1 ? "one approval more" : `${counted(unknown.length, "approval")} more`;
  return `nobody of people commits as ${unknown.join(", ")}: whoever does may be an approver, so ${more} is needed`;
}
