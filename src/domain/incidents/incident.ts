import type { Labels } from "../alerts/alert.ts";
import type { MessageRef, Place } from "../chat/message.ts";
import type { ConfigSummary } from "../configuration/config-summary.ts";
import type { ContextSummary } from "../context/context-summary.ts";
import type { CaptureKind, CaptureStatus, OptionalKind } from "../evidence/capture.ts";
import type { FeedbackTally } from "../findings/feedback.ts";
import type { Finding, Severity, Verdict } from "../findings/finding.ts";
import type { IncidentRecord } from "./incident-record.ts";
import { isPeerOpen, type Peer } from "./peer.ts";

/**
 * - `queued`: waits for a worker, or for another capture of the same target to end.
 * - `capturing`: from the first question to the target until the evidence is judged.
 * - `verdict`: judged; `analysis` says how.
 * - `failed`: there is no verdict; `problem` says why and what to do.
 * - `resolved`: over, whoever said so.
 */
export type IncidentState = "queued" | "capturing" | "verdict" | "failed" | "resolved";

/** Who wanted the capture, and how. */
export interface IncidentOrigin {
  readonly kind: "command" | "mention" | "shortcut" | "page";
  readonly userId?: string;
  /**
   * What the chat or the alert sender calls this one request (trigger id, event id, fingerprint and start): the same
   * request, delivered again, is the same incident.
   */
  readonly intent: string;
  /** Present when alerts asked. */
  readonly page?: PageFacts;
}

/** What an alert sender said. */
export interface PageFacts {
  /** Name of the alert, and how many there are when it is more than one. */
  readonly title: string;
  /** Milliseconds since the epoch at which the first of them began to fire. */
  readonly sinceMs: number;
  /** How many of them fire; absent when only a message tells of them. */
  readonly alerts?: number;
  /** What the alerts call it, the worst of them; absent when they do not say. */
  readonly severity?: string;
  /** The machine that all of them name; absent when they name none, or several. */
  readonly node?: string;
  /** What the alerts call the process, when that is none of the service's processes, and the label that does. */
  readonly unknownInstance?: string;
  readonly unknownLabel?: string;
  /** The service has several processes, and no label of the alerts names one. */
  readonly isUnnamed?: true;
  /** Nobody could be asked in time which processes there are: what the alerts name may be one of them. */
  readonly isUnsure?: true;
  /** Who knows the service's processes, e.g. "gofire.yaml and Kubernetes"; absent in what older versions kept. */
  readonly knownFrom?: string;
  /** Every process of the service that a firing alert names; absent when none is named. */
  readonly named?: readonly string[];
  /** Those labels that all firing alerts have alike and that tell which series they are about. */
  readonly labels?: Labels;
}

/** What was asked for beyond the service's own settings. */
export interface CaptureWish {
  readonly cpuSeconds?: number;
  /** The block profile even where the service's settings leave it out, over a window where its process lends the rate. */
  readonly block?: boolean;
  readonly deep?: boolean;
  /** Another process of the service, too, and how the two differ; what alerts want unless this is false. */
  readonly peer?: boolean;
  readonly include?: readonly OptionalKind[];
  readonly exclude?: readonly CaptureKind[];
}

/** One capture of the list on the card. */
export interface CaptureStep {
  readonly kind: CaptureKind;
  readonly state: "planned" | "running" | CaptureStatus;
  /** Milliseconds since the epoch; present once it runs. */
  readonly startedAtMs?: number;
  /** How long the target takes by design, e.g. a CPU profile's length; 0 for a snapshot. */
  readonly expectedMs?: number;
  readonly durationMs?: number;
  readonly bytes?: number;
  /** Name inside the bundle; present when something was kept. */
  readonly file?: string;
  /** Why it is not `ok`, in words. */
  readonly reason?: string;
}

