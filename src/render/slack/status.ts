import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { countText } from "../../domain/units.ts";
import { context, section } from "./blocks.ts";
import { channel, words } from "./escape.ts";
import { incidentLine, incidentSentence } from "./incident-line.ts";
import { muteLine, muteSentence } from "./mute-words.ts";
import { replyBody } from "./reply-body.ts";
import { shadowContents } from "./shadow.ts";
import { stormLine, stormSentence } from "./storm-line.ts";

type Status = Extract<ChatReply, { kind: "status" }>;

const mostSpoken = 10;

/** What runs, what waits, what came out, what is muted. */
export function statusBody(status: Status): MessageBody {
  const { capturing, waiting, last, shadowed, storms, mutes } = status;
  const options = { withChannel: status.channel === undefined };
  const open = [...capturing, ...waiting];
  const more = "… and more.";
  return replyBody(
    [
      `Status ${aboutPlain(status)}.`,
      countSentence(status),
      ...open.slice(0, mostSpoken).map(incidentSentence),
      ...storms.map(stormSentence),
      last.length === 0 ? "No verdicts yet." : "Last verdicts:",
      ...last.slice(0, mostSpoken).map(incidentSentence),
      shadowed.length === 0 ? "" : "In shadow, nothing of these was posted:",
      ...shadowed.slice(0, mostSpoken).map(incidentSentence),
      ...mutes.slice(0, mostSpoken).map(muteSentence),
      untoldSentence(status),
    ],
    [
      ...section(
        [
          `*Status* ${about(status)}`,
          ...storms.map((storm) => stormLine(storm, options)),
          ...open.map((one) => incidentLine(one, options)),
        ],
        more,
      ),
      ...section(
        [
          "*Last verdicts*",
          ...(last.length === 0 ? ["None yet."] : last.map((one) => incidentLine(one, options))),
        ],
        more,
      ),
      ...(shadowed.length === 0
        ? []
        : [...section([shadowHeading, ...shadowed.map(shadowLine)], more), ...context([shadowHint])]),
      ...(mutes.length === 0 ? [] : section(["*Muted*", ...mutes.map(muteLine)], more)),
      ...context([untoldSentence(status), countSentence(status)].filter((line) => line !== "")),
    ],
  );
}

const shadowHeading = "*In shadow: nothing of these was posted*";
export const shadowHint = "`/gofire show ID` shows a card as it would have been.";

/** What became of it, and what would have been posted where. */
export function shadowLine(incident: Incident): string {
  return `${incidentLine(incident, { withChannel: true })} · ${words(shadowContents(incident), 200)}`;
}

function about({ service, channel: id }: Status): string {
  if (service !== undefined) return `of ${words(service, 80)}`;
  return id === undefined ? "of all channels" : `of ${channel(id)}`;
}

function aboutPlain({ service, channel: id }: Status): string {
  if (service !== undefined) return `of ${service}`;
  return id === undefined ? "of all channels" : "of this channel";
}

function untoldSentence({ untold }: Status): string {
  if (untold === undefined) return "";
  const [what, whose] = untold === 1 ? ["incident is", "its channel"] : ["incidents are", "their channels"];
  return `${countText(untold)} more ${what} not shown: Slack does not say just now who can read ${whose}.`;
}

function countSentence({ counts: { capturing, waiting, limit } }: Status): string {
  return `In all channels: ${countText(capturing)} capturing, ${countText(waiting)} waiting of at most ${countText(limit)}.`;
}
