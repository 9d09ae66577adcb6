import type { Card, Incident, Reply } from "../incidents/incident.ts";
import { severityRank } from "./severity-label.ts";

/** A page of a storm as it came: the alerts of one group about one service. */
export interface StormPage {
  /** The `origin.intent` of its incident. */
  readonly intent: string;
  /** Names the group of alerts, or the message that the page is. */
  readonly group: string;
  readonly service: string;
  /** Name of the alert; of no known service, with the labels that tell it from others. */
  readonly title: string;
  /** What the alerts call it; the worst of them. */
  readonly severity?: string;
  /** How many of them fire, at least 1. */
  readonly alerts: number;
  /** Milliseconds since the epoch at which the first of them began to fire. */
  readonly sinceMs: number;
}

/** When pages of one channel are so many that they get one digest instead of a card each. */
export interface StormLimits {
  /** So many pages that begin... */
  readonly pages: number;
  /** ...within so many milliseconds are a storm. */
  readonly withinMs: number;
  /** It is over once no page has begun for so many milliseconds. */
  readonly quietMs: number;
}

/** docs/decisions/0016-storms.md has the reasons. */
export const defaultStormLimits: StormLimits = { pages: 10, withinMs: 60_000, quietMs: 300_000 };

/** Many pages in a short time in one channel, and the one message that tells of them. Kept small: its pages are apart. */
export interface Storm {
  /** `storm-` and letters or digits. */
  readonly id: string;
  /** 1 when it began, one more with each change. */
  readonly version: number;
  /** Where its digest stands. */
  readonly channel: string;
  /** Milliseconds since the epoch; by the store's clock, as all times here but the card's. */
  readonly beganAtMs: number;
  readonly lastPageAtMs: number;
  /** Since when it is over. */
  readonly overAtMs?: number;
  /** The digest. */
  readonly card?: Card;
  /** Lists of all pages for the digest's thread. */
  readonly replies: readonly Reply[];
  /** How many pages the last of these lists has. */
  readonly listed?: number;
}

/** Which storm a page belongs to. */
export interface StormPlace {
  readonly id: string;
  /** The page of its service that is captured for all of them: its `intent`. */
  readonly captured: string;
}

/** A page and what became of it; the incident is absent until it is begun. */
export interface StormRow {
  readonly page: StormPage;
  readonly incident?: Incident;
}

/** A storm as people are shown it. */
export interface StormView {
  readonly storm: Storm;
  /** Worst first. */
  readonly rows: readonly StormRow[];
}

/** By severity, then by how many alerts, then by age, oldest first. */
export function worstFirst(one: StormRow, other: StormRow): number {
  return (
    severityRank(one.page.severity) - severityRank(other.page.severity) ||
    other.page.alerts - one.page.alerts ||
    one.page.sinceMs - other.page.sinceMs ||
    (one.page.intent < other.page.intent ? -1 : 1)
  );
}

/**
 * What gofire does about a page:
 * - `capturing`, `waiting`, `judged` are captured; `skipped` is not, and its incident's `problem` says why.
 * - `beginning`: nothing is known yet.
 */
export type StormFate = "beginning" | "waiting" | "capturing" | "judged" | "skipped";

export function fateOf({ incident }: StormRow): StormFate {
  if (incident === undefined) return "beginning";
  if (incident.analysis !== undefined) return "judged";
  switch (incident.state) {
    case "queued":
      return "waiting";
    case "capturing":
      return "capturing";
    case "verdict":
      return "judged";
    case "failed":
    case "resolved":
      return "skipped";
  }
}

/** The alerts ended; a person's word that it is over does not end them. */
export function isEnded({ incident }: StormRow): boolean {
  return incident?.resolvedAtMs !== undefined;
}
