import type { Verdict } from "../findings/finding.ts";
import { append } from "../grouped.ts";
import type { Incident } from "../incidents/incident.ts";
import { fateOf, isEnded, type StormFate, type StormRow, type StormView } from "./storm.ts";

/** What a storm adds up to. */
export interface StormFigures {
  readonly pages: number;
  readonly groups: number;
  /** Known ones. */
  readonly services: number;
  readonly alerts: number;
  readonly fates: Readonly<Record<StormFate, number>>;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Pages whose alerts ended. */
  readonly ended: number;
  /** Not captured because another page of the service is. */
  readonly shared: number;
  /** Pages of no service that gofire knows; they are not captured. */
  readonly unknown: number;
  /** Why the others are not captured, in words: the commonest first. */
  readonly skipped: readonly { readonly reason: string; readonly pages: number }[];
  /** Services that still fire and have no verdict, nor a capture that may bring one; the worst first. */
  readonly unanswered: readonly string[];
}

/** Of a storm whose rows have the worst first. */
export function stormFigures({ rows }: StormView): StormFigures {
  const fates: Record<StormFate, number> = { beginning: 0, waiting: 0, capturing: 0, judged: 0, skipped: 0 };
  const verdicts: Record<Verdict, number> = { fail: 0, inconclusive: 0, pass: 0 };
  const captured = capturesOf(rows);
  const whyNot = skipReasons(rows);
  const reasons = new Map<string, number>();
  let shared = 0;
  for (const row of rows) {
    const fate = fateOf(row);
    fates[fate]++;
    const { incident, page } = row;
    if (incident?.analysis !== undefined) verdicts[incident.analysis.verdict]++;
    if (fate !== "skipped" || page.service === "") continue;
    if (captured.has(page.service)) shared++;
    else {
      const reason = whyNot(row);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  return {
    pages: rows.length,
    groups: new Set(rows.map(({ page }) => page.group)).size,
    services: new Set(rows.map(({ page }) => page.service).filter((service) => service !== "")).size,
    alerts: rows.reduce((sum, { page }) => sum + page.alerts, 0),
    fates,
    verdicts,
    ended: rows.filter(isEnded).length,
    shared,
    unknown: rows.filter(({ page }) => page.service === "").length,
    skipped: [...reasons].map(([reason, pages]) => ({ reason, pages })).sort((a, b) => b.pages - a.pages),
    unanswered: [...unansweredPages(rows).keys()],
  };
}

/** Why a page is not captured, raw: of one in whose stead another one was to be captured, why that came to nothing. */
export function skipReasons(rows: readonly StormRow[]): (row: StormRow) => string {
  const incidents = new Map(rows.map(({ page, incident }) => [page.intent, incident]));
  return ({ incident }) => {
    const { problem } = incidents.get(incident?.storm?.captured ?? "") ?? incident ?? {};
    return problem ?? "the alerts ended before it was captured";
  };
}

/**
 * The pages that still fire of services without a verdict, nor a capture that may bring one, by service; in the order of
 * the rows.
 */
export function unansweredPages(rows: readonly StormRow[]): ReadonlyMap<string, readonly Incident[]> {
  const captured = capturesOf(rows);
  const pages = new Map<string, Incident[]>();
  for (const { page, incident } of rows) {
    const { service } = page;
    if (service === "" || captured.has(service) || incident?.state !== "failed") continue;
    append(pages, service, incident);
  }
  return pages;
}

/** What answers all pages of a service, by service: a verdict, else what will be one. */
export function capturesOf(rows: readonly StormRow[]): ReadonlyMap<string, Incident> {
  const captures = new Map<string, Incident>();
  for (const row of rows) {
    const { incident, page } = row;
    const fate = fateOf(row);
    if (incident === undefined || (fate !== "waiting" && fate !== "capturing" && fate !== "judged")) continue;
    if (captures.get(page.service)?.analysis === undefined) captures.set(page.service, incident);
  }
  return captures;
}
