import { contextSummary, trendsOf } from "../../domain/context/context-summary.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import { eventTexts, noteTexts, trendText } from "../context-words.ts";
import { printable } from "../style.ts";
import { utcTime } from "../words.ts";
import { hanging } from "../wrap.ts";
import { indent, type TerminalOptions } from "./layout.ts";

/** What Prometheus knows of the service: figures against other days, and what happened before. */
export function contextLines({ context }: Analysis, { style, width, verbose }: TerminalOptions): string[] {
  if (context === undefined) return [];
  const trends = verbose ? trendsOf(context) : contextSummary(context).trends;
  const rows = [
    ...trends.map((trend) => trendText(trend)),
    ...eventTexts(contextSummary(context), { moment: "the capture", time: utcTime, text: (text) => text }),
    ...noteTexts(context, verbose),
  ];
  return [
    `${style.bold("By Prometheus")} ${style.dim(printable(`${context.server}, ${utcTime(context.atMs)}`))}`,
    ...rows.flatMap((text) => hanging(printable(text), indent, width)),
  ];
}
