import type { Mute, MuteSubject } from "../alerts/mute.ts";
import type { StormCount } from "../alerts/storm-count.ts";
import type { GateState } from "../configuration/gate.ts";
import type { GateDecision } from "../configuration/gate-request.ts";
import type { Rollback } from "../configuration/rollback.ts";
import type { RollbackRequest, RollbackWish } from "../configuration/rollback-request.ts";
import type { RollbackStep } from "../configuration/rollback-step.ts";
import type { AnalysisChanges } from "../findings/analysis-changes.ts";
import type { RuleDocs } from "../findings/analyzer.ts";
import type { FeedbackTally, Opinion, Opinions } from "../findings/feedback.ts";
import type { Analysis, Finding } from "../findings/finding.ts";
import type { FindingSummary, Incident } from "../incidents/incident.ts";
import type { TlsTarget } from "../tls/probe.ts";
import type { Place } from "./message.ts";

/** A service that may be captured, for a picker. */
export interface ServiceChoice {
  readonly name: string;
  readonly instances: readonly string[];
}

/** What is known already of a snapshot whose service is not. */
export interface SnapshotPreset {
  readonly service?: string;
  readonly instance?: string;
  readonly cpuSeconds?: number;
  readonly block?: boolean;
  readonly deep?: boolean;
  readonly peer?: boolean;
}

/** A command as help shows it. */
export interface CommandHelp {
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** What follows the command's name. */
  readonly usage: string;
  /** Without the leading `/gofire`. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /** Words that may follow, e.g. `cpu=20s`, and what each means. */
  readonly options: readonly { readonly word: string; readonly summary: string }[];
  /** Whether the person who asks may use it here; undefined when that could not be found out. */
  readonly allowed?: boolean;
}

/** Whom configuration names, by ids of the chat. */
export interface Audience {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly channels: readonly string[];
}

export interface ExplainedFinding {
  readonly finding: Finding;
  /** What the rule looks for, why it hurts, when it is wrong; absent for a rule of another version of gofire. */
  readonly docs?: RuleDocs;
}

/**
 * What a chat command answers: data. The renderer gives it its looks; who delivers it shows `ask`, `already`, `feedback`,
 * `judging`, `judged`, `shown`, `reporting`, `looking`, `rollback` and what begins so, `checking`, `deciding`, `decided`,
 * `help` and `refused` to the person alone, and whatever is `inConfidence`: it tells of channels that not everybody there
 * may read.
 */
