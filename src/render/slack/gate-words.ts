import { userIdOf, withActors } from "../../domain/audit/actor.ts";
import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import type { GateState, GateVerdict } from "../../domain/configuration/gate.ts";
import {
  fewestDigestCharacters,
  type GateDecision,
  plainDigest,
} from "../../domain/configuration/gate-request.ts";
import type { Reply } from "../../domain/incidents/incident.ts";
import { gateVerdictText, uncountedWords } from "../gate-words.ts";
import { section } from "./blocks.ts";
import { link, person, spoken, timeOfDay, words } from "./escape.ts";
import { slackLimits } from "./limits.ts";
import { replyBody } from "./reply-body.ts";

export const gateMarks: Readonly<Record<GateVerdict, string>> = {
  "not-applicable": "➖",
  refused: "❌",
  rejected: "⛔",
  waiting: "⏳",
  approved: "✅",
};

/** The beginning of a digest, as it may be typed. */
export function shownDigest(digest: string): string {
  return plainDigest(digest).slice(0, fewestDigestCharacters);
}

/** Who decided, until when that counts, and what does not count. `earlier`: who decided on another state of it. */
export function approverLines(
  { approvals, rejections, uncounted }: GateState,
  earlier: readonly string[],
): readonly string[] {
  return [
    ...rejections.map(
      ({ actor, expiresAtMs }) =>
        `⛔ Rejected by ${who(actor)}, until it is withdrawn or ${until(expiresAtMs)}`,
    ),
    ...approvals.map(({ actor, expiresAtMs }) => `✅ Approved by ${who(actor)}, until ${until(expiresAtMs)}`),
    ...uncounted.map(
      ({ actor, kind, why }) => `Does not count: ${kind} by ${who(actor)}, ${uncountedWords[why]}`,
    ),
    earlier.length === 0
      ? ""
      : `Void, because it changed since: what ${earlier.slice(0, 6).map(who).join(", ")} decided before`,
  ];
}

function until(ms: number): string {
  return timeOfDay(ms, "{date_short_pretty} {time}");
}

/** By what the audit log calls people. */
function who(actor: string): string {
  return person(userIdOf(actor));
}

/** A reply in the thread of a card; people in it are called as the audit log calls them. */
export function gateReply({ text }: Reply): MessageBody {
  return {
    text: withActors(spoken(text, slackLimits.text / 2), person),
    blocks: section([withActors(words(text, slackLimits.section / 2), person)]),
  };
}

export function checkingBody({
  proposal,
  card,
  isOutOfReach,
}: Extract<ChatReply, { kind: "checking" }>): MessageBody {
  const looking = `Looking at ${proposal} anew.`;
  if (isOutOfReach === true) {
    const rest =
      "gofire cannot post here, so you will not see its card: invite it (/invite @gofire) and ask again.";
    return replyBody([looking, rest], section([`⏳ ${words(looking, 300)}`, rest]));
  }
  if (card !== undefined) {
    const here = "Its card is here already and is brought up to date; approve or reject there.";
    return replyBody(
      [looking, here],
      section([`⏳ ${words(looking, 300)}`, `${here} ${link(card, "To the card")}`]),
    );
  }
  const rest = "Its card comes here: what would change, for whom, and who has to approve.";
  return replyBody([looking, rest], section([`⏳ ${words(looking, 300)}`, rest]));
}

const decidingWords: Readonly<Record<GateDecision, string>> = {
  approve: "your approval",
  reject: "your rejection",
  withdraw: "what you withdraw",
};

export function decidingBody({
  decision,
  proposal,
  environment,
}: Extract<ChatReply, { kind: "deciding" }>): MessageBody {
  const where = environment === undefined ? "" : ` for ${environment}`;
  const text = `Looking at ${proposal} anew before ${decidingWords[decision]}${where} counts. Nothing counts before gofire says so here.`;
  return replyBody([text], section([`⏳ ${words(text, 600)}`]));
}

export function decidedBody({
  decision,
  proposal,
  state,
  isNew,
}: Extract<ChatReply, { kind: "decided" }>): MessageBody {
  const { environment, verdict } = state;
  const stands = `${environment} is now ${gateVerdictText(state)}.`;
  const text = [decidedText(decision, proposal, environment, isNew), stands].join(" ");
  return replyBody([text], section([`${gateMarks[verdict]} ${words(text, 600)}`]));
}

function decidedText(decision: GateDecision, proposal: string, environment: string, isNew: boolean): string {
  const what = `${proposal} for ${environment}`;
  switch (decision) {
    case "approve":
      return isNew
        ? `Your approval of ${what} is in the audit log.`
        : `Your approval of ${what} counts already.`;
    case "reject":
      return isNew
        ? `Your rejection of ${what} is in the audit log: nobody's approval counts until you withdraw it.`
        : `Your rejection of ${what} counts already.`;
    case "withdraw":
      return `What you decided about ${what} is withdrawn.`;
  }
}
