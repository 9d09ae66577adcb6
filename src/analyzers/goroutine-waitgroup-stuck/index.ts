import { isMainGoroutine, isRequest } from "../../domain/code/code-object.ts";
import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import { isProvenLeak } from "../../domain/findings/leak-report.ts";
import type { LeakSign } from "../../domain/findings/leak-signs.ts";
import { leakSign, leakThresholds, signSentence } from "../../domain/findings/leak-signs.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { callersForAll, childrenOf, waitsForItself } from "../../domain/goroutines/group-children.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { isInWaitGroup, isLifelong } from "../../domain/goroutines/lifelong-waits.ts";
import { nothingRuns } from "../../domain/goroutines/process-stillness.ts";
import type { WaitSite } from "../../domain/goroutines/wait-sites.ts";
import { blamedFrames, siteGrowth, waitSites } from "../../domain/goroutines/wait-sites.ts";
import { remoteCall } from "../../domain/http/remote-calls.ts";
import { counted } from "../../domain/units.ts";

const ours = "docs/decisions/0003-default-thresholds.md";

export const goroutineWaitgroupStuck = defineAnalyzer({
  meta: {
    id: "goroutine/waitgroup-stuck",
    title: "WaitGroup.Wait never returns",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["goroutineLeak"],
    symptomOf: [],
    thresholds: {
      ...leakThresholds,
      waiters: {
        default: 10,
        unit: "goroutines",
        meaning: "goroutines in Wait at one line in every capture, with nobody left to call Done",
        source: ours,
      },
      agedMinutes: {
        default: 1,
        unit: "minutes",
        meaning: "age from which a request that waits for its own goroutines counts as stuck",
        source: ours,
      },
    },
    docs: {
      what: "Goroutines in sync.WaitGroup.Wait (also under errgroup or singleflight) that become more or have waited for minutes, and the goroutines they started, with what those are blocked on.",
      why: "Whoever waits is lost together with its request, and with everything that waits for it in turn.",
      next: "If the started goroutines are blocked, that is the fault. If none is left, one of them ended without Done: use defer wg.Done() as its first line, and Add before go.",
      falsePositives:
        "Main waits for its servers for ever, a goroutine beside a crew waits to close its results, and a request waits for its workers for a moment. So main is never reported here, nor is one whose age is all that speaks against it while what was started by it or with it is still there; and others only when they grow faster than load explains, are old, or have nobody left who could call Done in every capture. Those that share a call (singleflight) wait whenever it is slow: they count only when they grow or are old, or when whoever makes the call waits in it for another that nobody makes.",
      references: ["https://pkg.go.dev/sync#WaitGroup", "https://go.dev/src/sync/waitgroup.go"],
    },
  },
  analyze({ goroutines, goroutineLeak, target }, limits) {
    const { best } = goroutines;
    const waiters = best.groups.filter(
      (group) =>
        isInWaitGroup(group) &&
        !isKnownIdle(group) &&
        !isMainGoroutine(group) &&
        // The WaitGroup is a client library's own way to wait for its server: http/slow-upstream has it.
        remoteCall(group) === undefined,
    );
    const still = waiters.length > 0 && nothingRuns(goroutines, target.own);
    const crewAtWork = waiters.length > 0 && hasCrewAtWork(best, target.own);
    return waitSites(waiters, target.own).flatMap((site) => {
      const started = new Set(site.groups.flatMap((group) => childrenOf(group, best, target.own)));
      const children = [...started]
        .filter(isOther(site))
        .filter((group) => !isKnownIdle(group))
        .sort(largestFirst);
      const sharing = site.groups
        .flatMap((group) => callersForAll(group, best, target.own))
        .sort(largestFirst);
      const stuck = sharing.length > 0 ? sharing : children.filter(isStuck);
      const sign = leakSign(goroutines, site, target.own, limits);
      const growth = siteGrowth(goroutines, site, target.own);
      const lasts =
        growth === undefined || Math.min(...growth.counts) >= Math.min(site.count, limits.waiters);
      const confidence: Confidence | undefined = isProvenLeak(site, goroutineLeak)
        ? "proven"
        : confidenceOf(
            {
              site,
              sign,
              stuck,
              atWork: sharing.length > 0 ? 0 : countOf(children) - countOf(stuck),
              lifelong: isLifelong(site, best, target.own),
              sharesCall: sharing.length > 0,
              endless:
                sharing.length > 0 && sharing.every((group) => waitsForItself(group, best, target.own)),
              crewAtWork,
              stalled: still && sharing.every((group) => cannotEnd(group, best, target.own)),
              lasts: lasts && growth !== undefined,
            },
            limits,
          );
      if (confidence === undefined) return [];
      const [child] = stuck;
      const [frame] = site.where;
      const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
      const childFrames = child === undefined ? [] : blamedFrames(child, target.own);
      return [
        {
          severity:
            confidence !== "possible" && site.groups.some(isRequest) && site.count >= limits.oldCount
              ? "critical"
              : "warning",
          confidence,
          title: `${counted(site.count, "goroutine")} in WaitGroup.Wait${place}${child === undefined ? "" : `; those they wait for are in ${child.state}`}`,
          summary: `${counted(site.count, "goroutine")} wait${site.count === 1 ? "s" : ""} ${sharing.length > 0 ? "for a call that another goroutine makes for all of them" : "for others to call Done"}${place}. ${sign === undefined ? "" : `${signSentence(sign, site)} `}${sharing.length > 0 ? sharedText(child, childFrames) : childrenText(child, children)}`,
          measured: { value: site.count, limit: limits.waiters, unit: "goroutines" },
          where: [
            ...new Set(
              sharing.length > 0 ? [...childFrames, ...site.where] : [...site.where, ...childFrames],
            ),
          ],
          waitReason: "sync.WaitGroup.Wait",
          groups: site.groups,
          waitsFor: stuck,
          evidence: [
            ...site.groups
              .slice(0, 1)
              .map((group) => ({ artifact: best.artifact, excerpt: groupText(group, frame) })),
            ...stuck.slice(0, 2).map((group) => ({
              artifact: best.artifact,
              excerpt: `${sharing.length > 0 ? "makes the call" : "started by it"}: ${groupText(group, blamedFrames(group, target.own)[0])}`,
            })),
          ],
          next: [
            child === undefined
              ? "Check that every started goroutine calls Done on every path: make defer wg.Done() its first line, and call Add before go."
              : sharing.length > 0
                ? `Give the shared call a deadline of its own: it is blocked in ${child.state}${childFrames[0] === undefined ? "" : ` in ${shortName(childFrames[0].function)}`}.`
                : `Free the started goroutines first: they are blocked in ${child.state}${childFrames[0] === undefined ? "" : ` in ${shortName(childFrames[0].function)}`}.`,
            "Give the work a context with a deadline, and wait with it, so that a lost worker costs one request only.",
          ],
        },
      ];
    });
  },
});

