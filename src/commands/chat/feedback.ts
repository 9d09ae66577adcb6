import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import { mostCommentCharacters } from "../../domain/chat/feedback-form.ts";
import type { Place } from "../../domain/chat/message.ts";
import { looksLikeSecret } from "../../domain/configuration/secret-shapes.ts";
import { UsageError } from "../../domain/errors.ts";
import { type Opinion, opinions } from "../../domain/findings/feedback.ts";
import type { FindingSummary } from "../../domain/incidents/incident.ts";
import { type JudgedIncident, judged, whichIncident } from "../../jobs/incidents/which-incident.ts";
import { countVoice } from "../../jobs/thread/tell-acts.ts";
import { type ChatPorts, defineChatCommand } from "./chat-command.ts";

export const feedback = defineChatCommand({
  name: "feedback",
  summary: "Say whether a finding is right; gofire counts it for the rule",
  usage: 'ID FINDING right|wrong [comment="…"]',
  examples: [
    { line: "feedback gf-3fa9 f1 right", does: "the finding is right" },
    {
      line: 'feedback gf-3fa9 f2 wrong comment="these workers wait by design"',
      does: "it is wrong, and why",
    },
  ],
  whoMayUse: "feedback",
  operands: {
    placeholder: "an incident, a finding and right or wrong, such as: /gofire feedback gf-3fa9 f1 right",
    min: 3,
    max: 3,
  },
  options: {
    comment: { kind: "text", placeholder: '"…"', summary: "why, for whoever looks after the rules" },
  },
  async run({ place, userId, intent }, { operands: [id, finding = "", word = ""], comment }, ports, signal) {
    const says = opinions.find((opinion) => opinion === word.toLowerCase());
    if (says === undefined) throw new UsageError(`Is it right or wrong? "${word}" is neither.`);
    const said = { incidentId: id ?? "", finding, says, userId, intent, place };
    return await giveFeedback({ ...said, ...(comment === undefined ? {} : { comment }) }, ports, signal);
  },
});

export interface Said {
  readonly incidentId: string;
  readonly finding: string;
  readonly says: Opinion;
  readonly comment?: string;
  readonly userId: string;
  readonly intent: string;
  readonly place: Place;
}

/**
 * Counts one person's voice on a finding and has the card show it. The same again changes nothing, so a delivery that
 * comes twice is harmless. Throws UsageError for a finding that there is not and for a comment that holds a secret.
 */
export async function giveFeedback(said: Said, ports: ChatPorts, signal: AbortSignal): Promise<ChatReply> {
  const { says, userId, place, intent } = said;
  const comment = commentOf(said.comment);
  const incident = judged(await whichIncident(said.incidentId, place, ports.incidents, signal));
  const finding = await findingOf(incident, said.finding, ports, signal);
  const { goVersion } = incident.analysis;
  const atMs = ports.clock.nowMs();
  const { tally, before, isNew } = await ports.feedback.say(
    {
      incidentId: incident.id,
      finding: finding.id,
      userId,
      says,
      atMs,
      ...(comment === undefined ? {} : { comment }),
    },
    {
      rule: finding.rule,
      confidence: finding.confidence,
      gofireVersion: ports.version,
      ...(goVersion === undefined ? {} : { goVersion }),
    },
    signal,
    intent,
  );
  const voice = { did: "judged-finding", incidentId: incident.id, finding: finding.id, says } as const;
  const isSame = before === says ? ({ isSame: true } as const) : {};
  await countVoice({ ...voice, tally, userId, intent, atMs, ...isSame }, ports, signal);
  if (isNew) await ports.openActs.close(intent, signal);
  return {
    kind: "feedback",
    incident,
    finding,
    says,
    tally,
    isNew,
    ...(before === undefined || before === says ? {} : { before }),
    ...(comment === undefined ? {} : { comment }),
  };
}

/** One of the first few, which the incident remembers, or any of its document. */
async function findingOf(
  incident: JudgedIncident,
  typed: string,
  { analyses }: Pick<ChatPorts, "analyses">,
  signal: AbortSignal,
): Promise<FindingSummary> {
  const { id, analysis } = incident;
  const wanted = typed.toLowerCase();
  const finding = analysis.findings.find((one) => one.id === wanted);
  if (finding !== undefined) return finding;
  const { counts } = analysis;
  const isWhole = analysis.findings.length >= counts.critical + counts.warning + counts.info;
  const all = isWhole ? analysis.findings : (await analyses.read(incident, signal)).findings;
  const further = all.find((one) => one.id === wanted);
  if (further !== undefined) return further;
  const ids = all.map((one) => one.id);
  const hint = ids.length === 0 ? "It has none." : `People can judge: ${ids.join(", ")}.`;
  throw new UsageError(`${id} has no finding "${typed}" to judge. ${hint}`);
}

function commentOf(typed: string | undefined): string | undefined {
  const comment = typed?.trim() ?? "";
  if (comment === "") return undefined;
  if (comment.length > mostCommentCharacters) {
    throw new UsageError(
      `The comment is ${comment.length} characters long; at most ${mostCommentCharacters} are kept.`,
    );
  }
  // Pasted, it stands behind a name and within quotes: `token="ghp_…"`.
  const parts = [comment, ...comment.split(/\s+/), ...comment.split(/[\s=:,;"'`()<>]+/)];
  if (parts.some(looksLikeSecret)) {
    throw new UsageError("The comment looks as if it held a secret, so it was not kept. Write it without.");
  }
  return comment;
}
