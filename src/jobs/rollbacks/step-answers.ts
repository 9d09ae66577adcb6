import { type ChatReply, refused } from "../../domain/chat/chat-reply.ts";
import {
  actWithinMs,
  type RollbackRequest,
  type RollbackState,
} from "../../domain/configuration/rollback-request.ts";
import type { RollbackStep } from "../../domain/configuration/rollback-step.ts";
import type { PortError } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";
import type { Rollbacks } from "../../ports/rollbacks.ts";
import type { PlanPorts } from "./plan.ts";

export interface StepPorts extends PlanPorts {
  readonly rollbacks: Rollbacks;
}

/** Who takes a step, when, and where. */
export type StepBy = Pick<RollbackStep, "userId" | "intent" | "place" | "atMs">;

/** What only the person hears; everybody sees the card. */
export type StepAnswer = Extract<
  ChatReply,
  { kind: "rollback" | "rollback-asked" | "rollback-decided" | "refused" }
>;

/** Undefined while what the person did is recent: later, minds may be others. */
export function tooLate(
  { atMs }: Pick<StepBy, "atMs">,
  { clock }: Pick<StepPorts, "clock">,
): StepAnswer | undefined {
  if (clock.nowMs() - atMs < actWithinMs) return undefined;
  return refused(
    `gofire could not look at this for more than ${durationText(actWithinMs)}, so nothing was done.`,
    "Press the button again if it is still wanted.",
  );
}

export function unlogged({ message }: PortError): StepAnswer {
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

export function alreadyWords({ id, service, state }: RollbackRequest): [why: string, next: string] {
  return [`Rollback ${id} ${already[state]}.`, `To see how things stand: /gofire rollback ${service}`];
}

export function underWayWords({ id, service, state }: RollbackRequest): [why: string, next: string] {
  return [
    `One rollback of ${service} at a time: ${id}, ${already[state]}.`,
    state === "asked"
      ? "Agree to it or cancel it on its card; then ask for this one."
      : "Wait until its card says how it ended.",
  ];
}
