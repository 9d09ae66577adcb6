import type { CaptureStep, Incident } from "./incident.ts";
import type { PeerComparison } from "./peer-comparison.ts";

/**
 * - `possible`: the service has other processes, and nobody has asked to compare with one.
 * - `waiting`: one is to be captured, once nothing more urgent is.
 * - `capturing`: from the first question to it until the two are compared.
 * - `compared`: `comparison` says what came of it.
 * - `not-compared`: `reason` says why; people may ask again.
 */
export type PeerState = "possible" | "waiting" | "capturing" | "compared" | "not-compared";

/** Another process of the incident's service, captured after the verdict to tell what only the sick one shows. */
export interface Peer {
  readonly state: PeerState;
  /** How often a comparison was asked for; 0 while nobody has. */
  readonly round: number;
  /** Milliseconds since the epoch at which a worker first found that it has to wait for something. */
  readonly waitsSinceMs?: number;
  /** A person asked, who may do what alerts may not: look at a process again that was captured a moment ago. */
  readonly byPerson?: true;
  /** Name or address of the one that was chosen; once chosen in a round it stays. */
  readonly instance?: string;
  /** How often its capture was begun in all rounds: more than `round` after a worker died over it. */
  readonly runs: number;
  readonly steps: readonly CaptureStep[];
  /** Artifact key prefix of its own capture bundle, ending in "/"; present when something was captured. */
  readonly bundle?: string;
  /** Artifact key of its own analysis; present once compared. */
  readonly document?: string;
  readonly comparison?: PeerComparison;
  /** In words; present when not compared. */
  readonly reason?: string;
}

/** Something is still to be captured or compared. */
export function isPeerOpen(peer: Peer | undefined): boolean {
  return peer?.state === "waiting" || peer?.state === "capturing";
}

/** The next round: what an earlier one captured is left behind. */
export function askedAgain(peer: Peer | undefined, byPerson: boolean): Peer {
  return {
    state: "waiting",
    round: (peer?.round ?? 0) + 1,
    ...(byPerson ? { byPerson } : {}),
    runs: peer?.runs ?? 0,
    steps: [],
  };
}

/**
 * What an incident with a verdict is to have, where its service has `processes` that gofire knows: alerts want a peer
 * unless they are not to, people who ask for one do, everybody else may. Undefined where there is nothing to compare with
 * and nobody asked.
 */
export function peerAfterVerdict(
  { origin, wish }: Pick<Incident, "origin" | "wish">,
  processes: number,
): Peer | undefined {
  const isPage = origin.kind === "page";
  const byPerson = !isPage && wish.peer === true;
  if (processes < 2) return byPerson ? askedAgain(undefined, true) : undefined;
  if (wish.peer ?? isPage) return askedAgain(undefined, byPerson);
  return { state: "possible", round: 0, runs: 0, steps: [] };
}

/** What a process is called beside another one: an address without its scheme, as alerts and people write it. */
export function processName(instance: string): string {
  return instance.replace(/^https?:\/\//, "").replace(/\/$/, "");
}