/** A finding as the card needs it, with three own frames at most; the whole one is in the analysis document. */
export type FindingSummary = Pick<
  Finding,
  | "id"
  | "rule"
  | "severity"
  | "confidence"
  | "title"
  | "summary"
  | "measured"
  | "where"
  | "goroutines"
  | "role"
  | "next"
>;

/** What a card says of an analysis. Small: it lives in the incident. */
export interface AnalysisSummary {
  readonly verdict: Verdict;
  /** Worst first, at most five. */
  readonly findings: readonly FindingSummary[];
  /** Of all findings. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** How many rules found nothing, found something, could not judge, were left out. */
  readonly checks: {
    readonly pass: number;
    readonly fail: number;
    readonly inconclusive: number;
    readonly skipped: number;
  };
  /** Why rules could not judge, each reason once, at most five. */
  readonly missing: readonly string[];
  readonly goVersion?: string;
  readonly goroutines?: number;
  /** What a metrics server said of the service at the time; absent where none was asked. */
  readonly context?: ContextSummary;
  /** What changed of the configuration shortly before; absent where no repository was asked. */
  readonly config?: ConfigSummary;
  /** What was asked for and tells nothing, and why; one or two sentences each. Absent: none. */
  readonly notes?: readonly string[];
  /** Artifact key of the whole document, `analysis.json`. */
  readonly document: string;
}

/** Where something can be looked at for a while, without an account. */
export interface BrowserLink {
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
}

/** A file that belongs into the thread. */
export interface ReplyFile {
  /** Artifact key. */
  readonly artifact: string;
  /** As people see and save it. */
  readonly name: string;
  readonly title: string;
  /** What a picture shows, in words; present for pictures. */
  readonly altText?: string;
  /** The profile that a picture shows a part of; absent where gofire has no address that people reach. */
  readonly browser?: BrowserLink;
}

/** Something new for the thread: the outbox that the publish job works off in order. */
export interface Reply {
  /** Unique among all messages of all incidents: `gf-3fa9/findings`. */
  readonly intent: string;
  readonly kind: "findings" | "evidence" | "flame-graph" | "resolved" | "note" | "report";
  /** What the message says besides its files. */
  readonly text: string;
  /** The pictures of the verdict are still to be drawn: that happens when they are sent, so no verdict waits for it. */
  readonly draws?: true;
  /** Id of an earlier incident: the file is to be a picture of what changed since, drawn when it is sent. */
  readonly comparesWith?: string;
  /** The file is to be a picture of what the peer does not show, drawn when it is sent. */
  readonly comparesWithPeer?: true;
  /** The file is to be the report of the incident as it is then: it is written when it is sent. */
  readonly reports?: true;
  /** Where a person asked for it: there it goes when the incident has no thread because it is in shadow. */
  readonly askedIn?: Place;
  readonly files: readonly ReplyFile[];
  /**
   * - `posting`: an attempt was made and may have got through.
   * - `given-up`: the chat refuses it; `problem` says why, and the card says so.
   * - `withheld`: it is ready, and stays away from the chat because the incident is in shadow.
   */
  readonly state: "pending" | "posting" | "posted" | "given-up" | "withheld";
  /** Milliseconds since the epoch at which the first attempt began; present from `posting` on. */
  readonly attemptedAtMs?: number;
  readonly ref?: MessageRef;
  readonly problem?: string;
}

/** The one message that shows the incident. */
export interface Card {
  /** Absent until the first attempt to post came back. */
  readonly ref?: MessageRef;
  /** Milliseconds since the epoch at which the first attempt to post began. */
  readonly attemptedAtMs: number;
  /** Milliseconds since the epoch of the last change that the chat took. */
  readonly shownAtMs?: number;
  /** Of the body that is shown; the same body is not sent twice. */
  readonly digest?: string;
  /** State of the incident that is shown. */
  readonly state?: IncidentState;
  /** Why the card cannot be shown, when the chat refuses it for good. */
  readonly problem?: string;
}

