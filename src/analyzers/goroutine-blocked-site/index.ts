import { isMainGoroutine, isRequest } from "../../domain/code/code-object.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import type { FindingDraft } from "../../domain/findings/analyzer.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { leakThresholds, siteEvidence } from "../../domain/findings/leak-signs.ts";
import type { GoroutineGroup, WaitReason } from "../../domain/goroutines/goroutine.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { isInWaitGroup, isLifelong } from "../../domain/goroutines/lifelong-waits.ts";
import { stuckCrewOf } from "../../domain/goroutines/task-runners.ts";
import { isUnsignalled } from "../../domain/goroutines/unsignalled-waits.ts";
import type { WaitSite } from "../../domain/goroutines/wait-sites.ts";
import { siteGrowth, waitSites } from "../../domain/goroutines/wait-sites.ts";
import { clientsOf, isAbandoned } from "../../domain/http/request-clients.ts";
import { counted } from "../../domain/units.ts";

export const goroutineBlockedSite = defineAnalyzer({
  meta: {
    id: "goroutine/blocked-site",
    title: "Goroutines wait for another goroutine, and nothing shows that it will come",
    severity: "info",
    scope: "catch-all",
    needs: ["goroutines"],
    uses: ["crash"],
    symptomOf: [],
    thresholds: {
      oldCount: leakThresholds.oldCount,
      oldMinutes: leakThresholds.oldMinutes,
      agedMinutes: {
        default: 1,
        unit: "minutes",
        meaning: "age from which a blocked sender, lock or WaitGroup is a warning to look at",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      seenOnce: {
        default: 1000,
        unit: "goroutines",
        meaning:
          "senders or lock waiters at one line, seen in a single capture, that are a warning to look again",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      crew: {
        default: 5,
        unit: "goroutines",
        meaning: "tasks of a task queue, all that it runs, at one line in every capture",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      unsignalled: {
        default: 10,
        unit: "goroutines",
        meaning:
          "requests at one line in sync.Cond.Wait, in every capture or for agedMinutes, while nobody is seen who would signal",
        source: "docs/decisions/0039-requests-that-nobody-signals.md",
      },
      sites: {
        default: 10,
        unit: "count",
        meaning: "sites that are listed; those that idle workers look like come last",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "Own lines at which goroutines wait for a channel, a lock, a condition or a WaitGroup, and that no other rule explains. Senders, locks and WaitGroups come first, then receivers and selects.",
      why: "A dump of a hung process often holds its cause in one or two goroutines, too few for any rule about numbers.",
      next: "Read the line: who is to receive, close, unlock or call Done, and is that goroutine still there?",
      falsePositives:
        "Idle workers wait in the same way. So this is `possible` and never fails a verdict (a thousand senders or lock waiters in a single capture leave it open, and so do all the tasks of a task queue at one line in every capture, requests in sync.Cond.Wait while nobody is seen who would signal, and a hundred at one line of which debug=1 hides whether they run), with two exceptions: a crowd of request handlers that has been there for minutes although their clients have gone is `likely`; and when the runtime itself said that all goroutines are asleep, none of them can go on, and that is proven.",
      references: ["https://go.dev/src/runtime/runtime2.go", "https://go.dev/src/runtime/proc.go"],
    },
  },
  analyze({ goroutines, crash, target }, limits) {
    const asleep = crash !== undefined && isDeadlock(crash.message);
    const hidden = goroutines.best.form === "counts";
    const blocked = goroutines.best.groups.filter(
      (group) =>
        (suspicion(group) > 0 || (hidden && isHidden(group))) &&
        !isKnownIdle(group) &&
        hasOwnCode(group, target.own),
    );
    return ranks
      .flatMap((rank) =>
        waitSites(
          blocked.filter((group) => suspicion(group) === rank),
          target.own,
        )
          .filter((site) => asleep || persists(site, goroutines, target.own))
          .map((site) => findingOf(site, rank, { goroutines, own: target.own, asleep, limits })),
      )
      .slice(0, limits.sites);
  },
});

/** The most suspicious first; 0 is what debug=1 hides. */
const ranks = [3, 2, 1, 0] as const;

/** In own code and neither in a lock nor in I/O: debug=1 hides whether it waits for a channel or runs. */
function isHidden(group: GoroutineGroup): boolean {
  return group.wait === "other" && group.state === "unknown" && !isMainGoroutine(group);
}

/** Go source: runtime/proc.go checkdead. */
function isDeadlock(message: string): boolean {
  return message.startsWith("all goroutines are asleep");
}

/**
 * 0: not a wait for another goroutine, or main waiting for the end of the process. Idle workers look like 1 and 2; a healthy
 * process rarely shows 3.
 */
function suspicion(group: GoroutineGroup): 0 | 1 | 2 | 3 {
  switch (group.wait) {
    case "chan send":
    case "chan send (nil chan)":
    case "chan receive (nil chan)":
    case "sync.Mutex.Lock":
    case "sync.RWMutex.Lock":
    case "sync.RWMutex.RLock":
      return 3;
    case "sync.WaitGroup.Wait":
    case "semacquire":
      return isMainGoroutine(group) ? 1 : 3;
    case "chan receive":
    case "sync.Cond.Wait":
    case "select (no cases)":
    case "select":
      return isMainGoroutine(group) ? 0 : 2;
    default:
      return 0;
  }
}

function hasOwnCode({ stack, createdBy }: GoroutineGroup, own: OwnCode): boolean {
  return stack.some((frame) => own.isOwn(frame)) || (createdBy !== undefined && own.isOwn(createdBy));
}

/** Was there in every capture: what comes and goes is at work. */
function persists(site: WaitSite, evidence: GoroutineEvidence, own: OwnCode): boolean {
  const growth = siteGrowth(evidence, site, own);
  return growth === undefined || growth.counts.every((count) => count > 0);
}

/**
 * Senders and lock waiters that were looked at once, and about which that one look cannot tell whether they move.
 * Receivers and selects are left out: idle workers come in thousands, too.
 */
function isUnsettled({ groups }: WaitSite, { series }: GoroutineEvidence): boolean {
  return series.length === 1 && groups.every(({ wait }) => mayMove.has(wait));
}

const mayMove: ReadonlySet<WaitReason> = new Set<WaitReason>([
  "chan send",
  "sync.Mutex.Lock",
  "sync.RWMutex.Lock",
  "sync.RWMutex.RLock",
]);

/** At least so many in each of several captures. */
function isThroughout(site: WaitSite, goroutines: GoroutineEvidence, own: OwnCode, least: number): boolean {
  return siteGrowth(goroutines, site, own)?.counts.every((count) => count >= least) ?? false;
}

/** Go source: runtime/sema.go, notifyListNotifyOne goes by ticket, the oldest first; a wait begun again has a new age. */
function unsignalledText(age: number): string {
  const since =
    age === 0
      ? ""
      : ` Signal wakes the oldest of a condition and Broadcast all, so the oldest's has not been signalled for as long as it waits: ${counted(age, "minute")} by the dump.`;
  return `They run requests, and Cond.Wait heeds no context: a client that gives up leaves its request here.${since} Nobody else runs code of the type that waits here, and nobody has come past the line, so a wake-up was probably lost or is sent by somebody who is not in the capture; a long poll without news looks the same.`;
}

interface Surroundings {
  readonly goroutines: GoroutineEvidence;
  readonly own: OwnCode;
  /** The runtime itself said that no goroutine can run. */
  readonly asleep: boolean;
  readonly limits: Readonly<
    Record<"agedMinutes" | "crew" | "oldCount" | "oldMinutes" | "seenOnce" | "unsignalled", number>
  >;
}

function findingOf(
  site: WaitSite,
  rank: number,
  { goroutines, own, asleep, limits }: Surroundings,
): FindingDraft {
  const [group] = site.groups;
  const [frame] = site.where;
  const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
  const state = group?.state ?? "";
  const age = site.oldestMinutes ?? 0;
  const isMain = site.groups.every(isMainGoroutine);
  const lifelong = site.groups.every(isInWaitGroup) && isLifelong(site, goroutines.best, own);
  const aged = rank === 3 && age >= limits.agedMinutes && !lifelong;
  const crowd = site.count >= limits.seenOnce && isUnsettled(site, goroutines);
  const queue = site.count >= limits.crew ? stuckCrewOf(site, goroutines, own) : undefined;
  const unsignalled =
    site.count >= limits.unsignalled &&
    isUnsignalled(site, goroutines.best, own) &&
    (age >= limits.agedMinutes || isThroughout(site, goroutines, own, limits.unsignalled));
  const clientless = site.count >= limits.oldCount && clientsOf(site, goroutines.best) === "gone";
  const abandoned = isAbandoned(site, goroutines, own, limits);
  const lasting = age > 0 ? `, the oldest for ${counted(age, "minute")}` : "";
  if (group !== undefined && isHidden(group)) {
    return {
      severity: site.count >= limits.oldCount ? "warning" : "info",
      confidence: "possible",
      title: `${counted(site.count, "goroutine")}${place}, waiting for a channel or running`,
      summary: `${counted(site.count, "goroutine")} stand${site.count === 1 ? "s" : ""}${place}. This form of the capture (debug=1) hides whether they wait for a channel or run${site.count >= limits.oldCount ? ", so it cannot clear so many" : ""}.`,
      where: site.where,
      groups: site.groups,
      evidence: siteEvidence(goroutines, site),
      next: [
        "Capture without debug=1, which costs no more and tells what each waits for: curl -s 'http://HOST/debug/pprof/goroutine' > goroutine.pb.gz",
      ],
    };
  }
  return {
    severity:
      asleep || aged || clientless || crowd || unsignalled || queue !== undefined ? "warning" : "info",
    confidence: asleep ? "proven" : abandoned ? "likely" : "possible",
    title: `${counted(site.count, "goroutine")} in ${state}${place}${unsignalled ? ", and nobody is seen who would signal" : ""}`,
    summary: asleep
      ? `The runtime found no goroutine that could run, so ${site.count === 1 ? "this one" : "these"} can never go on.`
      : `${counted(site.count, "goroutine")} wait${site.count === 1 ? "s" : ""} in ${state}${place}${lasting}. ${reasonText(
          { site, rank, age, clientless, unsignalled, queue, crowd, isMain, lifelong },
        )}`,
    where: site.where,
    ...(crowd
      ? { measured: { value: site.count, limit: limits.seenOnce, unit: "goroutines" as const } }
      : {}),
    ...(group === undefined ? {} : { waitReason: group.wait }),
    groups: site.groups,
    evidence: siteEvidence(goroutines, site),
    next: [
      "Read the line: who is to receive, send, close, unlock or call Done, and does that goroutine still exist?",
      secondStep(unsignalled, queue),
    ],
  };
}

/** What sets the goroutines of a site apart, or what looks the same. */
interface Reading {
  readonly site: WaitSite;
  readonly rank: number;
  readonly age: number;
  readonly clientless: boolean;
  readonly unsignalled: boolean;
  readonly queue: string | undefined;
  readonly crowd: boolean;
  readonly isMain: boolean;
  readonly lifelong: boolean;
}

function reasonText(reading: Reading): string {
  const { site, rank, age, clientless, unsignalled, queue, crowd, isMain, lifelong } = reading;
  if (clientless)
    return "They run requests whose clients have gone: net/http watches the connection of a request until then, and far fewer are watched.";
  if (unsignalled) return unsignalledText(age);
  if (queue !== undefined)
    return `They are all the tasks that ${queue} runs here, as many in every capture: none is seen elsewhere, so it probably gets on with nothing (inferred; tasks that take long look the same).`;
  if (crowd)
    return "So many seldom wait at one line in a healthy process; whether they move, a single capture does not tell: a full queue looks the same.";
  if (isMain) return "It is the main goroutine, which often waits on purpose.";
  if (lifelong)
    return "What was started with it is still there: a goroutine that waits for the end of servers or workers looks the same.";
  if (rank === 3)
    return "Nothing in the capture shows who will let it go on; nothing proves that nobody will.";
  if (site.groups.every(isRequest))
    return "They run requests; a long poll or an open stream looks the same, and their number does not grow as far as the captures show.";
  return "An idle worker looks the same; its number does not grow as far as the captures show.";
}

function secondStep(unsignalled: boolean, queue: string | undefined): string {
  if (unsignalled)
    return "Check every path that makes the condition true: does it hold the lock while it does, and Signal or Broadcast afterwards, errors and early returns included?";
  if (queue !== undefined)
    return "Take a dump (debug=2) some minutes later: ages tell a stuck task from a slow one.";
  return "Take a second capture 15 s later: what is stuck is there again, and grows if it is a leak.";
}
