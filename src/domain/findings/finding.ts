import type { Frame } from "../code/frame.ts";
import type { PublishedConfig } from "../configuration/config-change.ts";
import type { FigureRange, ServiceContext } from "../context/service-context.ts";
import type { CaptureRecord } from "../evidence/capture.ts";

/**
 * - `critical`: users are hurt now.
 * - `warning`: it will hurt, act today.
 * - `info`: context for the reader.
 */
export type Severity = "critical" | "warning" | "info";

/**
 * - `proven`: the evidence admits no other reading.
 * - `likely`: the usual reading; the finding says what would refute it.
 * - `possible`: worth a look, not an accusation.
 */
export type Confidence = "proven" | "likely" | "possible";

export type Verdict = "pass" | "fail" | "inconclusive";

/** Worst first: 0 is the most serious. */
export const severityRank: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/** Does a finding count: at least `least` severe, and more than possible? From `warning` on such a one fails the verdict. */
export function counts(
  { severity, confidence }: { readonly severity: Severity; readonly confidence: Confidence },
  least: Severity = "warning",
): boolean {
  return confidence !== "possible" && severityRank[severity] <= severityRank[least];
}

/**
 * As the verdict is read, rule by rule.
 * - `pass`: found nothing, or something worth knowing only. - `fail`: found something that fails the verdict.
 * - `inconclusive`: evidence was missing, or does not settle what was found.
 * - `skipped`: a setting or the request left the rule out.
 */
export type CheckState = "pass" | "fail" | "inconclusive" | "skipped";

export interface Measured {
  readonly value: number;
  /** Threshold that the value was held against. */
  readonly limit: number;
  /** "goroutines", "bytes", "ms", "ratio", ... */
  readonly unit: string;
  /** What was usual; absent where nobody could say. */
  readonly usual?: UsualFigure;
}

/** What 99 % of the same hour of another day stayed below. */
export interface UsualFigure {
  /** In the unit of what it stands beside. */
  readonly value: number;
  readonly when: "last-week" | "yesterday";
  /** The bucket that it lies in, when a histogram is all there is; `value` is its upper bound, if it has one. */
  readonly range?: FigureRange;
  /** Address of the metrics server that says so. */
  readonly server: string;
}

export interface EvidenceExcerpt {
  /** File that carries the evidence. */
  readonly artifact: string;
  /** The lines or figures that say it, verbatim or summed up; at most a few lines. */
  readonly excerpt: string;
}

/** One thing that is wrong, as published. Its shape is part of the public analysis contract. */
export interface Finding {
  /** "f1", "f2", ... in rank order, unique within one analysis. */
  readonly id: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** One line with the number in it. */
  readonly title: string;
  /** Two to four sentences: what, why it is read that way, what is inferred. */
  readonly summary: string;
  readonly measured?: Measured;
  /** The service's own frames, innermost first: `where[0]` is the line a person can change. */
  readonly where: readonly Frame[];
  readonly goroutines?: number;
  readonly waitReason?: string;
  readonly role: "root" | "symptom";
  /** Id of the finding that causes this one. */
  readonly causedBy?: string;
  readonly evidence: readonly EvidenceExcerpt[];
  /** What to do next, most useful first; commands can be pasted. */
  readonly next: readonly string[];
}

/** The finding that a verdict is about: the first that counts, else the first that is more than context. */
export function leadFinding<F extends Pick<Finding, "severity" | "confidence">>({
  verdict,
  findings,
}: {
  readonly verdict: Verdict;
  readonly findings: readonly F[];
}): F | undefined {
  if (verdict === "fail") return findings.find((finding) => counts(finding)) ?? findings[0];
  return findings.find(({ severity }) => severity !== "info");
}

/** One entry per rule that ran or could not. */
export interface Check {
  readonly rule: string;
  readonly state: CheckState;
  /** Why it is inconclusive or skipped, or which findings it passes with. */
  readonly reason?: string;
}

/** Rules that did not judge. One that found something is not among them, settled or not: its finding says more. */
export function openChecks({ checks, findings }: Pick<Analysis, "checks" | "findings">): readonly Check[] {
  const found = new Set(findings.map(({ rule }) => rule));
  return checks.filter(
    ({ rule, state }) => state === "skipped" || (state === "inconclusive" && !found.has(rule)),
  );
}

export interface PublishedGroup {
  readonly state: string;
  readonly count: number;
  readonly waitMinutes?: { readonly min: number; readonly max: number };
  readonly stack: readonly Frame[];
  readonly createdBy?: Frame;
}

/** The document of `gofire analyze --format json` (docs/reference/analysis.schema.json). */
export interface Analysis {
  readonly schemaVersion: 1;
  readonly target: {
    readonly service?: string;
    readonly instance?: string;
    readonly goVersion?: string;
  };
  readonly verdict: Verdict;
  readonly captures: readonly CaptureRecord[];
  readonly findings: readonly Finding[];
  readonly checks: readonly Check[];
  readonly groups: readonly PublishedGroup[];
  /** What a metrics server said of the service at the time; absent where none was asked. */
  readonly context?: PublishedContext;
  /** What changed of the service's configuration shortly before; absent where no repository was asked. */
  readonly config?: PublishedConfig;
}

/** As gathered; the file that it was kept in is among the captures. */
export type PublishedContext = Omit<ServiceContext, "artifact">;
