import type { Place } from "../chat/message.ts";
import type { Card, Reply } from "../incidents/incident.ts";
import type { GateState } from "./gate.ts";
import type { Proposal } from "./proposal.ts";

/** Which proposal's card, and where. */
export interface GateCardPlace {
  /** The repository, without credentials. */
  readonly repository: string;
  /** The number of a pull or merge request, a branch, or a commit. */
  readonly proposal: string;
  readonly place: Place;
}

/** The card of a proposal in a channel: there is one for both, posted once and edited from then on. */
export interface GateCard extends GateCardPlace {
  readonly id: string;
  /** 1 when created, one more with each change. */
  readonly version: number;
  /** Absent until the first attempt to post it. */
  readonly card?: Card;
  /** What is to be said in its thread, in order. */
  readonly replies: readonly Reply[];
}

/** What a proposal would change, and where it stands, at one moment. */
export interface ProposalReport {
  readonly proposal: Proposal;
  /** Of every environment whose files would be others, in the order of the proposal's. */
  readonly states: readonly GateState[];
  /** Who decided on an earlier state of it and not on this one: that does not count. */
  readonly earlier: readonly { readonly environment: string; readonly actors: readonly string[] }[];
}

/** Whether all that would change can be read in the card's thread, as a file; or why that cannot be. */
export type FullList = "coming" | "there" | { readonly problem: string };

/** What a card is drawn from: a report, why there is none, or that people of other workspaces read it (Slack Connect). */
export type GateView =
  | { readonly proposal: string; readonly isOverheard: true }
  | { readonly report: ProposalReport; readonly list: FullList }
  | { readonly repository: string; readonly proposal: string; readonly problem: string };
