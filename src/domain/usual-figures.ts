import type { Unknown } from "./counters.ts";
import type { EvidenceExcerpt, UsualFigure } from "./finding.ts";
import { type Figure, type FigureName, figure, type ServiceContext, whyMissing } from "./service-context.ts";

/** What was usual at the same hour of other days. */
export interface Usual {
  /** The days that are known, last week before yesterday. */
  readonly days: readonly [Figure, ...Figure[]];
  readonly least: number;
  readonly most: number;
}

/** The same hour of yesterday and of last week; `unknown` says why neither is known. */
export function usualOf(
  context: Pick<ServiceContext, "figures" | "missing">,
  name: FigureName,
): Usual | Unknown {
  const [first, ...others] = (["last-week", "yesterday"] as const)
    .map((when) => figure(context, name, when))
    .filter((found) => found !== undefined);
  if (first === undefined) return { unknown: `no baseline: ${whyMissing(context, name, "last-week")}` };
  const values = [first, ...others].map(({ value }) => value);
  return { days: [first, ...others], least: Math.min(...values), most: Math.max(...values) };
}

/**
 * So much above or below the usual is nothing: what varies within an hour, an hour's p99 being an exact figure of the past
 * only (docs/decisions/0017-context.md).
 */
const sameRatio = 1.25;

/**
 * - `usual`: every known day had about as much.
 * - `unusual`: at least `ratio` times, and at least `above` more than, any known day.
 * - `between`: neither.
 */
export type Standing = "usual" | "unusual" | "between";

export function standing(value: number, { least, most }: Usual, ratio: number, above: number): Standing {
  if (value >= ratio * most && value - most >= above) return "unusual";
  return value <= least * sameRatio ? "usual" : "between";
}

/** More than on any known day, and not only by what varies within an hour. */
export function isAbove(value: number, { most }: Usual): boolean {
  return value > most * sameRatio;
}

/** The day that a finding names beside its number: the same weekday, or else the day before. */
export function usualFigure(context: ServiceContext, { days: [day] }: Usual): UsualFigure {
  return {
    value: day.value,
    when: day.when === "yesterday" ? "yesterday" : "last-week",
    server: context.server,
  };
}

const dayWords = { yesterday: "yesterday", "last-week": "last week" } as const;

/** `the same hour last week had 1,310, yesterday 1,290`. `text` writes a value. */
export function usualText({ days }: Usual, text: (value: number) => string): string {
  const [first, ...others] = days.map(({ when, value }) => ({
    day: when === "yesterday" ? dayWords.yesterday : dayWords["last-week"],
    value: text(value),
  }));
  return [
    `the same hour ${first?.day} had ${first?.value}`,
    ...others.map(({ day, value }) => `${day} ${value}`),
  ].join(", ");
}

/** A figure as evidence: its query and its value. */
export function figureExcerpt(
  artifact: string,
  found: Figure,
  text: (value: number) => string,
): EvidenceExcerpt {
  return { artifact, excerpt: `${found.query} = ${text(found.value)}` };
}
