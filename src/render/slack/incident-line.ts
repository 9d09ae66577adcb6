import { isDirect } from "../../domain/chat/message.ts";
import { leadFinding } from "../../domain/findings/finding.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { utcDayTime } from "../words.ts";
import { bold, channel, prose, timeOfDay, words } from "./escape.ts";
import { shadowPlace, shadowPlaceSpoken } from "./shadow.ts";
import { progressWords } from "./steps.ts";
import { afterWords, placeWords, verdictMarks } from "./verdict-words.ts";

const titleCharacters = 160;

interface LineOptions {
  /** Says where its card is, for lists that are about more than one channel. */
  readonly withChannel: boolean;
}

/** One incident of a list: what became of it, of which service, its id. */
export function incidentLine(incident: Incident, { withChannel }: LineOptions): string {
  const { id, place, updatedAtMs, state, service } = incident;
  const { mark, what } = story(incident);
  const isOver = state !== "queued" && state !== "capturing";
  return [
    `${mark} ${bold(service, 80)}`,
    prose(what.replace(/\.$/, ""), titleCharacters),
    words(id, 40),
    incident.shadow === true ? shadowPlace(incident) : withChannel ? channelWords(place.channel) : "",
    isOver ? timeOfDay(updatedAtMs, "{date_short_pretty} {time}") : "",
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** The same for who hears it read, raw. */
export function incidentSentence(incident: Incident): string {
  const { id, service, updatedAtMs, state } = incident;
  const isOver = state !== "queued" && state !== "capturing";
  const shadow = incident.shadow === true ? `, ${shadowPlaceSpoken(incident)}` : "";
  return `${service}: ${story(incident).what.replace(/\.$/, "")}, ${id}${shadow}${isOver ? `, ${utcDayTime(updatedAtMs)}` : ""}.`;
}

/** Slack shows no names for direct messages. */
function channelWords(id: string): string {
  return isDirect(id) ? "direct message" : channel(id);
}

function story(incident: Incident): { readonly mark: string; readonly what: string } {
  const { state, analysis, problem, steps, waitsFor } = incident;
  const lead = analysis === undefined ? undefined : leadFinding(analysis);
  const verdict =
    analysis === undefined
      ? ""
      : `${analysis.verdict.toUpperCase()}${lead === undefined ? "" : `: ${lead.title}`}`;
  switch (state) {
    case "queued":
      return { mark: "⏳", what: placeWords(incident) || `waits: ${waitsFor ?? ""}` };
    case "capturing":
      return { mark: "🔍", what: progressWords(steps) };
    case "verdict":
      return { mark: analysis === undefined ? "⚪️" : verdictMarks[analysis.verdict], what: verdict };
    case "failed":
      return { mark: "⚪️", what: `no verdict: ${problem ?? "it is not known why"}` };
    case "resolved":
      return {
        mark: "✅",
        what: `resolved${afterWords(incident)}${verdict === "" ? "" : `, was ${verdict}`}`,
      };
  }
}