function largestFirst(a: GoroutineGroup, b: GoroutineGroup): number {
  return b.count - a.count;
}

function countOf(groups: readonly GoroutineGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

function isOther(site: WaitSite): (group: GoroutineGroup) => boolean {
  const members = new Set(site.groups);
  return (group) => !members.has(group);
}

/** Waits that only another goroutine ends: such a child may never call Done. */
function isStuck({ wait }: GoroutineGroup): boolean {
  return (
    wait.startsWith("chan ") || wait.startsWith("select") || wait.startsWith("sync.") || wait === "semacquire"
  );
}

/** Waits for a channel or a lock, and so does all that it has started. */
function cannotEnd(caller: GoroutineGroup, snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  const started = childrenOf(caller, snapshot, own).filter((group) => !isKnownIdle(group));
  return caller.wait !== "select" && [caller, ...started].every(isStuck);
}

interface Reading {
  readonly site: WaitSite;
  readonly sign: LeakSign | undefined;
  readonly stuck: readonly GoroutineGroup[];
  /** Started goroutines that run, sleep or do I/O: they may still call Done. */
  readonly atWork: number;
  /** What it waits for lives as long as the process, as far as can be seen: so does the wait. */
  readonly lifelong: boolean;
  /** Workers that somebody else started are at work: the job may have been handed to them. */
  readonly crewAtWork: boolean;
  /** They wait for a call that one goroutine makes for all: a slow one has waiters in every capture, too. */
  readonly sharesCall: boolean;
  /** Whoever makes that call waits in it for another shared call, which nobody makes. */
  readonly endless: boolean;
  /** Whoever makes that call waits for a channel or a lock, and nothing of the service runs in any capture. */
  readonly stalled: boolean;
  /** As many waited at this line in every one of at least two captures. */
  readonly lasts: boolean;
}

function confidenceOf(
  { site, sign, stuck, atWork, lifelong, crewAtWork, sharesCall, endless, stalled, lasts }: Reading,
  limits: { readonly waiters: number; readonly agedMinutes: number; readonly oldMinutes: number },
): Confidence | undefined {
  const age = site.oldestMinutes ?? 0;
  const old =
    (age >= limits.agedMinutes && (site.groups.some(isRequest) || stuck.length === 0)) ||
    (age >= limits.oldMinutes && site.count >= limits.waiters);
  // A connection's own goroutine waits for its reader for as long as it is open: one at work for each of them.
  const eachAtWork = atWork >= site.count && !site.groups.some(isRequest);
  if ((lifelong && sign === undefined) || (eachAtWork && sign?.kind !== "grows")) return undefined;
  if (old && atWork === 0) return "likely";
  if (endless) return lasts || old ? "likely" : "possible";
  if (sharesCall) {
    if (stalled && lasts && site.count >= limits.waiters) return "likely";
    const growing = sign?.kind === "grows" && sign.clear;
    return old || growing ? "likely" : sign !== undefined ? "possible" : undefined;
  }
  const abandoned = lasts && site.count >= limits.waiters;
  if (atWork === 0 && !crewAtWork && (abandoned || (sign?.kind === "grows" && sign.clear))) return "likely";
  return old || sign !== undefined ? "possible" : undefined;
}

/** Two or more goroutines of one kind, neither requests nor main, that run, sleep or do I/O in own code. */
function hasCrewAtWork(snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  const crews = new Map<string, number>();
  for (const group of snapshot.groups) {
    if (isStuck(group) || isKnownIdle(group) || isMainGoroutine(group) || isRequest(group)) continue;
    const worker = group.stack.findLast((frame) => own.isOwn(frame))?.function;
    if (worker !== undefined) crews.set(worker, (crews.get(worker) ?? 0) + group.count);
  }
  return [...crews.values()].some((count) => count > 1);
}

function sharedText(caller: GoroutineGroup | undefined, [frame]: readonly Frame[]): string {
  return `Whoever makes it is${caller === undefined ? "" : ` in ${caller.state}`}${frame === undefined ? "" : ` in ${shortName(frame.function)}`}: when it returns, all of them do.`;
}

function childrenText(child: GoroutineGroup | undefined, children: readonly GoroutineGroup[]): string {
  if (child !== undefined) {
    return `Of the goroutines they started (by creator or closure name), ${counted(child.count, "goroutine")} ${child.count === 1 ? "is" : "are"} blocked in ${child.state}: that is probably why Done is not called.`;
  }
  return children.length > 0
    ? "Goroutines they started are still at work and may call Done."
    : "No goroutine that they started is left in the capture: one of them probably ended without Done, or Add counted one too many.";
}
