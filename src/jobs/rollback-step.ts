import * as z from "zod/mini";
import { refused } from "../domain/chat/chat-reply.ts";
import type { RollbackStep } from "../domain/configuration/rollback-step.ts";
import { UsageError } from "../domain/errors.ts";
import type { Incidents } from "../ports/incidents.ts";
import { refusalAtLast } from "./access/refusal.ts";
import { sightOf } from "./access/sight.ts";
import { askedBy, whileSomebodyWaits, whoAsked } from "./asked/asked-by.ts";
import { whichIncident } from "./incidents/which-incident.ts";
import { defineJob, done } from "./job.ts";
import type { Cards } from "./publish.ts";
import { agreeToRollback, cancelRollback } from "./rollbacks/agreeing.ts";
import { askForRollback } from "./rollbacks/asking.ts";
import { rollbackPlan } from "./rollbacks/plan.ts";
import type { StepAnswer, StepPorts } from "./rollbacks/step-answers.ts";
import { type TellOnePorts, tellOne } from "./thread/tell-one.ts";

export interface RollbackStepJobPorts extends StepPorts, TellOnePorts {
  readonly incidents: Incidents;
  readonly cards: Pick<Cards, "answer">;
}

const by = { ...askedBy, atMs: z.string() };
const of = { service: z.string(), incidentId: z.optional(z.string()), tag: z.optional(z.string()) };

const payload = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("plan"), ...by, ...of }),
  z.object({ kind: z.literal("ask"), ...by, ...of, digest: z.string() }),
  z.object({ kind: z.enum(["agree", "cancel"]), ...by, rollbackId: z.string() }),
]);
type Payload = z.output<typeof payload>;

/**
 * What somebody wants done about a rollback: to be shown one, to have a second person asked, to agree, to cancel. Looks at the
 * repository and at the person's rights as they are now, does it, and tells the person. After a death it is done again, which
 * the rollback's id, the log's entries and the click's intent make once.
 */
export const rollbackStep = defineJob({
  name: "rollback-step",
  payload,
  ...whileSomebodyWaits,
  async run(wanted: Payload, ports: RollbackStepJobPorts, { signal }) {
    const step = stepOf(wanted);
    const { incidents } = sightOf(
      { userId: step.userId, channel: step.place.channel },
      ports.incidents,
      ports.rights.rooms,
    );
    await tell(step, await answered(step, { ...ports, incidents }, signal), ports, signal);
    return done;
  },
  async gaveUp(wanted: Payload, reason: string, ports: RollbackStepJobPorts, signal) {
    const step = stepOf(wanted);
    await tell(
      step,
      refused(`${notDone[step.does.kind]}: ${reason.replace(/\.$/, "")}.`, tryAgain),
      ports,
      signal,
    );
  },
});

const notDone: Readonly<Record<RollbackStep["does"]["kind"], string>> = {
  plan: "What a rollback would put back cannot be said now",
  ask: "Nobody was asked, and nothing was done",
  agree: "Your agreement does not count, and nothing was pushed for it",
  cancel: "It could not be cancelled for certain",
};
const tryAgain = "Try again in a minute; gofire doctor says more on the machine that gofire runs on.";

async function answered(step: RollbackStep, ports: StepPorts, signal: AbortSignal): Promise<StepAnswer> {
  try {
    return await taken(step, ports, signal);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return refused(
      error.message,
      "Nothing was done. To see what there is to roll back, write /gofire rollback and the service.",
    );
  }
}

async function taken(step: RollbackStep, ports: StepPorts, signal: AbortSignal): Promise<StepAnswer> {
  const { does, userId, place } = step;
  switch (does.kind) {
    case "plan": {
      const refusal = await refusalAtLast(
        "explain",
        { userId, channel: place.channel },
        ports.rights,
        signal,
      );
      if (refusal !== undefined) return refusal;
      const { service, tag, incidentId } = does;
      const incident =
        incidentId === undefined
          ? undefined
          : await whichIncident(incidentId, place, ports.incidents, signal);
      const question = { service, place, userId, ...(tag === undefined ? {} : { tag }) };
      return await rollbackPlan(
        { ...question, ...(incident === undefined ? {} : { incident }) },
        ports,
        signal,
      );
    }
    case "ask":
      return await askForRollback(does, step, ports, signal);
    case "agree":
    case "cancel": {
      const request = await ports.rollbacks.read(does.rollbackId, signal);
      if (request === undefined || request.place.channel !== place.channel) {
        return refused("gofire does not know this rollback any more.", "Ask anew: /gofire rollback SERVICE");
      }
      const act = does.kind === "cancel" ? cancelRollback : agreeToRollback;
      return await act(request, step, ports, signal);
    }
  }
}

async function tell(
  step: RollbackStep,
  answer: StepAnswer,
  ports: RollbackStepJobPorts,
  signal: AbortSignal,
): Promise<void> {
  await tellOne({ ...step, draw: (isAgain) => ports.cards.answer(answer, isAgain) }, ports, signal);
}

function stepOf(wanted: Payload): RollbackStep {
  return { ...whoAsked(wanted), atMs: Number(wanted.atMs), does: doesOf(wanted) };
}

function doesOf(wanted: Payload): RollbackStep["does"] {
  if ("rollbackId" in wanted) return { kind: wanted.kind, rollbackId: wanted.rollbackId };
  const { service, incidentId, tag } = wanted;
  const about = {
    service,
    ...(incidentId === undefined ? {} : { incidentId }),
    ...(tag === undefined ? {} : { tag }),
  };
  return wanted.kind === "ask"
    ? { kind: "ask", digest: wanted.digest, ...about }
    : { kind: "plan", ...about };
}
