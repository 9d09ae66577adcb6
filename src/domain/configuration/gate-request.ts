import type { MessageRef, Place } from "../chat/message.ts";

/** - `withdraw`: what the person decided before is taken back, an approval as well as a rejection. */
export const gateDecisions = ["approve", "reject", "withdraw"] as const;
export type GateDecision = (typeof gateDecisions)[number];

/**
 * Of a digest, after `h1:`, as people see it, and the least that names it when it is typed: 132 bits. Who writes a change may
 * look for two that begin alike, have one of them looked at and put the other in its place: of 48 bits that takes 2^24 tries,
 * which are seconds.
 */
export const fewestDigestCharacters = 22;

/** Which state of an environment a decision is about. */
export interface DecidedState {
  /** Absent where only the digest was typed. */
  readonly environment?: string;
  /** As the button carries it, `h1:…`, or the beginning that was typed. */
  readonly digest: string;
}

/** Somebody wants to see what a proposal would change, or decides on it. */
export interface GateRequest {
  /** What the chat calls this one request: delivered twice, it is the same. */
  readonly intent: string;
  readonly userId: string;
  /** Where its card is to be when there is none in the channel. */
  readonly place: Place;
  /** For what the person alone is to see. */
  readonly aside: Place;
  /** The number of a pull or merge request, a branch, or a commit. */
  readonly proposal: string;
  /** Milliseconds since the epoch. */
  readonly askedAtMs: number;
  /** Absent: to be shown and no more. */
  readonly decides?: DecidedState & { readonly decision: GateDecision };
  /** The card that was clicked. */
  readonly clicked?: MessageRef;
}

/** What a button of a proposal's card says: whoever made it saw that. */
export interface GateButton {
  readonly decision: GateDecision;
  readonly environment: string;
  /** `h1:…` */
  readonly digest: string;
  /** Full commit hash. */
  readonly head: string;
  readonly proposal: string;
}

const actionPrefix = "gate-";

/** The ids of a button's action and of what it is about; no name in it has a blank (git-scm.com/docs/git-check-ref-format). */
export function gateButtonIds({ decision, environment, digest, head, proposal }: GateButton): {
  readonly action: string;
  readonly value: string;
} {
  return {
    // Ids of actions differ within a message.
    action: `${actionPrefix}${decision}/${environment}`,
    value: [environment, digest, head, proposal].join(" "),
  };
}

/** The same the other way round; undefined for a button of something else. */
export function readGateButton(action: string, value: string): GateButton | undefined {
  const decision = gateDecisions.find((known) => action.startsWith(`${actionPrefix}${known}/`));
  const [environment = "", digest = "", head = "", proposal = "", more] = value.split(" ");
  if (decision === undefined || proposal === "" || more !== undefined) return undefined;
  return { decision, environment, digest, head, proposal };
}

/** A digest without the name of its kind, `h1:`. */
export function plainDigest(digest: string): string {
  return digest.replace(/^h1:/, "");
}
