import { capitalised } from "../capitalised.ts";
import type { EvidenceExcerpt, UsualFigure } from "../findings/finding.ts";
import type { Unknown } from "../metrics/counters.ts";
import { durationText } from "../units.ts";
import {
  type Figure,
  type FigureName,
  type FigureRange,
  figure,
  type ServiceContext,
  whyMissing,
} from "./service-context.ts";

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

export function standing(value: number, usual: Usual, ratio: number, above: number): Standing {
  if (value >= ratio * usual.most && value - usual.most >= above) return "unusual";
  return isUsual(value, usual) ? "usual" : "between";
}

/** Every known day had about as much. */
export function isUsual(value: number, { least }: Usual): boolean {
  return value <= least * sameRatio;
}

/** How something stands against other days, whose figures are `text`; empty where nobody knows. */
export function usualSentence(
  against: { readonly how: Standing; readonly text: string } | undefined,
): string {
  if (against === undefined) return "";
  const { how, text } = against;
  if (how === "usual") return `That is usual for this hour: ${text}.`;
  return how === "unusual" ? `That is unusual: ${text}.` : `${capitalised(text)}.`;
}

/**
 * The same where other days only tell the bucket: `usual` in or below every day's, `unusual` above all of them. The bounds
 * lie a factor of ten apart, so what rose within its bucket is not told from what did not.
 */
export function standingInBuckets(value: number | FigureRange, { days }: Usual): Standing {
  const isAboveBound = (bound: number) => (typeof value === "number" ? value > bound : value.above >= bound);
  const above = days.filter(({ value: bound, range }) =>
    isAboveBound(range === undefined ? bound : (range.upTo ?? Number.POSITIVE_INFINITY)),
  );
  if (above.length === days.length) return "unusual";
  return above.length === 0 ? "usual" : "between";
}

/** `between 91.8 µs and 0.9 ms`, `above 117 ms`: in milliseconds. */
export function rangeText({ above, upTo }: FigureRange): string {
  if (upTo === undefined) return `above ${durationText(above)}`;
  return above <= 0
    ? `at most ${durationText(upTo)}`
    : `between ${durationText(above)} and ${durationText(upTo)}`;
}

/** More than on any known day, and not only by what varies within an hour. */
export function isAbove(value: number, usual: Usual): boolean {
  return value > mostUsual(usual);
}

/** What may still be like on the known day that had most. */
export function mostUsual({ most }: Usual): number {
  return most * sameRatio;
}

/** The day that a finding names beside its number: the same weekday, or else the day before. */
export function usualFigure(context: ServiceContext, { days: [day] }: Usual): UsualFigure {
  return {
    value: day.value,
    when: day.when === "yesterday" ? "yesterday" : "last-week",
    ...(day.range === undefined ? {} : { range: day.range }),
    server: context.server,
  };
}

const dayWords = { yesterday: "yesterday", "last-week": "last week" } as const;

/** `the same hour last week had 1,310, yesterday 1,290`. `text` writes a value; one that only a bucket is known of is a range. */
export function usualText({ days }: Usual, text: (value: number) => string): string {
  const [first, ...others] = days.map(({ when, value, range }) => ({
    day: when === "yesterday" ? dayWords.yesterday : dayWords["last-week"],
    value: range === undefined ? text(value) : rangeText(range),
  }));
  return [
    `the same hour ${first?.day} had ${first?.value}`,
    ...others.map(({ day, value }) => `${day} ${value}`),
  ].join(", ");
}

/** A figure as evidence: its query and its value, or the bucket that it lies in. */
export function figureExcerpt(
  artifact: string,
  found: Figure,
  text: (value: number) => string,
): EvidenceExcerpt {
  const value = found.range === undefined ? `= ${text(found.value)}` : `lies ${rangeText(found.range)}`;
  return { artifact, excerpt: `${found.query} ${value}` };
}
