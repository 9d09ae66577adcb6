import type { CaptureStep, Incident, IncidentState } from "../../domain/incidents/incident.ts";
import type { HumanAct, RecordEntry } from "../../domain/incidents/incident-record.ts";
import { bytesText, counted, durationText } from "../../domain/units.ts";
import { inline } from "../markdown-words.ts";
import { stamp } from "../words.ts";
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
