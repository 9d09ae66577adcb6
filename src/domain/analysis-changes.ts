import type { CheckState, Finding, PublishedGroup, Verdict } from "./finding.ts";

/** A finding that is in one of two analyses only. */
export interface LoneFinding {
  readonly finding: Finding;
  /**
   * How its rule came out in the other analysis. Only `pass` means that the thing itself is new or gone: a rule that
   * was `inconclusive` or `skipped` there has not looked.
   */
  readonly other: CheckState | "absent";
}

export interface FindingChange {
  readonly before: Finding;
  readonly after: Finding;
}

export interface GroupChange {
  readonly group: PublishedGroup;
  /** Goroutines in it; 0 when there was no such group. */
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
  /** In both, with another figure, severity or confidence. */
  readonly changed: readonly FindingChange[];
  /** In both, and the same. */
  readonly same: readonly Finding[];
  /** Groups that grew, most growth first. */
  readonly grown: readonly GroupChange[];
  /** Groups that shrank, most first. */
  readonly shrunk: readonly GroupChange[];
}
