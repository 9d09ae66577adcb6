import { reasonOf } from "../domain/errors.ts";
import type { Evidence, EvidenceKey, TargetFacts } from "../domain/evidence/evidence.ts";
import type { Analyzer, EvidenceFor, FindingDraft, RuleMeta } from "../domain/findings/analyzer.ts";
import {
  type Check,
  type Confidence,
  counts,
  type Finding,
  type Severity,
  severityRank,
  type Verdict,
} from "../domain/findings/finding.ts";
import { tellsAges } from "../domain/goroutines/goroutine-evidence.ts";
import { siteKey } from "../domain/goroutines/goroutine-sites.ts";
import { counted } from "../domain/units.ts";

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

type AnyMeta = RuleMeta<EvidenceKey, EvidenceKey, string>;

/** A draft on its way to a finding. `sites`, `blocks` and `waitsFor` are site keys. */
interface Candidate {
  readonly meta: AnyMeta;
  readonly draft: FindingDraft;
  readonly severity: Severity;
  readonly sites: ReadonlySet<string>;
  readonly blocks: ReadonlySet<string>;
  readonly waitsFor: ReadonlySet<string>;
  cause?: Candidate;
}

/**
 * The only runner: gives every analyzer the evidence it needs, says what could not be checked, silences general rules
 * where a specific one spoke, links symptoms to their root, ranks, and decides.
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
  const kept = withoutExplained(candidates);
  linkCauses(kept);
  const findings = numbered(ranked(kept));
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
  return {
    check: { rule: meta.id, state: "pass" },
    candidates: drafts.map((draft) => ({
      meta,
      draft,
      severity: draft.severity ?? meta.severity,
      sites: new Set((draft.groups ?? []).map(siteKey)),
      blocks: new Set((draft.blocks ?? []).map(siteKey)),
      waitsFor: new Set((draft.waitsFor ?? []).map(siteKey)),
    })),
  };
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

const breadth = { specific: 0, general: 1, "catch-all": 2 } as const;

/**
 * Drops what a narrower rule already said about the same goroutines. A rule that only found it `possible` does not
 * silence one that is sure.
 */
function withoutExplained(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate) => {
    const { meta, sites } = candidate;
    if (meta.scope === "specific" || sites.size === 0) return true;
    const explained = new Set<string>();
    for (const other of candidates) {
      if (breadth[other.meta.scope] >= breadth[meta.scope]) continue;
      if (isFailing(candidate) && !isFailing(other)) continue;
      for (const site of [...other.sites, ...other.blocks]) explained.add(site);
    }
    return [...sites].some((site) => !explained.has(site));
  });
}

/**
 * Gives each finding the most serious one that causes it: one that says it blocks these goroutines, one about the
 * goroutines these wait for, or else one of a rule that this rule names as its cause.
 */
function linkCauses(candidates: readonly Candidate[]): void {
  const bySerious = candidates.toSorted(bySeriousness);
  const blocking = bySites(bySerious, ({ blocks }) => blocks);
  const standing = bySites(bySerious, ({ sites }) => sites);
  for (const symptom of bySerious) {
    const causes = [
      ...blocking(symptom.sites),
      ...standing(symptom.waitsFor).filter((other) => mayLead(other, symptom)),
      ...[...symptom.meta.symptomOf, ...(symptom.draft.symptomOf ?? [])].flatMap((rule) =>
        bySerious.filter((other) => other.meta.id === rule && isFailing(other)),
      ),
    ];
    const cause = causes.find((other) => rootOf(other) !== symptom);
    if (cause !== undefined) symptom.cause = cause;
  }
}

/** What the catch-all rule saw explains nothing by itself, so it does not stand above a finding that counts. */
function mayLead(cause: Candidate, symptom: Candidate): boolean {
  return cause.meta.scope !== "catch-all" || isFailing(cause) || !isFailing(symptom);
}

function rootOf(candidate: Candidate): Candidate {
  let root = candidate;
  while (root.cause !== undefined) root = root.cause;
  return root;
}

/** Finds, in their order, those of `candidates` that have one of some sites among theirs. */
function bySites(
  candidates: readonly Candidate[],
  sitesOf: (candidate: Candidate) => ReadonlySet<string>,
): (sites: ReadonlySet<string>) => Candidate[] {
  const places = new Map<string, number[]>();
  for (const [place, candidate] of candidates.entries()) {
    for (const site of sitesOf(candidate)) {
      const others = places.get(site);
      if (others === undefined) places.set(site, [place]);
      else others.push(place);
    }
  }
  return (sites) => {
    const found = new Set([...sites].flatMap((site) => places.get(site) ?? []));
    return [...found].sort((a, b) => a - b).flatMap((place) => candidates[place] ?? []);
  };
}

const confidenceRank: Readonly<Record<Confidence, number>> = { proven: 0, likely: 1, possible: 2 };

/** A finding that makes the verdict `fail`. */
function isFailing({ severity, draft }: Candidate): boolean {
  return counts({ severity, confidence: draft.confidence });
}

/** Roots, worst first, each followed by its symptoms. */
function ranked(candidates: readonly Candidate[]): Candidate[] {
  const symptomsOf = new Map<Candidate, Candidate[]>();
  for (const candidate of candidates) {
    const root = rootOf(candidate);
    if (root === candidate) continue;
    symptomsOf.set(root, [...(symptomsOf.get(root) ?? []), candidate]);
  }
  const worstOf = (root: Candidate) =>
    [root, ...(symptomsOf.get(root) ?? [])].toSorted(bySeriousness)[0] ?? root;
  return candidates
    .filter((candidate) => candidate.cause === undefined)
    .toSorted((a, b) => bySeriousness(worstOf(a), worstOf(b)) || bySeriousness(a, b))
    .flatMap((root) => [root, ...(symptomsOf.get(root) ?? []).toSorted(bySeriousness)]);
}

function bySeriousness(a: Candidate, b: Candidate): number {
  return (
    Number(isFailing(b)) - Number(isFailing(a)) ||
    severityRank[a.severity] - severityRank[b.severity] ||
    confidenceRank[a.draft.confidence] - confidenceRank[b.draft.confidence] ||
    breadth[a.meta.scope] - breadth[b.meta.scope] ||
    goroutineCount(b.draft) - goroutineCount(a.draft) ||
    (a.meta.id < b.meta.id ? -1 : a.meta.id > b.meta.id ? 1 : 0)
  );
}

function goroutineCount(draft: FindingDraft): number {
  return draft.goroutines ?? (draft.groups ?? []).reduce((sum, group) => sum + group.count, 0);
}

function numbered(candidates: readonly Candidate[]): Finding[] {
  const ids = new Map(candidates.map((candidate, index) => [candidate, `f${index + 1}`]));
  return candidates.map((candidate) => {
    const { meta, draft, severity } = candidate;
    const root = rootOf(candidate);
    const causedBy = root === candidate ? undefined : ids.get(root);
    return {
      id: ids.get(candidate) ?? "",
      rule: meta.id,
      severity,
      confidence: draft.confidence,
      title: draft.title,
      summary: draft.summary,
      ...(draft.measured === undefined ? {} : { measured: draft.measured }),
      where: draft.where,
      ...(draft.groups === undefined ? {} : { goroutines: goroutineCount(draft) }),
      ...(draft.waitReason === undefined ? {} : { waitReason: draft.waitReason }),
      role: causedBy === undefined ? ("root" as const) : ("symptom" as const),
      ...(causedBy === undefined ? {} : { causedBy }),
      evidence: draft.evidence,
      next: draft.next,
    };
  });
}

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
