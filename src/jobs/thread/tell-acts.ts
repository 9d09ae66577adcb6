import { subjectWords } from "../../domain/alerts/mute.ts";
import { PortError } from "../../domain/errors.ts";
import type { FeedbackTally } from "../../domain/findings/feedback.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { type HumanAct, withAct } from "../../domain/incidents/incident-record.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { ActedBy, OpenAct, OpenActs, OpenMute, OpenVoice } from "../../ports/open-acts.ts";
import type { Queue } from "../../ports/queue.ts";
import type { Cards } from "../publish.ts";
import { refuses } from "./show-message.ts";

export interface NoteActPorts {
  readonly incidents: Incidents;
  readonly queue: Queue;
  readonly clock: Clock;
}

export interface TellActsPorts extends NoteActPorts {
  readonly openActs: OpenActs;
  readonly chat: Chat;
  readonly cards: Pick<Cards, "announcement">;
  /** Hears what could not be said anywhere. */
  readonly onTrouble: (message: string) => void;
}

/** What changed so lately is in somebody's hands: Slack waits three seconds for an answer. */
const leaveAloneMs = 15_000;

/**
 * Tells what people did whose process died before it could: every worker does it now and then. Doing it twice tells it
 * once.
 */
export async function tellLeftActs(ports: TellActsPorts, signal: AbortSignal): Promise<void> {
  for (const act of await ports.openActs.left(leaveAloneMs, signal)) {
    await tell(act, ports, signal);
    await ports.openActs.close(act.intent, signal);
  }
}

async function tell(act: OpenAct, ports: TellActsPorts, signal: AbortSignal): Promise<void> {
  if (act.did === "judged-finding") {
    await countVoice(act, ports, signal);
    return;
  }
  await noteMute(act, ports, signal);
  const { place, intent, atMs } = act;
  try {
    await ports.chat.post(place, ports.cards.announcement(act), { intent, attemptedAtMs: atMs }, signal);
  } catch (error) {
    if (!refuses(error)) throw error;
    ports.onTrouble(
      `${subjectWords(subjectOf(act))}: that it is ${act.did} could not be said: ${error.message}`,
    );
  }
}

/** Has the incident's card and record tell of a voice. An incident that was forgotten meanwhile has none. */
export async function countVoice(
  act: OpenVoice,
  { incidents, queue }: Pick<NoteActPorts, "incidents" | "queue">,
  signal: AbortSignal,
): Promise<void> {
  const { incidentId, finding, says, tally, isSame } = act;
  await unlessForgotten(async () => {
    await incidents.update(
      incidentId,
      (now) => {
        const counted = withTally(now, finding, tally);
        return isSame === true ? counted : withAct(counted, { did: "judged-finding", finding, says }, act);
      },
      signal,
    );
    await queue.publish(incidentId, "soon", signal);
  });
}

/** Two people may say something at once: the tally with more voices is the newer one. */
function withTally(incident: Incident, finding: string, tally: FeedbackTally): Incident {
  const known = incident.feedback?.[finding];
  if (known !== undefined && known.voices >= tally.voices) return incident;
  return { ...incident, feedback: { ...incident.feedback, [finding]: tally } };
}

/** A mute belongs to the story of what it was given for: of late, and not over. */
const noteWithinMs = 24 * 3_600_000;
const mostNoted = 20;

/** Has the records of the incidents that a mute concerns tell of it. */
export async function noteMute(act: OpenMute, ports: NoteActPorts, signal: AbortSignal): Promise<void> {
  const subject = subjectOf(act);
  const ofService = subject.service === undefined ? {} : { service: subject.service };
  const recent = await ports.incidents.recent(
    { ...ofService, createdFromMs: ports.clock.nowMs() - noteWithinMs, limit: 200 },
    signal,
  );
  const concerned = recent.filter(
    ({ state, analysis }) =>
      state !== "resolved" &&
      (subject.kind === "service" || analysis?.findings.some(({ rule }) => rule === subject.rule)),
  );
  for (const { id } of concerned.slice(0, mostNoted)) await noteAct(id, wordsOf(act), act, ports, signal);
}

function subjectOf(act: OpenMute) {
  return act.did === "muted" ? act.mute.subject : act.subject;
}

function wordsOf(act: OpenMute): HumanAct {
  const subject = subjectWords(subjectOf(act));
  if (act.did === "unmuted") return { did: "unmuted", subject };
  const { untilMs, reason } = act.mute;
  return { did: "muted", untilMs, subject, ...(reason === undefined ? {} : { reason }) };
}

/**
 * Puts what a person did into an incident's record, once for each intent. An incident that was forgotten meanwhile has
 * none. Throws PortError when the store cannot be reached.
 */
export async function noteAct(
  incidentId: string,
  act: HumanAct,
  by: Pick<ActedBy, "userId" | "intent"> & { readonly atMs?: number },
  { incidents, clock }: Pick<NoteActPorts, "incidents" | "clock">,
  signal: AbortSignal,
): Promise<void> {
  const { userId, intent, atMs = clock.nowMs() } = by;
  await unlessForgotten(async () => {
    await incidents.update(incidentId, (now) => withAct(now, act, { userId, intent, atMs }), signal);
  });
}

async function unlessForgotten(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof PortError && error.code === "not-found")) throw error;
  }
}