export type ChatReply =
  /**
   * The card is the answer; nothing else is posted unless it will be late. Not new: the request was delivered twice.
   * `cardsBefore`: how many cards of the same channel are still to be posted before it. `isOutOfReach`: gofire may not
   * post in the channel, so the card cannot come before somebody lets it in.
   */
  | {
      readonly kind: "begun";
      readonly incident: Incident;
      readonly isNew: boolean;
      readonly cardsBefore?: number;
      readonly isOutOfReach?: true;
    }
  /** What was asked for is under way already, as this incident; nothing was begun. */
  | { readonly kind: "already"; readonly incident: Incident; readonly next: string }
  /** The service is missing: a modal where there is a trigger for it, else words. */
  | {
      readonly kind: "ask";
      readonly services: readonly ServiceChoice[];
      readonly preset: SnapshotPreset;
      /** Says what is missing and what to type instead of choosing. */
      readonly problem: string;
    }
  | {
      readonly kind: "status";
      /** What it is about; all channels when neither is there. */
      readonly service?: string;
      readonly channel?: string;
      /** Oldest first. */
      readonly capturing: readonly Incident[];
      /** Next one first, each with its `queuePlace` of now. */
      readonly waiting: readonly Incident[];
      /** Newest first: verdicts, failures, resolved ones; none that is in shadow. */
      readonly last: readonly Incident[];
      /** The same of those in shadow: what would have been posted. */
      readonly shadowed: readonly Incident[];
      /** Of the last day, newest first: pages that only a digest tells of are counted here and nowhere else. */
      readonly storms: readonly StormCount[];
      /** Of all channels and services. */
      readonly counts: { readonly waiting: number; readonly capturing: number; readonly limit: number };
      readonly mutes: readonly Mute[];
      /** Incidents that are left out because the chat did not say who may see them; absent: none. */
      readonly untold?: number;
      readonly inConfidence?: true;
    }
  | {
      readonly kind: "explain";
      readonly incident: Incident;
      readonly analysis: Analysis;
      /** In rank order. */
      readonly findings: readonly ExplainedFinding[];
      readonly inConfidence?: true;
    }
  | {
      readonly kind: "diff";
      /** The earlier one. */
      readonly before: Incident;
      readonly after: Incident;
      readonly changes: AnalysisChanges;
      /** What makes the comparison weaker, e.g. different pods or Go versions; may be empty. */
      readonly caveats: readonly string[];
      readonly inConfidence?: true;
    }
  /** To be announced in the channel. */
  | { readonly kind: "muted"; readonly mute: Mute }
  /** To be announced in the channel. `mute`: what was ended, undefined when there was nothing to end. */
  | { readonly kind: "unmuted"; readonly subject: MuteSubject; readonly mute?: Mute }
  /** The card shows it; nothing else is posted. Not new: it was resolved before. */
  | { readonly kind: "resolved"; readonly incident: Incident; readonly isNew: boolean }
  /** The card will show how they compare; nothing else is posted. Not new: a comparison is under way already. */
  | { readonly kind: "peer"; readonly incident: Incident; readonly isNew: boolean }
  /** Somebody's voice on a finding is counted; the card shows the tally. */
  | {
      readonly kind: "feedback";
      readonly incident: Incident;
      readonly finding: FindingSummary;
      readonly says: Opinion;
      readonly tally: FeedbackTally;
      /** False: the person had said the same before. */
      readonly isNew: boolean;
      /** What the person said until now, when it was something else. */
      readonly before?: Opinion;
      readonly comment?: string;
    }
  /** Asks what the person says of each finding: a modal where there is a trigger for it, else words. */
  | {
      readonly kind: "judging";
      readonly incident: Incident;
      readonly findings: readonly Pick<FindingSummary, "id" | "title" | "confidence">[];
      /** What the person said of them before. */
      readonly said: Opinions;
    }
  /** What somebody says of several findings is counted; the card shows the tallies. */
  | {
      readonly kind: "judged";
      readonly incident: Incident;
      /** Those of which the person said something new; may be empty. */
      readonly changed: readonly {
        readonly finding: Pick<FindingSummary, "id" | "title">;
        readonly says: Opinion;
        readonly before?: Opinion;
      }[];
    }
  /** An incident's card once more, for whoever asked; of one in shadow the only way to see it. */
  | { readonly kind: "shown"; readonly incident: Incident }
  /** What a rollback would put back, and the commands that do it; nothing is done. */
  | {
      readonly kind: "rollback";
      readonly rollback: Rollback;
      /** How gofire could do it, or why not; absent where it may write nothing. */
      readonly asking?: { readonly wish: RollbackWish } | { readonly not: string };
      /** It is not any more what was clicked on. */
      readonly isAnew?: true;
    }
  /**
   * Somebody's step of a rollback is looked at; what comes of it is told to the person, unless gofire may not write in `place`.
   */
  | {
      readonly kind: "rollback-looking";
      readonly does: RollbackStep["does"];
      readonly place: Place;
      readonly isOutOfReach?: true;
    }
  /** A second person is asked by a card in its place. */
  | { readonly kind: "rollback-asked"; readonly request: RollbackRequest }
  /** Somebody agreed, or cancelled; the card shows what comes of it. */
  | { readonly kind: "rollback-decided"; readonly request: RollbackRequest }
  /** The report comes into the incident's thread, or where it was asked for when that is in shadow. */
  | { readonly kind: "reporting"; readonly incident: Incident }
  /** A TLS port is looked at; what comes of it is posted in `place`, unless gofire may not post there. */
  | {
      readonly kind: "looking";
      readonly target: TlsTarget;
      readonly place: Place;
      readonly isOutOfReach?: true;
    }
  /**
   * A proposal is looked at; its card comes to `place`, unless gofire may not post there, or is there already: then `card` is its
   * address and it is brought up to date.
   */
  | {
      readonly kind: "checking";
      readonly proposal: string;
      readonly place: Place;
      readonly card?: string;
      readonly isOutOfReach?: true;
    }
  /** A decision on a proposal is looked at; what comes of it is told to the person. */
  | {
      readonly kind: "deciding";
      readonly decision: GateDecision;
      readonly proposal: string;
      readonly environment?: string;
    }
  /** A decision is in the log, and counts. Not new: the person had decided the same before. */
  | {
      readonly kind: "decided";
      readonly decision: GateDecision;
      readonly proposal: string;
      /** With it. */
      readonly state: GateState;
      readonly isNew: boolean;
    }
  /** `about`: the option that the problem lies in, where it lies in one. */
  | {
      readonly kind: "help";
      readonly commands: readonly CommandHelp[];
      readonly problem?: string;
      readonly about?: string;
    }
  | {
      readonly kind: "refused";
      /** One sentence. */
      readonly why: string;
      /** One sentence: what to do about it. */
      readonly next: string;
      /** Who can give access, to be named after `next`; absent when the configuration names nobody. */
      readonly askWhom?: Audience;
      /** Channels in which the same would have been allowed. */
      readonly worksIn?: readonly string[];
    };

export type Refused = Extract<ChatReply, { kind: "refused" }>;

/** Why not, and what to do about it, a sentence each. */
export function refused(why: string, next: string): Refused {
  return { kind: "refused", why, next };
}
