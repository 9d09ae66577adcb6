import * as z from "zod/mini";
import type { ChatReply } from "../domain/chat/chat-reply.ts";
import { type GateRequest, gateDecisions } from "../domain/configuration/gate-request.ts";
import { PortError } from "../domain/errors.ts";
import type { ConfigGate } from "../ports/config-gate.ts";
import type { GateCards } from "../ports/gate-cards.ts";
import { refusalWhereOverheard } from "./access/overheard.ts";
import { type Rights, refusalAtLast } from "./access/refusal.ts";
import { askedBy, whileSomebodyWaits, whoAsked } from "./asked/asked-by.ts";
import { type DecisionRequest, decide } from "./gate/decide.ts";
import { lookAt, type ReportPorts } from "./gate/report.ts";
import { defineJob, done } from "./job.ts";
import type { Cards } from "./publish.ts";
import { refuses } from "./thread/show-message.ts";
import { type TellOnePorts, tellOne } from "./thread/tell-one.ts";

export interface GateJobPorts extends ReportPorts, TellOnePorts {
  readonly rights: Rights;
  readonly gateCards: GateCards;
  readonly cards: Pick<Cards, "answer">;
}

const payload = z.object({
  ...askedBy,
  proposal: z.string(),
  askedAtMs: z.string(),
  /** "" for none, here and below. */
  decision: z.enum(["", ...gateDecisions]),
  environment: z.string(),
  digest: z.string(),
  clickedTs: z.string(),
});
type Payload = z.output<typeof payload>;

/**
 * What somebody asks of the gate: to be shown what a proposal would change, or to decide on it. Looks at the repository and the
 * log anew, does it, has the cards brought up to date, and tells the person what the card does not. After a death it is done
 * again, which the log makes once.
 */
export const gate = defineJob({
  name: "gate",
  payload,
  ...whileSomebodyWaits,
  async run(asked: Payload, ports: GateJobPorts, { signal }) {
    const request = requestOf(asked);
    const answer = await answered(request, ports, signal);
    if (answer !== undefined) await tell(request, answer, ports, signal);
    return done;
  },
  async gaveUp(asked: Payload, reason: string, ports: GateJobPorts, signal) {
    const request = requestOf(asked);
    await tell(request, notDone(request, reason), ports, signal);
  },
});

async function answered(
  request: GateRequest,
  ports: GateJobPorts,
  signal: AbortSignal,
): Promise<ChatReply | undefined> {
  const { gate: configured } = ports;
  if (configured === undefined) return notDone(request, "This worker's gofire.yaml has no gate");
  const nowMs = ports.clock.nowMs();
  const looked = await lookAt(request.proposal, configured, nowMs, signal).catch((error: unknown) => {
    // What would be the same a moment later; the rest is tried again.
    if (refuses(error)) return error;
    throw error;
  });
  if (looked instanceof PortError) {
    await wakeCards(request, configured, ports, signal);
    return notDone(request, looked.message);
  }
  const { userId, place } = request;
  const { channel } = place;
  const nothing = "gofire shows no configuration here, and nothing is decided";
  const overheard = () => refusalWhereOverheard(nothing, channel, ports.rights.rooms, signal);
  const mayNot = async () =>
    (await overheard()) ?? (await refusalAtLast("approve", { userId, channel }, ports.rights, signal));
  const answer = isDecision(request)
    ? await decide(request, looked, configured.audit, mayNot, nowMs, signal)
    : await overheard();
  await openCard(request, configured, ports, signal);
  await wakeCards(request, configured, ports, signal);
  return answer;
}

function isDecision(request: GateRequest): request is DecisionRequest {
  return request.decides !== undefined;
}

/**
 * Who asks gets a card, and a new one where the chat took none or somebody deleted it. Who clicks has one: what is not noted of
 * it, because the records were lost, is noted now.
 */
async function openCard(
  { proposal, place, decides, clicked }: GateRequest,
  { repository }: ConfigGate,
  { gateCards, clock }: GateJobPorts,
  signal: AbortSignal,
): Promise<void> {
  if (decides !== undefined && clicked === undefined) return;
  const { id } = await gateCards.open({ repository, proposal, place }, signal);
  await gateCards.update(
    id,
    (now) => {
      if (clicked !== undefined) {
        return now.card === undefined
          ? { ...now, card: { ref: clicked, attemptedAtMs: clock.nowMs() } }
          : now;
      }
      if (now.card?.problem === undefined) return now;
      const { card: _refused, ...rest } = now;
      return { ...rest, place, replies: [] };
    },
    signal,
  );
}

async function wakeCards(
  { proposal }: GateRequest,
  { repository }: ConfigGate,
  { gateCards, clock }: GateJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const nowMs = clock.nowMs();
  for (const id of await gateCards.of({ repository, proposal }, signal)) {
    await gateCards.wake(id, nowMs, signal);
  }
}

/** What was decided is on the card, too. */
async function tell(
  request: GateRequest,
  answer: ChatReply,
  ports: GateJobPorts,
  signal: AbortSignal,
): Promise<void> {
  await tellOne({ ...request, draw: (isAgain) => ports.cards.answer(answer, isAgain) }, ports, signal);
}

function notDone({ proposal, decides }: GateRequest, reason: string): ChatReply {
  const nothing =
    decides === undefined ? "cannot be shown" : "could not be looked at, so nothing was decided";
  return {
    kind: "refused",
    why: `${proposal} ${nothing}: ${reason.replace(/\.$/, "")}.`,
    next:
      decides === undefined
        ? "Write the number of a pull or merge request, or the name of a branch: /approve-config 42"
        : "Try again in a minute; gofire doctor says more on the machine that gofire runs on.",
  };
}

function requestOf(asked: Payload): GateRequest {
  const { proposal, channel, environment, digest, decision, clickedTs } = asked;
  return {
    ...whoAsked(asked),
    proposal,
    askedAtMs: Number(asked.askedAtMs),
    ...(decision === ""
      ? {}
      : { decides: { decision, digest, ...(environment === "" ? {} : { environment }) } }),
    ...(clickedTs === "" ? {} : { clicked: { channel, ts: clickedTs } }),
  };
}
