import type { MessageBody } from "../../domain/chat/message.ts";
import { leadFinding } from "../../domain/findings/finding.ts";
import type { Incident, Reply } from "../../domain/incidents/incident.ts";
import { counted } from "../../domain/units.ts";
import { context } from "./blocks.ts";
import { card } from "./card.ts";
import { channel, code, words } from "./escape.ts";
import { replyBody } from "./reply-body.ts";
import { replyWords, unpostedOf } from "./unposted.ts";

/** Where an incident in shadow would have been, in mrkdwn: `would be in the page's thread in #incidents`. */
export function shadowPlace(incident: Incident): string {
  return `would be ${placeWords(incident, channel(incident.place.channel))}`;
}

/** The same for who hears it read, raw. */
export function shadowPlaceSpoken(incident: Incident): string {
  return `in shadow, would be ${placeWords(incident, "its channel")}`;
}

/** What would have been posted by now: `card, the flame graph, all findings, the captured files (9 files)`. */
export function shadowContents({ replies }: Incident): string {
  const kept = replies.filter(({ state }) => state === "withheld");
  const kinds = [...new Set(kept.map(({ kind }) => kind))];
  return ["card", ...kinds.map((kind) => contentWords(kind, kept))].join(", ");
}

/** An incident's card for one person, without buttons: they belong to the card that everybody sees. */
export function shownBody(incident: Incident): MessageBody {
  const { text, blocks = [] } = card(incident);
  const { shadow } = incident;
  return replyBody(
    [shadow === true ? `${shadowPlaceSpoken(incident)}.` : "", text],
    [
      ...(blocks as readonly { readonly type: string }[]).filter(({ type }) => type !== "actions"),
      ...context(shadow === true ? shadowLines(incident) : []),
    ],
  );
}

function shadowLines(incident: Incident): readonly string[] {
  const { id, analysis } = incident;
  const lead = analysis === undefined ? undefined : leadFinding(analysis);
  return [
    `In shadow, nobody else sees it. It ${shadowPlace(incident)}: ${words(shadowContents(incident), 300)}.`,
    `${code(`/gofire explain ${id}`, 80)} has the findings in full, ${code(`/gofire report ${id}`, 80)} the whole story.`,
    lead === undefined
      ? ""
      : `Right or wrong? ${code(`/gofire feedback ${id} ${lead.id} right`, 80)} or ${code("wrong", 20)}: it counts as anywhere.`,
    ...unpostedOf(incident).map(({ what, reason }) => words(`Could not be posted: ${what}: ${reason}`, 300)),
  ];
}

function placeWords({ place, origin }: Incident, where: string): string {
  if (place.thread === undefined) return `in ${where}`;
  return origin.kind === "page" ? `in the page's thread in ${where}` : `in a thread in ${where}`;
}

function contentWords(kind: Reply["kind"], kept: readonly Reply[]): string {
  const files = kept
    .filter((reply) => reply.kind === kind)
    .reduce((sum, reply) => sum + reply.files.length, 0);
  return `${replyWords[kind]}${files > 1 ? ` (${counted(files, "file")})` : ""}`;
}
