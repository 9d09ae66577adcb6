import { type ContextSummary, contextSummary, type Trend } from "../domain/context/context-summary.ts";
import {
  type ContextEvent,
  type FigureName,
  type FigureRange,
  suspectWithinMs,
} from "../domain/context/service-context.ts";
import { rangeText } from "../domain/context/usual-figures.ts";
import type { PublishedContext, UsualFigure } from "../domain/findings/finding.ts";
import type { IncidentOrigin } from "../domain/incidents/incident.ts";
import { counted, durationText, percentText } from "../domain/units.ts";
import { limitText, quantity, utcTime } from "./words.ts";

const names: Partial<Readonly<Record<FigureName, string>>> = {
  cpu: "CPU",
  "resident-memory": "memory",
  "heap-in-use": "heap",
  "gc-rate": "GCs",
  "gc-cpu": "GC share of the CPU time",
  "gc-pause-p99": "GC pause p99",
  "slow-scheduling": "CPU waits over 10 ms:",
};

/** `12,408 goroutines (same hour last week 1,310, yesterday 1,290), +310 a minute over 15 min`. */
export function trendText(trend: Trend): string {
  const { name, unit, value, ranges, rise } = trend;
  const title = names[name];
  const now = `${title === undefined ? "" : `${title} `}${ranges?.now === undefined ? quantity(value, unit) : rangeText(ranges.now)}`;
  const usual = usualWords(trend);
  return [
    usual === "" ? now : `${now} (${usual})`,
    ...(rise === undefined
      ? []
      : [`+${quantity(rise.perSecond * 60, unit)} a minute over ${durationText(rise.windowMs)}`]),
  ].join(", ");
}

/** `same hour last week 1,310, yesterday 1,290`; empty when neither is known. */
export function usualWords({ unit, lastWeek, yesterday, ranges }: Trend): string {
  const days = [
    ...(lastWeek === undefined ? [] : [`last week ${levelText(lastWeek, ranges?.lastWeek, unit)}`]),
    ...(yesterday === undefined ? [] : [`yesterday ${levelText(yesterday, ranges?.yesterday, unit)}`]),
  ];
  return days.length === 0 ? "" : `same hour ${days.join(", ")}`;
}

/** `same hour last week 1,310, Prometheus`. */
export function usualBeside({ value, range, when }: UsualFigure, unit: string): string {
  return `same hour ${when === "yesterday" ? "yesterday" : "last week"} ${levelText(value, range, unit)}, Prometheus`;
}

function levelText(value: number, range: FigureRange | undefined, unit: string): string {
  return range === undefined ? limitText(value, unit) : rangeText(range);
}

/** What a context is of: the moment of the page, or of the capture that somebody asked for. */
export function momentOf({ page }: IncidentOrigin): string {
  return page === undefined ? "the capture" : "the page";
}

/** How a medium writes what is not our own word. */
export interface Written {
  /** What the context is of: "the page", "the capture". */
  readonly moment: string;
  time(atMs: number): string;
  /** Text from outside. */
  text(text: string): string;
}

/** That it is throttled, and what happened to the service, one fact each, the latest first. */
export function eventTexts(
  { events, atMs, throttledRatio }: Pick<ContextSummary, "events" | "atMs" | "throttledRatio">,
  written: Written,
): readonly string[] {
  return [
    ...(throttledRatio === undefined
      ? []
      : [`throttled in ${percentText(throttledRatio)} of its CPU periods`]),
    ...events.map((event) => eventText(event, atMs, written)),
  ];
}

function eventText(
  { kind, atMs, count, windowMs, detail, inferred }: Omit<ContextEvent, "query">,
  momentMs: number,
  written: Written,
): string {
  const within = `within ${durationText(windowMs)}`;
  const what = detail === "" ? "" : ` (${written.text(detail)})`;
  const at = atMs === undefined ? ` ${within}` : ` at ${written.time(atMs)}`;
  switch (kind) {
    case "deploy": {
      const agoMs = atMs === undefined ? windowMs : momentMs - atMs;
      const before = atMs === undefined ? "" : `, ${beforeText(agoMs, written.moment)}`;
      const sure = inferred ? "a deploy, inferred" : "deploy";
      return `${sure}${what}${at}${before}${agoMs <= suspectWithinMs ? ": could explain this (inferred)" : ""}`;
    }
    case "restart":
      return count <= 1
        ? `restarted${at}${what}`
        : `restarted ${counted(count, "time")} ${within}${atMs === undefined ? "" : `, last${at}`}${what}`;
    case "oom-kill":
      return `${count <= 1 ? "killed for its memory (OOM)" : `killed for its memory (OOM) ${counted(count, "time")} ${within}`}${count <= 1 || atMs !== undefined ? at : ""}${what}`;
    case "exit":
      return `its container ended before${what}`;
  }
}

function beforeText(ms: number, moment: string): string {
  return ms >= 0 ? `${durationText(ms)} before ${moment}` : `${durationText(-ms)} after ${moment}`;
}

/** Why a process could not be asked, and what happened to it: one that is gone cannot say so itself. */
export function withHappenings(reason: string, context: PublishedContext | undefined): string {
  if (context === undefined) return reason;
  const events = eventTexts(contextSummary(context), {
    moment: "the capture",
    time: utcTime,
    text: (text) => text,
  });
  if (events.length === 0) return reason;
  return `${reason.replace(/\.?$/, ".")} By Prometheus: ${events.join("; ")}.`;
}

/** Why something is not known: that there is no baseline, and, if `all`, every other note. */
export function noteTexts(context: PublishedContext, all: boolean): readonly string[] {
  const { noBaseline } = contextSummary(context);
  const notes = context.notes.filter((note) => note !== noBaseline);
  return [...(noBaseline === undefined ? [] : [`No baseline: ${noBaseline}`]), ...(all ? notes : [])];
}
