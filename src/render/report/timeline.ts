import type { CaptureStep, Incident, IncidentState } from "../../domain/incidents/incident.ts";
import type { HumanAct, RecordEntry } from "../../domain/incidents/incident-record.ts";
import { bytesText, counted, durationText } from "../../domain/units.ts";
import { inline } from "../markdown-words.ts";
import { twoDigits } from "../words.ts";
import { configRows } from "./config-changes.ts";
import type { ReportFacts } from "./report.ts";

/** One line of the timeline. */
export interface Row {
  readonly atMs: number;
  /** Finished Markdown. */
  readonly what: string;
  readonly who: string;
}

const gofire = "gofire";
const alerts = "alerts";

const stateWords: Readonly<Record<IncidentState, string>> = {
  queued: "waits for its turn again",
  capturing: "capture begun",
  verdict: "judged",
  failed: "ended without a verdict",
  resolved: "resolved",
};

const markWords: Readonly<Record<string, string>> = {
  eyes: "page marked as taken",
  white_check_mark: "page marked as answered",
  warning: "page marked as not answered",
};

/** Everything that is recorded of an incident, and what changed before it, oldest first. `who`: how a person is named. */
export function timelineRows(
  facts: Pick<ReportFacts, "incident" | "analysis">,
  who: (userId: string) => string,
): readonly Row[] {
  const { incident } = facts;
  const { origin, createdAtMs, steps, record, resolvedAtMs, lastRepeatAtMs, repeats } = incident;
  const { page, userId } = origin;
  const entries = record?.entries ?? [];
  const rows: Row[] = [
    ...configRows(facts),
    ...(page === undefined
      ? []
      : [{ atMs: page.sinceMs, what: `the alert ${inline(page.title)} began to fire`, who: alerts }]),
    {
      atMs: createdAtMs,
      what: page === undefined ? "capture asked for" : "taken by gofire",
      who: userId === undefined ? gofire : who(userId),
    },
    ...entries.map((entry) => entryRow(entry, incident, who)),
    ...steps.flatMap(stepRow),
    ...(lastRepeatAtMs === undefined
      ? []
      : [{ atMs: lastRepeatAtMs, what: `reported again; ${counted(repeats, "time")} in all`, who: alerts }]),
    // Of incidents that an older gofire resolved.
    ...(resolvedAtMs === undefined || entries.length > 0
      ? []
      : [
          {
            atMs: resolvedAtMs,
            what: stateWords.resolved,
            who: incident.resolvedBy === undefined ? alerts : who(incident.resolvedBy),
          },
        ]),
  ];
  return rows.toSorted((a, b) => a.atMs - b.atMs);
}

function entryRow(entry: RecordEntry, incident: Incident, who: (userId: string) => string): Row {
  const { atMs } = entry;
  switch (entry.kind) {
    case "state":
      return { atMs, ...stateRow(entry, incident) };
    case "card":
      return { atMs, what: "card posted", who: gofire };
    case "card-refused":
      return { atMs, what: `card not shown: ${inline(entry.problem)}`, who: "chat" };
    case "mark":
      return { atMs, what: markWords[entry.mark] ?? `page marked with ${inline(entry.mark)}`, who: gofire };
    case "alerts-ended":
      return { atMs, what: "the alerts ended", who: alerts };
    case "act":
      return { atMs, what: actWords(entry), who: who(entry.userId) };
  }
}

function stateRow(
  { state, run }: Extract<RecordEntry, { kind: "state" }>,
  { analysis, resolvedBy }: Incident,
): Omit<Row, "atMs"> {
  if (state === "capturing" && run > 1) {
    return { what: `capture begun again, attempt ${run}: the worker before was lost`, who: gofire };
  }
  if (state === "verdict" && analysis !== undefined) {
    return { what: `judged: ${analysis.verdict.toUpperCase()}`, who: gofire };
  }
  // Who resolved it stands beside it as their own act.
  if (state === "resolved") {
    return { what: stateWords.resolved, who: resolvedBy === undefined ? alerts : gofire };
  }
  return { what: stateWords[state], who: gofire };
}

function stepRow({ kind, state, startedAtMs, durationMs, bytes, reason }: CaptureStep): readonly Row[] {
  if (startedAtMs === undefined || kind === "index") return [];
  const size = bytes === undefined || bytes === 0 ? "" : `, ${bytesText(bytes)}`;
  const took = durationMs === undefined ? "" : ` in ${durationText(durationMs)}`;
  const why = reason === undefined ? "" : ` (${inline(reason)})`;
  return [{ atMs: startedAtMs, what: `${kind} ${state}${took}${size}${why}`, who: gofire }];
}

/** What a person did, after their name. */
export function actWords(act: HumanAct): string {
  switch (act.did) {
    case "resolved":
      return "resolved the incident";
    case "asked-for-report":
      return "asked for a report";
    case "captured-again":
      return `captured again, as ${inline(act.incident)}`;
    case "compared":
      return `compared it with ${inline(act.with)}`;
    case "judged-finding":
      return `said that ${inline(act.finding)} is ${act.says}`;
    case "muted":
      return `muted ${inline(act.subject)} until ${stamp(act.untilMs)}${act.reason === undefined ? "" : `: ${inline(act.reason)}`}`;
    case "unmuted":
      return `ended the mute of ${inline(act.subject)}`;
  }
}

const dayMs = 86_400_000;

/** `2024-05-21 03:12:04`, in UTC. */
export function stamp(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return "at an unknown time";
  const days = Math.floor(ms / dayMs);
  const seconds = Math.floor((ms - days * dayMs) / 1_000);
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits);
  return `${dateOf(days)} ${time.join(":")}`;
}

/**
 * Days since the epoch as a date of the Gregorian calendar, counted in years that begin in March
 * (https://howardhinnant.github.io/date_algorithms.html#civil_from_days): rendering knows no clock.
 */
function dateOf(days: number): string {
  const sinceMarch = days + 719_468;
  const era = Math.floor(sinceMarch / 146_097);
  const dayOfEra = sinceMarch - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${year}-${twoDigits(month)}-${twoDigits(day)}`;
}
