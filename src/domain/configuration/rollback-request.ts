import type { MessageRef, Place } from "../chat/message.ts";
import type { Finding } from "../findings/finding.ts";
import type { Card } from "../incidents/incident.ts";
import type { Rollback, WriteWay } from "./rollback.ts";

/**
 * - `asked`: a second person is to agree.
 * - `agreed`: it is to be pushed, and may be by now.
 * - `pushed`: it is in the repository; the audit log hears of it next.
 * - `verifying`: it is measured whether it helped.
 * - `verified`, `unverified`: over; it helped, or that is not so or not known.
 * - `proposed`: over; it is beside the branch, for people to merge.
 * - `failed`: over; nothing was pushed, as far as is known: `problem` says why.
 * - `withdrawn`: over before anybody agreed, or before anything was pushed: `ended` says how.
 */
export type RollbackState =
  | "asked"
  | "agreed"
  | "pushed"
  | "verifying"
  | "verified"
  | "unverified"
  | "proposed"
  | "failed"
  | "withdrawn";

/** What somebody did, and when, milliseconds since the epoch. */
export interface ActOf {
  readonly userId: string;
  readonly atMs: number;
}

/** A finding that is to be gone: those of before the rollback. */
export type ExpectedGone = Pick<Finding, "id" | "rule" | "title" | "measured">;

/** What one capture after the rollback says of one of them, or what it found where nothing was expected. */
export interface MeasuredAfter {
  readonly rule: string;
  readonly title: string;
  /** `unseen`: that capture could not tell. */
  readonly state: "gone" | "still" | "unseen";
  readonly before?: Finding["measured"];
  readonly after?: Finding["measured"];
  /** Why it could not be seen. */
  readonly reason?: string;
}

/** One capture to see whether it helped. */
export interface VerifyingCapture {
  readonly incidentId: string;
  /** Milliseconds since the epoch. */
  readonly begunAtMs: number;
  /** Absent while it runs. */
  readonly result?: {
    readonly helped: "yes" | "no" | "unknown";
    readonly measured: readonly MeasuredAfter[];
    /** Of the process, in all. */
    readonly goroutines?: number;
    /** The process that was asked. */
    readonly instance?: string;
    /** Which configuration the process says it has (`config_info`); absent where it says nothing. */
    readonly configuration?: string;
    /** Why there is nothing to judge. */
    readonly problem?: string;
  };
}

/** A rollback that somebody asked for, from then until all is told. */
export interface RollbackRequest {
  /** Digits and letters of Crockford's base 32, lower case, eight of them. */
  readonly id: string;
  /** 1 when created, one more with each change. */
  readonly version: number;
  readonly state: RollbackState;
  readonly service: string;
  /** As it was shown to both people. */
  readonly plan: Rollback;
  readonly way: WriteWay;
  readonly push: "branch" | "proposal";
  /** Of exactly what is to be written, see `PreparedWrite`. */
  readonly digest: string;
  /** Where its card is: an incident's thread, or a channel. */
  readonly place: Place;
  /** The incident in whose thread it was asked for. */
  readonly incident?: {
    readonly id: string;
    readonly instance?: string;
    /** Those that the change could explain; empty: none of them. */
    readonly expected: readonly ExpectedGone[];
    readonly goroutines?: number;
  };
  readonly asked: ActOf & { readonly intent: string };
  readonly agreed?: ActOf;
  readonly ended?: ActOf & { readonly how: "cancelled" | "expired" | "changed" };
  readonly written?: {
    /** Full commit hash. */
    readonly commit: string;
    readonly branch: string;
    readonly onto?: string;
    /** Milliseconds since the epoch. */
    readonly atMs: number;
  };
  readonly captures: readonly VerifyingCapture[];
  /** When it was over, milliseconds since the epoch. */
  readonly overAtMs?: number;
  readonly problem?: string;
  readonly card?: Card;
  /** The message that says how it ended. */
  readonly outcome?: MessageRef;
  /** It is over, and card, thread and audit log say so. */
  readonly isTold?: true;
}

export type RollbackDraft = Pick<
  RollbackRequest,
  "service" | "plan" | "way" | "push" | "digest" | "place" | "incident" | "asked"
>;

/** So long a second person may agree. */
export const agreeWithinMs = 30 * 60_000;
/** So long what somebody pressed may take: what no worker came to by then, or no repository took, is not done any more. */
export const actWithinMs = 10 * 60_000;

/** Nothing more will be done for it but telling. */
export function isOver({ state }: Pick<RollbackRequest, "state">): boolean {
  return ["verified", "unverified", "proposed", "failed", "withdrawn"].includes(state);
}

/** Why gofire does not write a rollback, although it may write; undefined when nothing is in the way. */
export function inTheWay({ own, others, moved, uncompared, writable }: Rollback): string | undefined {
  if (writable?.problem !== undefined) return `whether it can be done is not known: ${writable.problem}`;
  if (writable === undefined || writable.conflicts.length > 0 || moved.length > 0) {
    return "values changed again since, and git cannot tell what is wanted";
  }
  // What nobody was shown, nobody can agree to.
  const [file] = uncompared;
  if (file !== undefined) return `what comes back in ${file.file} cannot be shown`;
  if (own.length + others.length === 0) return "no value would come back that could be shown";
  const values = [...own, ...others];
  if (values.length > mostShown) {
    return `more values would come back (${values.length}) than two people can look through in a chat (${mostShown})`;
  }
  const lengths = values.map(({ file, path, from = "", to = "" }) =>
    [file, path, from, to].map((part) => part.length),
  );
  if (lengths.flat().some((length) => length > longestShown) || sum(lengths.flat()) > mostShownCharacters) {
    return "a value, or all of them together, is longer than a card can show whole";
  }
  return writable.digest === undefined ? "what would be written is not known" : undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** A card shows all of them, and each whole: what is cut away is not agreed to. */
const mostShown = 24;
/** Characters of a path, a value, a file's name. */
export const longestShown = 120;
/** Of all together; written out in a message they may be five times as long. */
const mostShownCharacters = 2_000;

/** What a button asks for: the plan as it was shown, and how to work it out again. */
export interface RollbackWish {
  readonly digest: string;
  readonly service: string;
  /** Id of the incident whose thread it is for. */
  readonly incidentId?: string;
  readonly tag?: string;
}

const none = "-";

/** As a button carries it. What is in it is checked anew with each click. */
export function wishText({ digest, service, incidentId = none, tag }: RollbackWish): string {
  return [digest, incidentId, service, ...(tag === undefined ? [] : [tag])].join(" ");
}

/** Undefined for what `wishText` does not write: a button of another version, or of somebody else. */
export function readWish(text: string): RollbackWish | undefined {
  const [digest = "", incidentId = "", service = "", ...tag] = text.split(" ");
  if (!/^[0-9a-f]{64}$/.test(digest) || incidentId === "" || service === "") return undefined;
  return {
    digest,
    service,
    ...(incidentId === none ? {} : { incidentId }),
    ...(tag.length === 0 ? {} : { tag: tag.join(" ") }),
  };
}
