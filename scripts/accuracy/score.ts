import { type Analysis, counts, type Finding } from "../../src/domain/findings/finding.ts";
import type { LabMode } from "../../src/ports/lab-service.ts";

/**
 * - `first`: the first finding that counts names the culprit. - `named`: a later one does. - `missed`: none does.
 * - `quiet`: a healthy mode without a finding that counts. - `false alarm`: a healthy mode with one.
 */
export type Score = "first" | "named" | "missed" | "quiet" | "false alarm";

export interface Scored {
  readonly mode: LabMode;
  readonly goVersion: string;
  readonly score: Score;
  /** The first finding that counts, in words. */
  readonly said: string;
}

/** Holds an analysis against what the lab says is wrong. Only `where[0]` counts as naming. */
export function score(mode: LabMode, analysis: Pick<Analysis, "findings">): Score {
  const counting = analysis.findings.filter((finding) => counts(finding));
  if (mode.kind === "healthy") return counting.length === 0 ? "quiet" : "false alarm";
  const at = counting.findIndex((finding) => names(finding, mode));
  return at === 0 ? "first" : at > 0 ? "named" : "missed";
}

function names({ rule, where }: Finding, mode: LabMode): boolean {
  if (mode.culprits.length === 0) return mode.rules.includes(rule);
  return mode.culprits.includes(where[0]?.function ?? "");
}

export interface Totals {
  readonly sick: number;
  readonly first: number;
  readonly named: number;
  readonly missed: number;
  readonly healthy: number;
  readonly falseAlarms: number;
}

export function totals(rows: readonly Scored[]): Totals {
  const count = (wanted: Score) => rows.filter((row) => row.score === wanted).length;
  const first = count("first");
  const named = count("named");
  const missed = count("missed");
  return {
    sick: first + named + missed,
    first,
    named: first + named,
    missed,
    healthy: count("quiet") + count("false alarm"),
    falseAlarms: count("false alarm"),
  };
}

/** What the issue of accuracy promises: every illness named, nine of ten named first, no false alarm. */
export function isGoodEnough({ sick, first, missed, healthy, falseAlarms }: Totals): boolean {
  return sick > 0 && healthy > 0 && missed === 0 && first >= 0.9 * sick && falseAlarms === 0;
}

/** Of a few modes that somebody chose: there are some, each illness is named first, and no healthy one is accused. */
export function allRight({ sick, first, healthy, falseAlarms }: Totals): boolean {
  return sick + healthy > 0 && first === sick && falseAlarms === 0;
}

/** Can a service built with this Go have the illness? A tool is neither sick nor healthy. */
export function runsOn({ kind, minGo, maxGo }: LabMode, goVersion: string): boolean {
  if (kind === "tool") return false;
  const minor = Number(goVersion.split(".")[1]);
  return minor >= minorOf(minGo, 0) && minor <= minorOf(maxGo, Number.POSITIVE_INFINITY);
}

/** "1.26" -> 26 */
function minorOf(release: string | undefined, otherwise: number): number {
  return release === undefined ? otherwise : Number(release.split(".")[1]);
}
