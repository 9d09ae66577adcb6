import type { Frame } from "../code/frame.ts";
import type { Evidence, EvidenceKey, TargetFacts } from "../evidence/evidence.ts";
import type { GoroutineGroup } from "../goroutines/goroutine.ts";
import type { Confidence, EvidenceExcerpt, Measured, Severity } from "./finding.ts";

/** A limit that a finding is held against. A number without a unit and a source is refused by a test. */
export interface Threshold {
  readonly default: number;
  readonly unit: "goroutines" | "count" | "minutes" | "ms" | "bytes" | "ratio" | "per-second" | "threads";
  /** What it limits, in one line. */
  readonly meaning: string;
  /** URL, Go source path, issue, or decision record that the number comes from. */
  readonly source: string;
}

export interface RuleDocs {
  /** What the rule looks for. */
  readonly what: string;
  /** Why that hurts. */
  readonly why: string;
  /** What to do about it. */
  readonly next: string;
  /** When it is wrong, and what guards against that. */
  readonly falsePositives: string;
  /** Where a source guide's statement is corrected: what people say, what is true, source. */
  readonly corrections?: readonly {
    readonly claim: string;
    readonly fact: string;
    readonly source: string;
  }[];
  readonly references: readonly string[];
}

export interface RuleMeta<Needs extends EvidenceKey, Uses extends EvidenceKey, Limit extends string> {
  /** `family/name`, stable for ever. The folder is the id with "/" replaced by "-". */
  readonly id: string;
  readonly title: string;
  /** Severity of a finding that does not say otherwise. */
  readonly severity: Severity;
  /** Evidence without which the rule is inconclusive. */
  readonly needs: readonly Needs[];
  /** Evidence that sharpens the finding when it is there. */
  readonly uses: readonly Uses[];
  readonly thresholds: Readonly<Record<Limit, Threshold>>;
  /**
   * What happens when several rules are about the same goroutines: `specific` rules speak, `general` ones stay silent
   * where a specific one spoke, `catch-all` ones where any other spoke.
   */
  readonly scope: "specific" | "general" | "catch-all";
  /** Rules whose finding, when there is one, is the cause of this rule's finding, strongest first. */
  readonly symptomOf: readonly string[];
  readonly docs: RuleDocs;
}

/** A finding as an analyzer writes it; `run.ts` ranks, links and numbers it. */
export interface FindingDraft {
  /** Default: the rule's. */
  readonly severity?: Severity;
  readonly confidence: Confidence;
  readonly title: string;
  readonly summary: string;
  readonly measured?: Measured;
  readonly where: readonly Frame[];
  readonly waitReason?: string;
  /** The goroutines that this finding is about. The catch-all rule stays silent about these. */
  readonly groups?: readonly GoroutineGroup[];
  /** How many of `groups` it is about, where that is not all of them: one group may wait for several locks. */
  readonly goroutines?: number;
  /** Goroutines that wait because of these: findings about them become symptoms of this one, wider rules stay silent. */
  readonly blocks?: readonly GoroutineGroup[];
  /** Goroutines that this finding's ones wait for: a finding about those becomes the cause of this one. */
  readonly waitsFor?: readonly GoroutineGroup[];
  /** Rules that may be its cause besides those that the rule itself names. */
  readonly symptomOf?: readonly string[];
  readonly evidence: readonly EvidenceExcerpt[];
  readonly next: readonly string[];
}

/** The evidence is there but does not carry what the rule needs; `inconclusive` says what is missing. */
export interface Inconclusive {
  readonly inconclusive: string;
}

export type EvidenceFor<Needs extends EvidenceKey, Uses extends EvidenceKey> = Pick<Evidence, Needs> &
  Partial<Pick<Evidence, Uses>> & { readonly target: TargetFacts };

/** A rule: metadata plus one pure, synchronous function. */
export interface Analyzer<
  Needs extends EvidenceKey = EvidenceKey,
  Uses extends EvidenceKey = EvidenceKey,
  Limit extends string = string,
> {
  readonly meta: RuleMeta<Needs, Uses, Limit>;
  // A method, not a property: its parameters are then compared bivariantly, so one list can hold all analyzers.
  analyze(
    evidence: EvidenceFor<Needs, Uses>,
    limits: Readonly<Record<Limit, number>>,
  ): readonly FindingDraft[] | Inconclusive;
}

/** Gives `analyze` the types that its metadata promises. */
export function defineAnalyzer<
  const Needs extends EvidenceKey,
  const Uses extends EvidenceKey = never,
  const Limit extends string = never,
>(analyzer: Analyzer<Needs, Uses, Limit>): Analyzer<Needs, Uses, Limit> {
  return analyzer;
}