/** One request for a verdict, from the moment it was made until it is over. */
export interface Incident {
  /** `gf-` and at least four letters or digits of Crockford's base 32, lower case. */
  readonly id: string;
  /** 1 when created, one more with each change. */
  readonly version: number;
  readonly state: IncidentState;
  readonly service: string;
  /** Name or address of one process of the service. Absent: the first one there is when the capture begins. */
  readonly instance?: string;
  /** What stood in the way of a whole list of the service's processes when the capture began, in words. */
  readonly lookupTrouble?: string;
  readonly wish: CaptureWish;
  readonly origin: IncidentOrigin;
  readonly place: Place;
  /**
   * Nothing of it goes into the chat by itself, for as long as it lives, whatever the configuration says by now
   * (docs/decisions/0018-shadow-mode.md). `place` is where its card would have been.
   */
  readonly shadow?: true;
  /**
   * The storm that its page is part of: its digest tells of it, and it has a card of its own only once there is more to
   * say.
   */
  readonly storm?: {
    readonly id: string;
    /** The card stands in the digest's thread, because the page has no message in the chat. */
    readonly inThread?: true;
    /** The `origin.intent` of another page of the service, which was captured in this one's stead. */
    readonly captured?: string;
    /** Captured once the storm was over, because it still fired and nothing of its service was judged. */
    readonly again?: true;
  };
  readonly card?: Card;
  /** Somebody deleted the first card before it showed a verdict; what `card` tells is the second one. */
  readonly cardDeleted?: true;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Present once resolved. */
  readonly resolvedAtMs?: number;
  /** Chat id of the person who resolved it; absent when the alert did. */
  readonly resolvedBy?: string;
  /** Emoji that stands at the page, without colons. */
  readonly pageMark?: string;
  /** The last capture of the same process, when that was a moment before this was asked for by a person. */
  readonly capturedBefore?: { readonly id: string; readonly agoMs: number };
  /** How many captures stand before this one; only while it is queued. */
  readonly queuePlace?: number;
  /** What it waits for besides its turn, in words; only while it is queued. */
  readonly waitsFor?: string;
  /** How often a capture was begun: more than 1 after a worker died over it. The run of that number owns the steps. */
  readonly runs: number;
  readonly steps: readonly CaptureStep[];
  /** Artifact key prefix of the capture bundle, ending in "/"; present when something was captured. */
  readonly bundle?: string;
  /** Why the capture ended before its plan did. */
  readonly endedEarly?: string;
  readonly analysis?: AnalysisSummary;
  /** Why there is no verdict and what to do about it; present when `failed`. */
  readonly problem?: string;
  /** Another process to compare with; absent where the service has only one. */
  readonly peer?: Peer;
  /** How often the same thing was reported again while the incident was open. */
  readonly repeats: number;
  readonly lastRepeatAtMs?: number;
  readonly replies: readonly Reply[];
  /** What people said of its findings, by the finding's id; absent until somebody said something. */
  readonly feedback?: Readonly<Record<string, FeedbackTally>>;
  /** Absent in what older versions kept, and until something happened. */
  readonly record?: IncidentRecord;
}

/** What an incident begins with; the rest is the store's. With a `problem` it is `failed` from the beginning. */
export type IncidentDraft = Pick<
  Incident,
  | "service"
  | "instance"
  | "wish"
  | "origin"
  | "place"
  | "shadow"
  | "pageMark"
  | "storm"
  | "capturedBefore"
  | "problem"
>;

/** Nothing more will be captured or judged for it. */
export function isSettled(state: IncidentState): boolean {
  return state === "verdict" || state === "failed" || state === "resolved";
}

/** Nothing is left to be captured, judged or compared. What is to be told of it may still be on its way. */
export function isWorkOver({ state, peer }: Pick<Incident, "state" | "peer">): boolean {
  return isSettled(state) && !isPeerOpen(peer);
}

/** The same without what only holds while it waits for its turn. */
export function leftQueue(incident: Incident): Incident {
  const { queuePlace: _queuePlace, waitsFor: _waitsFor, ...rest } = incident;
  return rest;
}
