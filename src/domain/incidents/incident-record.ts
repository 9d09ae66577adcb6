import type { Opinion } from "../findings/feedback.ts";
import type { Incident, IncidentState } from "./incident.ts";

/** Something that a person did about an incident. */
export type HumanAct =
  | { readonly did: "resolved" }
  | { readonly did: "asked-for-report" }
  /** `incident`: the one that the new capture began. */
  | { readonly did: "captured-again"; readonly incident: string }
  | { readonly did: "compared"; readonly with: string }
  | { readonly did: "judged-finding"; readonly finding: string; readonly says: Opinion }
  /** `subject` in words: `alerts about order`. */
  | { readonly did: "muted"; readonly subject: string; readonly untilMs: number; readonly reason?: string }
  | { readonly did: "unmuted"; readonly subject: string };

/** One line of an incident's record. `atMs`: milliseconds since the epoch, by the clock of who noted it. */
export type RecordEntry = { readonly atMs: number } & (
  | { readonly kind: "state"; readonly state: IncidentState; readonly run: number }
  /** Its card appeared in the chat. */
  | { readonly kind: "card" }
  /** The emoji that stands at the page since then, without colons. */
  | { readonly kind: "mark"; readonly mark: string }
  /** The alerts ended while it was not judged yet. */
  | { readonly kind: "alerts-ended" }
  | { readonly kind: "card-refused"; readonly problem: string }
  | ({ readonly kind: "act"; readonly userId: string; readonly intent: string } & HumanAct)
);

/** What became of an incident and what people did about it, oldest first. Nothing in it is ever changed or removed. */
export interface IncidentRecord {
  readonly entries: readonly RecordEntry[];
  /** How many came after the record was full; they are lost. */
  readonly left: number;
}

/** States change a dozen times, also when workers die; people may click all night. Of about 100 bytes each. */
const mostOfItself = 60;
const mostActs = 140;

/** What a change made of `before` means for its record. */
export function recorded(before: Incident, after: Incident, nowMs: number): Incident {
  const entries: RecordEntry[] = [];
  if (before.state !== after.state || before.runs !== after.runs) {
    entries.push({ kind: "state", atMs: nowMs, state: after.state, run: after.runs });
  }
  if (before.resolvedAtMs === undefined && after.resolvedAtMs !== undefined && after.state !== "resolved") {
    entries.push({ kind: "alerts-ended", atMs: after.resolvedAtMs });
  }
  if (before.card?.ref === undefined && after.card?.ref !== undefined) {
    entries.push({ kind: "card", atMs: nowMs });
  }
  if (after.card?.problem !== undefined && before.card?.problem === undefined) {
    entries.push({ kind: "card-refused", atMs: nowMs, problem: after.card.problem });
  }
  if (after.pageMark !== undefined && before.pageMark !== after.pageMark) {
    entries.push({ kind: "mark", atMs: nowMs, mark: after.pageMark });
  }
  return entries.reduce(withEntry, after);
}

/** With what a person did; done already under the same intent, it is the same incident. */
export function withAct(
  incident: Incident,
  act: HumanAct,
  { userId, intent, atMs }: { readonly userId: string; readonly intent: string; readonly atMs: number },
): Incident {
  const isKnown = incident.record?.entries.some((entry) => entry.kind === "act" && entry.intent === intent);
  return isKnown === true ? incident : withEntry(incident, { kind: "act", atMs, userId, intent, ...act });
}

function withEntry(incident: Incident, entry: RecordEntry): Incident {
  const { entries, left } = incident.record ?? { entries: [], left: 0 };
  const isAct = entry.kind === "act";
  const alike = entries.filter(({ kind }) => (kind === "act") === isAct).length;
  const isFull = alike >= (isAct ? mostActs : mostOfItself);
  const record = isFull ? { entries, left: left + 1 } : { entries: [...entries, entry], left };
  return { ...incident, record };
}
