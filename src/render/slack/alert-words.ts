import { processLabels } from "../../domain/alerts/alert-process.ts";
import type { Incident, PageFacts } from "../../domain/incidents/incident.ts";
import { utcTime } from "../words.ts";
import { timeOfDay, words } from "./escape.ts";

const titleCharacters = 160;
const nameCharacters = 80;
const lineCharacters = 400;

/** Which alert asked, what of it could not be told, and what stood in the way; none when a person asked and nothing did. */
export function alertLines(incident: Incident): readonly string[] {
  const { page } = incident.origin;
  return [
    page === undefined
      ? ""
      : `🔔 ${words(page.title, titleCharacters)} since ${timeOfDay(page.sinceMs, "{date_short_pretty} {time}")}`,
    ...doubts(incident).map((doubt) => `⚠️ ${words(doubt, lineCharacters)}`),
  ];
}

/** The same for who hears it read. */
export function alertSentences(incident: Incident): readonly string[] {
  const { page } = incident.origin;
  return [
    page === undefined
      ? ""
      : `Alert: ${page.title.slice(0, titleCharacters)} since ${utcTime(page.sinceMs)}.`,
    ...doubts(incident),
  ];
}

/** Whether this is the right process is for people to say. */
function doubts({ origin: { page }, instance, lookupTrouble }: Incident): readonly string[] {
  return [
    ...(page === undefined || page.isUnsure === true ? [] : processWords(page, instance)),
    ...(lookupTrouble === undefined ? [] : [`${lookupTrouble}.`]),
  ];
}

function processWords(
  { unknownInstance, unknownLabel, isUnnamed, knownFrom = "gofire.yaml" }: PageFacts,
  instance: string | undefined,
): readonly string[] {
  const standsIn = `${instance === undefined ? "the service's first process" : short(instance)} stands in for it`;
  if (unknownInstance !== undefined) {
    const label = unknownLabel === undefined ? "The alert" : `The alert's label ${unknownLabel}`;
    const says = unknownLabel === undefined ? "is about" : "says";
    return [`${label} ${says} ${short(unknownInstance)}, which is unknown to ${knownFrom}: ${standsIn}.`];
  }
  if (isUnnamed !== true) return [];
  return [
    `The alert does not say which process it is about, with none of the labels ${processLabels.slice(0, -1).join(", ")} and ${processLabels.at(-1)}: ${standsIn}.`,
  ];
}

function short(name: string): string {
  return name.length > nameCharacters ? `${name.slice(0, nameCharacters)}…` : name;
}
