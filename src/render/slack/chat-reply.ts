import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import { isDirect, type MessageBody } from "../../domain/chat/message.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { counted, durationText } from "../../domain/units.ts";
import { type Block, context, plainText, section } from "./blocks.ts";
import { diffBody } from "./diff.ts";
import { bold, code, words } from "./escape.ts";
import { explainBody } from "./explain.ts";
import { feedbackBody, judgedBody, judgingBody } from "./feedback.ts";
import { checkingBody, decidedBody, decidingBody } from "./gate-words.ts";
import { helpBody } from "./help.ts";
import { incidentLine, incidentSentence } from "./incident-line.ts";
import { slackLimits } from "./limits.ts";
import { mutedLines, muteSentence, unmutedLine, unmutedSentence } from "./mute-words.ts";
import { peerSentence } from "./peer-words.ts";
import { refusedBody } from "./refused.ts";
import { replyBody } from "./reply-body.ts";
import { rollbackBody } from "./rollback.ts";
import { rollbackAskedBody, rollbackDecidedBody, rollbackLookingBody } from "./rollback-words.ts";
import { shownBody } from "./shadow.ts";
import { statusBody } from "./status.ts";
import { lookingBody } from "./tls.ts";
import { placeWords } from "./verdict-words.ts";

const mostServices = 20;

/** "1 per second" and channel (https://docs.slack.dev/apis/web-api/rate-limits), with a little room. */
const cardEveryMs = 1_100;

const confidential = "Only you see this: it tells of a channel that not everybody here can read.";

const again =
  "gofire was interrupted when it told you this, so you may read it twice. If the answers differ, this one is the newer.";

/** How an answer to a person looks; `isAgain`: one that they may have read already. */
export function chatReplyBody(reply: ChatReply, isAgain = false): MessageBody {
  const body = bodyOf(reply);
  const first = [...("inConfidence" in reply ? [confidential] : []), ...(isAgain ? [again] : [])];
  if (first.length === 0) return body;
  const { text, blocks = [] } = body;
  return replyBody([...first, text], [...context(first), ...(blocks as readonly Block[])]);
}

/** The same as a modal view without anything to fill in. */
export function noticeModal(reply: ChatReply): object {
  return {
    type: "modal",
    title: plainText("gofire", slackLimits.view.title),
    close: plainText("Close", slackLimits.view.button),
    blocks: chatReplyBody(reply).blocks,
  };
}

function bodyOf(reply: ChatReply): MessageBody {
  switch (reply.kind) {
    case "begun":
      return begunBody(reply);
    case "resolved":
      return replyBody(
        [incidentSentence(reply.incident)],
        section([incidentLine(reply.incident, { withChannel: true })]),
      );
    case "peer":
      return replyBody(
        ["A comparison is under way.", peerSentence(reply.incident), incidentSentence(reply.incident)],
        section([
          "A comparison is under way:",
          words(peerSentence(reply.incident), 300),
          incidentLine(reply.incident, { withChannel: true }),
        ]),
      );
    case "already":
      return replyBody(
        ["This is under way already.", incidentSentence(reply.incident), reply.next],
        section([
          "This is under way already:",
          incidentLine(reply.incident, { withChannel: true }),
          words(reply.next, 500),
        ]),
      );
    case "feedback":
      return feedbackBody(reply);
    case "judging":
      return judgingBody(reply);
    case "judged":
      return judgedBody(reply);
    case "shown":
      return shownBody(reply.incident);
    case "reporting": {
      const { id, shadow } = reply.incident;
      const where =
        shadow === true ? "comes here: it is in shadow and has no thread" : "comes into its thread";
      return replyBody(
        [`The report of ${id} ${where}.`],
        section([`The report of ${words(id, 40)} ${where}.`]),
      );
    }
    case "looking":
      return lookingBody(reply.target, reply.isOutOfReach === true);
    case "ask":
      return askBody(reply);
    case "status":
      return statusBody(reply);
    case "explain":
      return explainBody(reply);
    case "diff":
      return diffBody(reply);
    case "rollback":
      return rollbackBody(reply);
    case "checking":
      return checkingBody(reply);
    case "deciding":
      return decidingBody(reply);
    case "decided":
      return decidedBody(reply);
    case "rollback-asked":
      return rollbackAskedBody(reply.request);
    case "rollback-decided":
      return rollbackDecidedBody(reply.request);
    case "rollback-looking":
      return rollbackLookingBody(reply);
    case "muted":
      return replyBody([muteSentence(reply.mute)], section(mutedLines(reply.mute)));
    case "unmuted":
      return replyBody(
        [unmutedSentence(reply.subject, reply.mute)],
        section([unmutedLine(reply.subject, reply.mute)]),
      );
    case "help":
      return helpBody(reply);
    case "refused":
      return refusedBody(reply);
  }
}

/** For who has to wait for the card, or sees none. */
function begunBody(reply: Extract<ChatReply, { kind: "begun" }>): MessageBody {
  const { incident, cardsBefore = 0 } = reply;
  const { id, service } = incident;
  if (reply.isOutOfReach === true) return outOfReachBody(incident);
  const place = placeWords(incident);
  const when =
    cardsBefore === 0
      ? ""
      : `Its card comes in about ${durationText(cardsBefore * cardEveryMs)}: ${counted(cardsBefore, "card")} of this channel ${cardsBefore === 1 ? "goes" : "go"} first, and Slack takes one a second.`;
  return replyBody(
    [`${service} is taken as ${id}.`, place, when],
    section([`⏳ ${bold(service, 80)} is taken as ${words(id, 40)}. ${words(place, 200)}`, words(when, 300)]),
  );
}

function outOfReachBody({ id, service, place }: Incident): MessageBody {
  const invite = "/invite @gofire";
  const ask = `/gofire explain ${id}`;
  // Nobody can be invited into a conversation of two.
  const isDirectly = isDirect(place.channel);
  return replyBody(
    [
      `${service} is captured as ${id}, but gofire cannot post here.`,
      isDirectly ? "" : `Write ${invite}, and its card comes.`,
      `What is found, in a minute: ${ask}`,
    ],
    section([
      `⏳ ${bold(service, 80)} is captured as ${words(id, 40)}, but gofire cannot post here.`,
      isDirectly ? "" : `Write ${code(invite, 40)}, and its card comes.`,
      `What is found, in a minute: ${code(ask, 80)}`,
    ]),
  );
}

/** For where no form can be opened: what is missing, and what may be written. */
function askBody({ problem, services }: Extract<ChatReply, { kind: "ask" }>): MessageBody {
  const names = services.slice(0, mostServices).map(({ name }) => name);
  const rest = services.length - names.length;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return replyBody(
    [problem, names.length === 0 ? "" : `Services: ${names.join(", ")}${more}.`],
    section([
      words(problem, 1_000),
      names.length === 0 ? "" : `Services: ${names.map((name) => code(name, 80)).join(", ")}${more}`,
    ]),
  );
}
