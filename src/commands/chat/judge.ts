import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { CardClick, Judgement } from "../../domain/chat/chat-request.ts";
import { mostJudged } from "../../domain/chat/feedback-form.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import type { FindingSummary } from "../../domain/incidents/incident.ts";
import { type JudgedIncident, judged, whichIncident } from "../../jobs/incidents/which-incident.ts";
import type { ChatPorts } from "./chat-command.ts";
import { giveFeedback } from "./feedback.ts";

/** All findings of an incident, with what the person said of them until now. */
export async function askOpinions(
  { incidentId, place, userId }: Pick<CardClick, "incidentId" | "place" | "userId">,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  const incident = judged(await whichIncident(incidentId, place, ports.incidents, signal));
  const [findings, said] = await Promise.all([
    findingsOf(incident, ports, signal),
    ports.feedback.saidBy(incident.id, userId, signal),
  ]);
  return { kind: "judging", incident, findings: findings.slice(0, mostJudged), said };
}

/** The incident remembers the first few; the others are in its document, which may be gone or take too long. */
async function findingsOf(
  incident: JudgedIncident,
  { analyses }: Pick<ChatPorts, "analyses">,
  signal: AbortSignal,
): Promise<readonly Pick<FindingSummary, "id" | "title" | "confidence">[]> {
  const { findings, counts } = incident.analysis;
  if (findings.length >= counts.critical + counts.warning + counts.info) return findings;
  try {
    return (await analyses.read(incident, signal)).findings;
  } catch (error) {
    if (error instanceof UsageError || (error instanceof PortError && error.code === "rate-limited")) {
      return findings;
    }
    throw error;
  }
}

/** Counts what a person filled in. Sent twice, or broken off and sent again, each voice counts once. */
export async function giveOpinions(
  { opinions, ...judgement }: Judgement,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  const { incidentId, place, userId, intent } = judgement;
  const incident = judged(await whichIncident(incidentId, place, ports.incidents, signal));
  const said = await ports.feedback.saidBy(incident.id, userId, signal);
  const changed: Extract<ChatReply, { kind: "judged" }>["changed"][number][] = [];
  for (const [finding, says] of Object.entries(opinions)) {
    if (said[finding] === says) continue;
    const given = await giveFeedback(
      { incidentId: incident.id, finding, says, userId, place, intent: `${intent} ${finding}` },
      ports,
      signal,
    );
    if (given.kind !== "feedback" || !given.isNew) continue;
    const { before } = given;
    changed.push({ finding: given.finding, says, ...(before === undefined ? {} : { before }) });
  }
  return { kind: "judged", incident, changed };
}
