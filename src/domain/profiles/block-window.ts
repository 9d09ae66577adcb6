import { isRequest } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { BlockLease } from "./block-lease.ts";
import { type Profile, sampleIndexOf } from "./profile.ts";
import { type SiteChange, siteChanges, siteName } from "./profile-changes.ts";
import { profileTotal, siteTotals } from "./profile-totals.ts";

/** A time in which waits were recorded; what differs between the two block profiles is what ended in it. */
export interface BlockWindow {
  /** Absent when `after` holds the difference already (`?seconds=N`). */
  readonly before?: Profile;
  readonly after: Profile;
  readonly lengthMs: number;
  /** The rate that the process lent for it; absent when it was not asked, or did not lend it. */
  readonly lease?: BlockLease;
}

/** Where goroutines waited within a window: the innermost own line of those who waited. */
export interface WaitedSite {
  readonly frame: Frame;
  /** The heaviest stack through this line, innermost first. */
  readonly stack: readonly Frame[];
  /** What they waited for, in the runtime's words; absent when the stack does not tell. */
  readonly waitReason?: string;
  /**
   * - `late`: for a lock, for others to be done, or for somebody to receive: whoever waits would rather go on.
   * - `perhaps-idle`: for something to come, as idle workers do, and within a request.
   * - `idle`: the same outside of any request.
   */
  readonly meaning: "late" | "perhaps-idle" | "idle";
  /** Summed over goroutines. */
  readonly waitedMs: number;
  /** How often somebody waited; an estimate, as `waitedMs` is. */
  readonly waits: number;
}

/**
 * The last two of a process's block profiles, oldest first, or the last one when it is of a window itself. Undefined when there
 * is one only, which counts since the process started, or when nobody says how far they are apart.
 */
export function blockWindow(profiles: readonly Profile[]): Omit<BlockWindow, "lease"> | undefined {
  const [before, after] = [profiles.at(-2), profiles.at(-1)];
  if (after === undefined) return undefined;
  if (after.durationMs !== undefined) {
    return after.durationMs > 0 ? { after, lengthMs: after.durationMs } : undefined;
  }
  const lengthMs = (after.timeMs ?? 0) - (before?.timeMs ?? Number.NaN);
  return before === undefined || !(lengthMs > 0) ? undefined : { before, after, lengthMs };
}

/** Does the profile say something about every wait, or was none recorded because nothing set a rate? */
export function hasRecorded({ before, after, lease }: BlockWindow): boolean {
  if (lease !== undefined) return true;
  return recordedWaits(after) > (before === undefined ? 0 : recordedWaits(before));
}

function recordedWaits(profile: Profile): number {
  const index = sampleIndexOf(profile, "contentions");
  return index === -1 ? 0 : profileTotal(profile, index);
}

/**
 * Sites at which goroutines waited in the window, most time first. The runtime scales what it records up to all waits by
 * itself (Go source: runtime/mprof.go, saveBlockEventStack): a wait shorter than the rate is recorded with a
 * probability, and then counted rate/length times. So nothing is multiplied here.
 */
export function waitedSites(window: BlockWindow, own: OwnCode): readonly WaitedSite[] {
  const waits = new Map(
    gains(window, "contentions", own).map((gain) => [siteName(gain.frame), gain.after - gain.before]),
  );
  return gains(window, "delay", own).flatMap(({ frame, stack, before, after }) => {
    const delayNs = after - before;
    const count = waits.get(siteName(frame)) ?? 0;
    if (delayNs <= 0 || count <= 0) return [];
    const waitReason = waitReasonOf(stack, own);
    return [
      {
        frame,
        stack,
        ...(waitReason === undefined ? {} : { waitReason }),
        meaning: meaningOf(waitReason, stack),
        waitedMs: delayNs / 1e6,
        waits: count,
      },
    ];
  });
}

function gains({ before, after }: BlockWindow, sampleType: string, own: OwnCode): readonly SiteChange[] {
  if (before !== undefined) return siteChanges(before, after, sampleType, own) ?? [];
  const index = sampleIndexOf(after, sampleType);
  if (index === -1) return [];
  return siteTotals(after, index, own).map(({ value, ...site }) => ({ ...site, before: 0, after: value }));
}

/** Functions that wait, as they stand innermost in block profiles (Go source: runtime/chan.go, select.go, sema.go; sync). */
const waiters: readonly (readonly [RegExp, string])[] = [
  [/^(?:internal\/)?sync\.\(\*Mutex\)\.(?:Lock|lockSlow)$/, "sync.Mutex.Lock"],
  [/^sync\.\(\*RWMutex\)\.Lock$/, "sync.RWMutex.Lock"],
  [/^sync\.\(\*RWMutex\)\.RLock$/, "sync.RWMutex.RLock"],
  [/^sync\.\(\*WaitGroup\)\.Wait$/, "sync.WaitGroup.Wait"],
  [/^sync\.\(\*Cond\)\.Wait$/, "sync.Cond.Wait"],
  [/^runtime\.chansend1?$/, "chan send"],
  [/^runtime\.chanrecv[12]?$/, "chan receive"],
  [/^runtime\.selectgo$/, "select"],
];

/** An RWMutex locks a mutex inside: the outermost of those that the own code called is what it waits for. */
function waitReasonOf(stack: readonly Frame[], own: OwnCode): string | undefined {
  const ownAt = stack.findIndex((frame) => own.isOwn(frame));
  const called = stack.slice(0, ownAt === -1 ? stack.length : ownAt);
  const reasons = called.flatMap(({ function: symbol }) =>
    waiters.flatMap(([pattern, reason]) => (pattern.test(symbol) ? [reason] : [])),
  );
  return reasons.at(-1);
}

const late: ReadonlySet<string> = new Set([
  "sync.Mutex.Lock",
  "sync.RWMutex.Lock",
  "sync.RWMutex.RLock",
  "sync.WaitGroup.Wait",
  "chan send",
]);

function meaningOf(waitReason: string | undefined, stack: readonly Frame[]): WaitedSite["meaning"] {
  if (waitReason !== undefined && late.has(waitReason)) return "late";
  return isRequest({ stack }) ? "perhaps-idle" : "idle";
}
