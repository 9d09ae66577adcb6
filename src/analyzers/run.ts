import { reasonOf } from "../domain/errors.ts";
import type { Evidence, EvidenceKey, TargetFacts } from "../domain/evidence/evidence.ts";
import type { Analyzer, EvidenceFor } from "../domain/findings/analyzer.ts";
import { type Check, counts, type Finding, type Verdict } from "../domain/findings/finding.ts";
import { tellsAges } from "../domain/goroutines/goroutine-evidence.ts";
import { counted } from "../domain/units.ts";
import { type Candidate, candidateOf, findingsOf } from "./candidates.ts";

export interface RunOptions {
  /** Only these rules; the others are left out of `checks`. */
  readonly rules?: readonly string[];
  /** Thresholds that the configuration overrides: rule id -> threshold name -> value. */
  readonly limits?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Files of the evidence that are not as they were captured: what they do not show proves nothing. */
  readonly changed?: readonly string[];
  /** How many inputs gave nothing: what they would have shown is not known. */
  readonly unread?: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly checks: readonly Check[];
}

/**
 * The only runner: gives every analyzer the evidence it needs, says what could not be checked, has findings made of what
 * they drafted, and decides.
 */
export function runAnalyzers(
  analyzers: readonly Analyzer[],
  evidence: Partial<Evidence>,
  target: TargetFacts,
  options: RunOptions = {},
): Judgement {
  const candidates: Candidate[] = [];
  const checks: Check[] = [];
  for (const analyzer of analyzers) {
    if (options.rules !== undefined && !options.rules.includes(analyzer.meta.id)) continue;
    const outcome = runOne(analyzer, evidence, target, options.limits?.[analyzer.meta.id] ?? {});
    checks.push(outcome.check);
    candidates.push(...outcome.candidates);
  }
  const findings = findingsOf(candidates);
  const settled = checks.map((check) => doubted(settledBy(findings, check), options.changed ?? []));
  return { verdict: verdictOf(findings, settled, evidence, options), findings, checks: settled };
}

function runOne(
  analyzer: Analyzer,
  evidence: Partial<Evidence>,
  target: TargetFacts,
  overrides: Readonly<Record<string, number>>,
): { check: Check; candidates: Candidate[] } {
  const { meta } = analyzer;
  const missing = meta.needs.filter((key) => evidence[key] === undefined);
  if (missing.length > 0) {
    const reason = `no ${missing.map((key) => evidenceNames[key]).join(", no ")}`;
    return { check: { rule: meta.id, state: "inconclusive", reason }, candidates: [] };
  }
  const limits: Record<string, number> = {};
  for (const [name, threshold] of Object.entries(meta.thresholds))
    limits[name] = overrides[name] ?? threshold.default;
  let drafts: ReturnType<Analyzer["analyze"]>;
  try {
    drafts = analyzer.analyze({ ...evidence, target } as EvidenceFor<EvidenceKey, EvidenceKey>, limits);
  } catch (error) {
    const reason = `the rule itself failed: ${reasonOf(error)}`;
    return { check: { rule: meta.id, state: "inconclusive", reason }, candidates: [] };
  }
  if ("inconclusive" in drafts) {
    return { check: { rule: meta.id, state: "inconclusive", reason: drafts.inconclusive }, candidates: [] };
  }
  const candidates = drafts.map((draft) => candidateOf(meta, draft));
  const rests = meta.needs.some((key) => key === "goroutines" || key === "dump");
  return drafts.length === 0 && rests && showsTheDyingAlone(evidence)
    ? { check: { rule: meta.id, state: "inconclusive", reason: dyingAlone }, candidates }
    : { check: { rule: meta.id, state: "pass" }, candidates };
}

const dyingAlone = "the crash shows only the goroutine that died (GOTRACEBACK=all shows all)";

/**
 * Whether what others did is not known: a panic and most fatal errors show the goroutine that died, unless GOTRACEBACK says
 * otherwise (https://pkg.go.dev/runtime#hdr-Environment_Variables). A deadlock and SIGQUIT show all, be there but one.
 */
function showsTheDyingAlone({ crash, goroutines }: Partial<Evidence>): boolean {
  return (
    crash !== undefined &&
    crash.kind !== "signal" &&
    !crash.message.startsWith("all goroutines are asleep") &&
    goroutines?.best.counted === 1 &&
    goroutines.best.artifact === crash.artifact
  );
}

/** The outcome of a rule that could judge follows from what is published of its findings, as the verdict does. */
function settledBy(findings: readonly Finding[], check: Check): Check {
  const { rule, state } = check;
  const found = findings.filter((finding) => finding.rule === rule);
  if (state !== "pass" || found.length === 0) return check;
  if (found.some((finding) => counts(finding))) return { rule, state: "fail" };
  const ids = found.map(({ id }) => id).join(", ");
  return found.some(({ severity }) => severity !== "info")
    ? { rule, state: "inconclusive", reason: `what was found is only possible: ${ids}` }
    : { rule, state: "pass", reason: `what was found is for information only: ${ids}` };
}

/** Nothing is clean by evidence that somebody or something changed (docs/decisions/0021-evidence-that-changed.md). */
function doubted(check: Check, changed: readonly string[]): Check {
  const [first, ...others] = changed;
  if (first === undefined || check.state !== "pass") return check;
  const files = others.length === 0 ? first : `${first} and ${counted(others.length, "more file")}`;
  return { ...check, state: "inconclusive", reason: `${files} changed since the capture` };
}

/** Evidence in the words of a person who would fetch it. */
const evidenceNames: Readonly<Record<EvidenceKey, string>> = {
  goroutines: "goroutine capture",
  dump: "goroutine dump (debug=2)",
  goroutineLeak: "goroutineleak profile",
  heap: "heap profile",
  cpu: "CPU profile",
  mutex: "mutex profile",
  block: "block profile",
  blockWindow: "pair of block profiles",
  threadCount: "threadcreate profile",
  memstats: "heap debug=1 capture",
  metrics: "/metrics scrape",
  crash: "crash text",
  context: "Prometheus that was asked",
  config: "config repository that was asked",
};

/**
 * `fail`: a finding of at least warning is likely or proven. `pass`: nothing at or above a warning, not even possible,
 * and the evidence that a pass rests on is there, all that was handed in included (docs/decisions/0004-when-a-verdict-is-pass.md,
 * 0031-evidence-that-is-gone.md). Otherwise `inconclusive`.
 */
function verdictOf(
  findings: readonly Finding[],
  checks: readonly Check[],
  evidence: Partial<Evidence>,
  options: RunOptions,
): Verdict {
  if (findings.some((finding) => counts(finding))) return "fail";
  if (findings.some(({ severity }) => severity !== "info")) return "inconclusive";
  if ((options.changed ?? []).length > 0 || (options.unread ?? 0) > 0) return "inconclusive";
  if (options.rules !== undefined) {
    return checks.length > 0 && checks.every((check) => check.state === "pass" || check.state === "fail")
      ? "pass"
      : "inconclusive";
  }
  const { goroutines } = evidence;
  if (goroutines === undefined || goroutines.best.incomplete !== undefined) return "inconclusive";
  return goroutines.series.length > 1 || tellsAges(goroutines.best) ? "pass" : "inconclusive";
}
