import type { Confidence } from "./finding.ts";

/** What people may say of a finding. */
export const opinions = ["right", "wrong"] as const;
export type Opinion = (typeof opinions)[number];

/** How many people said what of one finding; each has one voice. */
export interface FeedbackTally {
  readonly right: number;
  readonly wrong: number;
  /** Grows with each voice that was given or changed: the larger one is the newer one. */
  readonly voices: number;
}

/** What one person says of one finding; the last word counts. */
export interface Voice {
  readonly incidentId: string;
  readonly finding: string;
  readonly userId: string;
  readonly says: Opinion;
  /** Why, as the person wrote it. */
  readonly comment?: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** What a voice is counted for. */
export interface JudgedFinding {
  readonly rule: string;
  readonly confidence: Confidence;
}

/** What one person says of several findings of an incident, by finding. */
export type Opinions = Readonly<Record<string, Opinion>>;

/** How a rule did at one confidence, since it is counted. */
export interface RuleRecord extends JudgedFinding {
  /** Findings in verdicts of incidents. */
  readonly fired: number;
  /** Voices; several people may judge one finding. */
  readonly right: number;
  readonly wrong: number;
}

/** Why somebody called a finding right or wrong. Who it was is nobody's business but the incident's. */
export interface RuleComment {
  readonly rule: string;
  readonly says: Opinion;
  readonly comment: string;
  readonly incidentId: string;
  readonly finding: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Share of the voices that say right, 0 to 1; undefined without any. */
export function rightRatio({
  right,
  wrong,
}: {
  readonly right: number;
  readonly wrong: number;
}): number | undefined {
  return right + wrong === 0 ? undefined : right / (right + wrong);
}
