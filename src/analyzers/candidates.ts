import type { EvidenceKey } from "../domain/evidence/evidence.ts";
import type { FindingDraft, RuleMeta } from "../domain/findings/analyzer.ts";
import {
  type Confidence,
  counts,
  type Finding,
  type Severity,
  severityRank,
} from "../domain/findings/finding.ts";
import { siteKey } from "../domain/goroutines/goroutine-sites.ts";
import { append } from "../domain/grouped.ts";

type AnyMeta = RuleMeta<EvidenceKey, EvidenceKey, string>;

/** What a rule has drafted, on its way to a finding. `sites`, `blocks` and `waitsFor` are site keys. */
export interface Candidate {
  readonly meta: AnyMeta;
  readonly draft: FindingDraft;
  readonly severity: Severity;
  readonly sites: ReadonlySet<string>;
  readonly blocks: ReadonlySet<string>;
  readonly waitsFor: ReadonlySet<string>;
  cause?: Candidate;
}

export function candidateOf(meta: AnyMeta, draft: FindingDraft): Candidate {
  return {
    meta,
    draft,
    severity: draft.severity ?? meta.severity,
    sites: new Set((draft.groups ?? []).map(siteKey)),
    blocks: new Set((draft.blocks ?? []).map(siteKey)),
    waitsFor: new Set((draft.waitsFor ?? []).map(siteKey)),
  };
}

/**
 * The findings that are published of all that the rules have drafted, the first to read first: general rules are silent where
 * a specific one spoke, and symptoms follow their root.
 */
export function findingsOf(candidates: readonly Candidate[]): readonly Finding[] {
  const kept = withoutExplained(candidates);
  linkCauses(kept);
  return numbered(ranked(kept));
}

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
      append(places, site, place);
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
