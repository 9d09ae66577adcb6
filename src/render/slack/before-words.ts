import type { Incident } from "../../domain/incidents/incident.ts";
import { durationText } from "../../domain/units.ts";
import { words } from "./escape.ts";

/** That a person has a process captured again so soon: nothing forbids it, and the answer may be there already. */
export function beforeLines(incident: Incident): readonly string[] {
  return beforeSentences(incident).map((sentence) => `⚠️ ${words(sentence, 200)}`);
}

/** The same for who hears it read. */
export function beforeSentences({ capturedBefore }: Incident): readonly string[] {
  if (capturedBefore === undefined) return [];
  const { id, agoMs } = capturedBefore;
  return [`It was captured ${durationText(Math.max(1_000, agoMs))} before this: ${id}.`];
}
