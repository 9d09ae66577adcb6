import { configSummary } from "../../domain/configuration/config-summary.ts";
import { contextSummary } from "../../domain/context/context-summary.ts";
import { type Analysis, type Finding, openChecks, type Severity } from "../../domain/findings/finding.ts";
import type { AnalysisSummary, FindingSummary } from "../../domain/incidents/incident.ts";

/** A card has room for so many; the rest is in the thread. */
const mostFindings = 5;
const mostFrames = 3;
const mostReasons = 5;

/**
 * What the incident keeps of an analysis whose document is the artifact `document`. `isWritable`: gofire may roll the service's
 * configuration back.
 */
export function summaryOf(
  analysis: Analysis,
  document: string,
  goroutines: number | undefined,
  { isWritable = false }: { readonly isWritable?: boolean } = {},
): AnalysisSummary {
  const { verdict, findings, checks, target, context, config } = analysis;
  const open = openChecks(analysis);
  const reasons = open.flatMap(({ state, reason }) =>
    state === "inconclusive" && reason !== undefined ? [reason] : [],
  );
  const finding = checks.filter(({ rule }) => findings.some((one) => one.rule === rule)).length;
  return {
    verdict,
    findings: findings.slice(0, mostFindings).map(findingSummary),
    counts: { critical: count("critical"), warning: count("warning"), info: count("info") },
    checks: {
      pass: checks.length - finding - open.length,
      fail: finding,
      inconclusive: open.filter(({ state }) => state === "inconclusive").length,
      skipped: open.filter(({ state }) => state === "skipped").length,
    },
    missing: [...new Set(reasons)].slice(0, mostReasons),
    ...(target.goVersion === undefined ? {} : { goVersion: target.goVersion }),
    ...(goroutines === undefined ? {} : { goroutines }),
    ...(context === undefined ? {} : { context: contextSummary(context) }),
    ...(config === undefined
      ? {}
      : { config: { ...configSummary(config), ...(isWritable ? { isWritable: true } : {}) } }),
    document,
  };

  function count(severity: Severity): number {
    return findings.filter((finding) => finding.severity === severity).length;
  }
}

function findingSummary(finding: Finding): FindingSummary {
  const { id, rule, severity, confidence, title, summary, measured, where, goroutines, role, next } = finding;
  return {
    id,
    rule,
    severity,
    confidence,
    title,
    summary,
    ...(measured === undefined ? {} : { measured }),
    where: where.slice(0, mostFrames),
    ...(goroutines === undefined ? {} : { goroutines }),
    role,
    next,
  };
}
