import type { Verdict } from "../../domain/findings/finding.ts";
import type { AnalysisSummary, FindingSummary, Incident } from "../../domain/incidents/incident.ts";
import { counted, countText, durationText } from "../../domain/units.ts";

export const verdictMarks: Readonly<Record<Verdict, string>> = {
  fail: "🔴",
  pass: "🟢",
  inconclusive: "🟡",
};

/** The other findings that are more than context: those at hand, and how many there are besides. */
export function furtherOf(
  { findings, counts: all }: AnalysisSummary,
  lead: FindingSummary | undefined,
  most: number,
): { readonly shown: readonly FindingSummary[]; readonly rest: number } {
  const others = findings.filter((finding) => finding !== lead && finding.severity !== "info");
  const shown = others.slice(0, most);
  const told = shown.length + (lead === undefined || lead.severity === "info" ? 0 : 1);
  return { shown, rest: Math.max(0, all.critical + all.warning - told) };
}

/** What a verdict other than FAIL means: a colour alone says nothing to many people. */
export function verdictSentence(
  { verdict, checks }: AnalysisSummary,
  lead: FindingSummary | undefined,
): string {
  if (verdict === "pass") {
    const open = checks.inconclusive + checks.skipped;
    return `Nothing at or above a warning: ${counted(checks.pass, "rule")} found nothing${open === 0 ? "" : `, ${countText(open)} could not look`}.`;
  }
  return lead === undefined
    ? "Nothing found, but evidence for a verdict is missing."
    : "Something may be wrong, and the evidence does not settle it: capture again in a minute.";
}

/** ` after 11 min`; empty while it is not resolved. */
export function afterWords({ createdAtMs, resolvedAtMs }: Incident): string {
  return resolvedAtMs === undefined ? "" : ` after ${durationText(Math.max(0, resolvedAtMs - createdAtMs))}`;
}

/** Where it stands in the queue. */
export function placeWords({ queuePlace, waitsFor }: Incident): string {
  if (queuePlace === undefined) return waitsFor === undefined ? "Starts in a moment." : "";
  return queuePlace === 0 ? "Next in line." : `${counted(queuePlace, "capture")} before this one.`;
}
