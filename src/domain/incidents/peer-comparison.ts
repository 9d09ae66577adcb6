import type { Frame } from "../code/frame.ts";
import { findingIdentity } from "../findings/analysis-changes.ts";
import {
  type Analysis,
  type Check,
  counts,
  type Finding,
  leadFinding,
  openChecks,
} from "../findings/finding.ts";
import type { GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { type Profile, sampleIndexOf } from "../profiles/profile.ts";
import { functionTotals, profileTotal } from "../profiles/profile-totals.ts";

/** One figure of both processes. */
export interface TwoFigures {
  /** Of the process that the incident is about. */
  readonly here: number;
  /** Of the peer. */
  readonly there: number;
}

/**
 * How the leading finding of an incident stands in another process of the same service.
 * - `only-here`: the peer does not show it.
 * - `less-there`: the peer shows it, far less.
 * - `both`: the peer shows it as well, or as much at its place, which points to a shared cause.
 * - `unclear`: what was captured of the peer does not tell; `reason` says why.
 * - `nothing-here`: there is no finding to look for; the totals are all there is to compare.
 */
export type PeerOutcome = "only-here" | "less-there" | "both" | "unclear" | "nothing-here";

export interface PeerComparison {
  readonly outcome: PeerOutcome;
  /** What both processes are called. */
  readonly here: string;
  readonly there: string;
  /**
   * How much of the finding each shows, in `unit`: what its rule measured in both, else how many goroutines wait at its
   * place in the same way, or how many live bytes were allocated there.
   */
  readonly figures?: TwoFigures & { readonly unit: string };
  /** The figures are what stands at the finding's place: its rule did not look, or sees nothing in one look. */
  readonly byPlace?: true;
  /** All goroutines. */
  readonly goroutines?: TwoFigures;
  /** Bytes of live objects by the heap profiles' `inuse_space`. */
  readonly heapBytes?: TwoFigures;
  /** Milliseconds by which the peer's goroutines were looked at later than those here. */
  readonly laterMs?: number;
  /** Both captures name the build they are of, and it is not the same. */
  readonly otherBuild?: true;
  /** In words; present when unclear. */
  readonly reason?: string;
  /** Title of the peer's own first finding that counts and that the process here does not have. */
  readonly elsewhere?: string;
}

/** One of two processes, as far as a comparison needs it. */
export interface ComparedProcess {
  readonly name: string;
  readonly analysis: Analysis;
  /** All goroutines, as its card or capture says. */
  readonly goroutines?: number;
  /** Its last look at them in the form that a short capture has. */
  readonly snapshot?: GoroutineSnapshot;
  /** Its last heap profile. */
  readonly heap?: Profile;
}

/**
 * Shares of the figure here, of our own choosing: healthy replicas differ by their share of the traffic, seldom by more
 * than two times, and a tenth is no longer the same trouble.
 */
const sameFrom = 0.5;
const lessFrom = 0.1;
/** Bytes of live objects (Go source: runtime/pprof/protomem.go). */
const inUse = "inuse_space";

/**
 * Compares the leading finding of a verdict (`here.analysis`) with a peer's short capture. `light` is the judgement on
 * what the process here would have shown in such a short capture: only a rule that finds it there can clear the peer.
 * Where rules cannot tell, goroutines are counted, in both by the same function and wait, and for findings about the heap
 * the bytes in use at the place.
 */
export function comparePeer(here: ComparedProcess, light: Analysis, there: ComparedProcess): PeerComparison {
  const lead = leadFinding(here.analysis);
  const elsewhere = there.analysis.findings.find(
    (finding) => counts(finding) && !has(here.analysis, finding) && !has(light, finding),
  );
  const [heapHere, heapThere] = [here, there].map(({ heap }) => heapInUse(heap));
  const laterMs = (there.snapshot?.takenAtMs ?? 0) - (here.snapshot?.takenAtMs ?? Number.POSITIVE_INFINITY);
  return {
    ...(lead === undefined ? { outcome: "nothing-here" } : outcomeOf(lead, here, light, there)),
    here: here.name,
    there: there.name,
    ...(here.goroutines === undefined || there.goroutines === undefined
      ? {}
      : { goroutines: { here: here.goroutines, there: there.goroutines } }),
    ...(heapHere === undefined || heapThere === undefined
      ? {}
      : { heapBytes: { here: heapHere, there: heapThere } }),
    ...(laterMs > 0 ? { laterMs } : {}),
    ...(isOtherBuild(here.snapshot, there.snapshot) ? { otherBuild: true } : {}),
    ...(elsewhere === undefined ? {} : { elsewhere: elsewhere.title }),
  };
}

type Outcome = Pick<PeerComparison, "outcome" | "figures" | "byPlace" | "reason">;

function outcomeOf(lead: Finding, here: ComparedProcess, light: Analysis, there: ComparedProcess): Outcome {
  const { name, analysis: peer } = there;
  const twin = peer.findings.find((finding) => findingIdentity(finding) === findingIdentity(lead));
  if (twin !== undefined) return twinOutcome(lead, twin);
  const check = peer.checks.find(({ rule }) => rule === lead.rule);
  const judged = check !== undefined && !openChecks(peer).includes(check);
  const clears = judged && has(light, lead);
  const figures = goroutinesOf(lead, here, there.snapshot) ?? bytesAt(lead, here.heap, there.heap);
  if (figures === undefined) {
    if (clears) return { outcome: "only-here" };
    return { outcome: "unclear", reason: whyUnseen(lead, name, judged ? undefined : check) };
  }
  const share = figures.there / figures.here;
  if (share < lessFrom) return { outcome: "only-here", figures };
  if (clears) {
    // The same judge looked at both: what stands there is not enough to call it the same, nor nothing.
    const reason = `what ${name} has at the same place ${lead.rule} does not call wrong`;
    return { outcome: "unclear", figures, reason };
  }
  return { outcome: share < sameFrom ? "less-there" : "both", figures, byPlace: true };
}

function twinOutcome(lead: Finding, twin: Finding): Outcome {
  const [one, other] = [lead.measured, twin.measured];
  if (one === undefined || other === undefined || one.unit !== other.unit) return { outcome: "both" };
  const figures = { here: one.value, there: other.value, unit: one.unit };
  // Of a figure that is bad because it is small, less is no relief.
  const isLess = one.value > one.limit && other.value < lessFrom * one.value;
  return { outcome: isLess ? "less-there" : "both", figures };
}

function whyUnseen({ rule }: Finding, name: string, check: Check | undefined): string {
  if (check?.reason !== undefined) return `${rule} could not judge ${name}: ${check.reason}`;
  return `the short capture of a peer is one look at goroutines, heap and metrics, in which ${rule} does not see this`;
}

/** A finding whose place has a smaller share of its goroutines is about others: one holds a lock, many wait for it. */
const leastOfThem = 0.5;

/** Goroutines of the finding, or of the first one that it causes, whose place is where they wait. */
function goroutinesOf(
  lead: Finding,
  { analysis: { findings }, snapshot: here }: ComparedProcess,
  there: GoroutineSnapshot | undefined,
): PeerComparison["figures"] {
  if (here === undefined || there === undefined) return undefined;
  // What is missing from a broken-off capture may be just these.
  if (here.incomplete !== undefined || there.incomplete !== undefined) return undefined;
  const caused = findings.filter(({ causedBy }) => causedBy === lead.id);
  for (const finding of [lead, ...caused]) {
    const figures = goroutinesAt(finding, here, there);
    if (figures !== undefined && figures.here >= leastOfThem * saidOf(finding)) return figures;
  }
  return undefined;
}

/** How many goroutines the finding is about: those that it names, or that it measured. */
function saidOf({ goroutines = 0, measured }: Finding): number {
  return measured?.unit === "goroutines" ? Math.max(goroutines, measured.value) : goroutines;
}

/** Goroutines at the finding's innermost own function that wait as there; undefined where that tells nothing. */
function goroutinesAt(
  { goroutines, waitReason, where: [place] }: Finding,
  here: GoroutineSnapshot,
  there: GoroutineSnapshot,
): PeerComparison["figures"] {
  if (goroutines === undefined || place === undefined) return undefined;
  const atPlace = here.groups.filter(({ stack }) =>
    stack.some((frame) => frame.function === place.function && frame.line === place.line),
  );
  const named = atPlace.filter(({ wait }) => wait === waitReason);
  const waits = new Set((named.length > 0 ? named : atPlace).map(({ wait }) => wait));
  // Forms of a snapshot do not tell all waits alike.
  const comparesWaits = here.form === there.form;
  const count = ({ groups }: GoroutineSnapshot) =>
    groups
      .filter(({ stack, wait }) => (!comparesWaits || waits.has(wait)) && passes(stack, place))
      .reduce((sum, group) => sum + group.count, 0);
  const figures = { here: count(here), there: count(there), unit: "goroutines" };
  return figures.here === 0 ? undefined : figures;
}

/**
 * The runtime samples one allocation per 512 KiB (Go source: runtime/mprof.go, MemProfileRate): of fewer than a dozen or
 * so samples a tenth cannot be told from nothing. The number is our own choice.
 */
const leastHeapBytes = 16 * 512 * 1024;

/** Live bytes that were allocated through the innermost own function of a finding about the heap. */
function bytesAt(
  { rule, where: [place] }: Finding,
  here: Profile | undefined,
  there: Profile | undefined,
): PeerComparison["figures"] {
  if (!rule.startsWith("heap/") || place === undefined || here === undefined || there === undefined)
    return undefined;
  const [bytesHere, bytesThere] = [here, there].map((profile) => {
    const index = sampleIndexOf(profile, inUse);
    if (index === -1) return undefined;
    return functionTotals(profile, index).find((total) => total.function === place.function)?.cum ?? 0;
  });
  if (bytesHere === undefined || bytesThere === undefined || bytesHere < leastHeapBytes) return undefined;
  return { here: bytesHere, there: bytesThere, unit: "bytes" };
}

function heapInUse(heap: Profile | undefined): number | undefined {
  const index = heap === undefined ? -1 : sampleIndexOf(heap, inUse);
  return heap === undefined || index === -1 ? undefined : profileTotal(heap, index);
}

/** By function alone: lines move from release to release. */
function passes(stack: readonly Frame[], place: Frame): boolean {
  return stack.some((frame) => frame.function === place.function);
}

function isOtherBuild(one: GoroutineSnapshot | undefined, other: GoroutineSnapshot | undefined): boolean {
  const ids = [one, other].map((snapshot) => snapshot?.binary?.buildId ?? "");
  return ids.every((id) => id !== "") && ids[0] !== ids[1];
}

function has({ findings }: Analysis, wanted: Finding): boolean {
  return findings.some((finding) => findingIdentity(finding) === findingIdentity(wanted));
}
