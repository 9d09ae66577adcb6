import { siteKey } from "../goroutines/goroutine-sites.ts";
import { grouped } from "../grouped.ts";
import type { Analysis, CheckState, Finding, PublishedGroup, Verdict } from "./finding.ts";

/** A finding that is in one of two analyses only. */
export interface LoneFinding {
  readonly finding: Finding;
  /**
   * How its rule came out in the other analysis. `pass` and `fail` (it found other things) mean that the thing itself
   * is new or gone: a rule that was `inconclusive`, `skipped` or `absent` there has not looked.
   */
  readonly other: CheckState | "absent";
}

export interface FindingChange {
  readonly before: Finding;
  readonly after: Finding;
}

/** Goroutines at one place, whatever they wait for there. */
export interface GroupChange {
  /** The largest group there, of the later analysis where it has one. */
  readonly group: PublishedGroup;
  /** Goroutines there; 0 when there were none. */
  readonly before: number;
  readonly after: number;
}

/** What is different between two analyses of one service. */
export interface AnalysisChanges {
  readonly verdict: { readonly before: Verdict; readonly after: Verdict };
  readonly goroutines: { readonly before: number; readonly after: number };
  /** In rank order of the later analysis. */
  readonly appeared: readonly LoneFinding[];
  /** In rank order of the earlier analysis. */
  readonly gone: readonly LoneFinding[];
  /** In both, with another severity or confidence, or a figure that moved by a tenth or more. */
  readonly changed: readonly FindingChange[];
  /** In both, and the same. */
  readonly same: readonly Finding[];
  /** Places where there are more goroutines, most of them first. */
  readonly grown: readonly GroupChange[];
  /** Places where there are fewer, most lost first. */
  readonly shrunk: readonly GroupChange[];
}

/** Two captures of the same process in the same state rarely agree to the last goroutine. */
const leastMove = 0.1;

/** What changed from `before` to `after`. Places are matched by their functions and lines, else by functions alone. */
export function analysisChanges(before: Analysis, after: Analysis): AnalysisChanges {
  const earlier = grouped(before.findings, findingIdentity);
  const appeared: LoneFinding[] = [];
  const changed: FindingChange[] = [];
  const same: Finding[] = [];
  for (const finding of after.findings) {
    const known = earlier.get(findingIdentity(finding))?.shift();
    if (known === undefined) appeared.push(lone(finding, before));
    else if (moved(known, finding)) changed.push({ before: known, after: finding });
    else same.push(finding);
  }
  const left = new Set([...earlier.values()].flat());
  const places = placeChanges(before.groups, after.groups);
  return {
    verdict: { before: before.verdict, after: after.verdict },
    goroutines: { before: total(before.groups), after: total(after.groups) },
    appeared,
    gone: before.findings.filter((finding) => left.has(finding)).map((finding) => lone(finding, after)),
    changed,
    same,
    grown: places
      .filter((place) => place.after > place.before)
      .sort((a, b) => b.after - b.before - (a.after - a.before)),
    shrunk: places
      .filter((place) => place.after < place.before)
      .sort((a, b) => b.before - b.after - (a.before - a.after)),
  };
}

/** The same rule about the same function and wait is the same finding, whatever its figures and line. */
export function findingIdentity({ rule, where, waitReason }: Finding): string {
  return JSON.stringify([rule, where[0]?.function, waitReason]);
}

function lone(finding: Finding, { checks }: Analysis): LoneFinding {
  return { finding, other: checks.find(({ rule }) => rule === finding.rule)?.state ?? "absent" };
}

function moved(before: Finding, after: Finding): boolean {
  return (
    before.severity !== after.severity ||
    before.confidence !== after.confidence ||
    movedBy(before.measured?.value, after.measured?.value) >= leastMove ||
    movedBy(before.goroutines, after.goroutines) >= leastMove
  );
}

/** Change as a share of the larger of the two; 1 when one of them is missing. */
function movedBy(before: number | undefined, after: number | undefined): number {
  if (before === after) return 0;
  if (before === undefined || after === undefined) return 1;
  return Math.abs(after - before) / Math.max(Math.abs(before), Math.abs(after));
}

function total(groups: readonly PublishedGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** Lines move when a service is deployed anew: what has no counterpart at the same lines is matched without them. */
function placeChanges(
  before: readonly PublishedGroup[],
  after: readonly PublishedGroup[],
): readonly GroupChange[] {
  const was = grouped(before, siteKey);
  const is = grouped(after, siteKey);
  const changes = [...is].flatMap(([key, groups]) => {
    const earlier = was.get(key);
    return earlier === undefined ? [] : change(earlier, groups);
  });
  const only = (these: typeof was, those: typeof was) =>
    grouped(
      [...these].flatMap(([key, groups]) => (those.has(key) ? [] : groups)),
      functions,
    );
  const wasOnly = only(was, is);
  const isOnly = only(is, was);
  for (const key of new Set([...isOnly.keys(), ...wasOnly.keys()])) {
    changes.push(...change(wasOnly.get(key) ?? [], isOnly.get(key) ?? []));
  }
  return changes;
}

function functions({ stack }: PublishedGroup): string {
  return stack.map((frame) => frame.function).join("\n");
}

function change(before: readonly PublishedGroup[], after: readonly PublishedGroup[]): GroupChange[] {
  const group = after[0] ?? before[0];
  return group === undefined ? [] : [{ group, before: total(before), after: total(after) }];
}
