import type { Incident } from "../../domain/incident.ts";
import { timeOfDay, utcTime, words } from "./escape.ts";

const titleCharacters = 160;
const nameCharacters = 80;

/** Which alert asked, and what it names that gofire does not know; none when a person asked. */
export function alertLines({ origin: { page } }: Incident): readonly string[] {
  if (page === undefined) return [];
  const { title, sinceMs, unknownInstance } = page;
  return [
    `🔔 ${words(title, titleCharacters)} since ${timeOfDay(sinceMs, "{date_short_pretty} {time}")}`,
    unknownInstance === undefined ? "" : `⚠️ ${words(unknownWords(unknownInstance), 300)}`,
  ];
}

/** The same for who hears it read. */
export function alertSentences({ origin: { page } }: Incident): readonly string[] {
  if (page === undefined) return [];
  const { title, sinceMs, unknownInstance } = page;
  return [
    `Alert: ${title.slice(0, titleCharacters)} since ${utcTime(sinceMs)}.`,
    unknownInstance === undefined ? "" : unknownWords(unknownInstance),
  ];
}

function unknownWords(instance: string): string {
  const name = instance.length > nameCharacters ? `${instance.slice(0, nameCharacters)}…` : instance;
  return `The alert is about ${name}, which gofire.yaml does not name: the service's first process stands in for it.`;
}
