import { entryFrame, isRequest } from "../../domain/code/code-object.ts";
import { ownFrames } from "../../domain/code/own-code.ts";
import { coresUsed, cpuMsPerLookup, leastWaitMs } from "../../domain/context/cores-used.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import {
  countIn,
  growthExcerpt,
  growthThresholds,
  type PileUpTrend,
  pileExcerpt,
  pileUp,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { callerFrames } from "../../domain/http/http-callers.ts";
import { httpClientRole } from "../../domain/http/http-client-roles.ts";
import { counted } from "../../domain/units.ts";

export const dnsSlowLookup = defineAnalyzer({
  meta: {
    id: "dns/slow-lookup",
    title: "Name look-ups that take long",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["cpu", "metrics"],
    symptomOf: [],
    thresholds: {
      waiting: {
        default: 5,
        unit: "goroutines",
        meaning: "goroutines that wait for a name look-up",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      leastWait: {
        default: 200,
        unit: "ms",
        meaning: "least average wait, by Little's law, from which an unchanging number of look-ups is slow",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "Goroutines that wait for a host name to be looked up, in the Go resolver or in the C library's.",
      why: "Nothing can be dialled before the address is known. A name server that does not answer costs 5 s for each try by default, and each search domain is tried in turn. In the C resolver every look-up takes an OS thread, at most 500 at a time.",
      next: "Check the name servers in /etc/resolv.conf, and ndots with the search list (Kubernetes: 5). Write host names with a final dot, keep connections open, or cache.",
      falsePositives:
        "Look-ups take a few milliseconds, so some are always under way in a service that dials a lot; they take CPU time, and many of them in an idle process stand still.",
      references: [
        "https://pkg.go.dev/net#hdr-Name_Resolution",
        "https://go.dev/src/net/lookup.go",
        "https://go.dev/src/net/dnsclient_unix.go",
        "https://github.com/golang/go/issues/63978",
      ],
    },
  },
  analyze(evidence, limits) {
    const { goroutines, target } = evidence;
    const pile = pileUp(goroutines, asksForName);
    const trend = trendOf(pile, limits.waiting, limits);
    const cores = coresUsed(evidence);
    const standsStill =
      cores !== undefined && leastWaitMs(pile.count, cores, cpuMsPerLookup) >= limits.leastWait;
    const confidence = confidenceOf(trend, standsStill);
    if (confidence === undefined) return [];

    const workers = goroutines.best.groups.filter((group) => resolves(group) && !asksForName(group));
    const inC = countIn(goroutines.best, ({ stack }) =>
      stack.some((frame) => cResolver.test(frame.function)),
    );
    const direct = pile.groups.filter((group) => ownFrames(group.stack, target.own).length > 0);
    // A Transport dials in goroutines of its own: who asked for the connection waits in getConn.
    const waiting = goroutines.best.groups.filter((group) => httpClientRole(group) === "wants-connection");
    const asking = direct.length > 0 ? direct : waiting;
    const site = waitSites(asking, target.own)[0];
    const called = site?.groups[0] === undefined ? [] : callerFrames(site.groups[0].stack, target.own);
    const where = called.length > 0 ? called : (site?.where ?? libraryFrame(pile.groups));
    const caller = where[0]?.function ?? "unknown code";
    return [
      {
        severity: asking.some(isRequest) && confidence === "likely" ? "critical" : "warning",
        confidence,
        title: `${counted(pile.count, "goroutine")} ${pile.count === 1 ? "waits" : "wait"} for a name look-up`,
        summary: [
          `${counted(pile.count, "goroutine")} ${pile.count === 1 ? "waits" : "wait"} for a host name to be looked up; ${trendText(pile, trend)}.`,
          inC > 0
            ? `${counted(inC, "look-up")} of the C library ${inC === 1 ? "takes" : "take"} an OS thread each.`
            : "The Go resolver is at work; the name server it asks is probably slow or gone.",
          direct.length > 0
            ? `${caller} asks for them.`
            : `The requests behind them are those of ${caller} (inferred: they wait in Transport.getConn).`,
        ].join(" "),
        measured: { value: pile.count, limit: limits.waiting, unit: "goroutines" },
        where,
        waitReason: pile.groups[0]?.state ?? "select",
        groups: [...pile.groups, ...workers, ...(direct.length > 0 ? [] : waiting)],
        evidence: [
          pileExcerpt(goroutines.best.artifact, pile.groups, ({ stack }) =>
            stack.find((frame) => resolver.test(frame.function)),
          ),
          ...(workers.length > 0
            ? [
                pileExcerpt(goroutines.best.artifact, workers, ({ stack }) =>
                  stack.find((frame) => resolver.test(frame.function) || cResolver.test(frame.function)),
                ),
              ]
            : []),
          ...growthExcerpt(goroutines.series, pile, "waiting for a look-up"),
        ],
        next: [
          "Check the name servers that this process uses (cat /etc/resolv.conf inside its container) and how long they take: time getent hosts NAME.",
          "Each search domain is tried before a name with fewer dots than ndots: write the name with a final dot, or lower ndots.",
          "Keep connections open (MaxIdleConnsPerHost) so that fewer dials need a look-up; GODEBUG=netdns=go keeps look-ups off OS threads.",
        ],
      },
    ];
  },
});

const resolver = /^net\.\(\*Resolver\)\./;
const cResolver =
  /^net\.(?:cgoLookup\w*|_C2?func_get(?:addr|name)info|_C_get(?:addr|name)info|cgoResolve\w*)/;
/** Look-ups of one name at a time are shared; the one that does it stands in a goroutine of the net package. */
const ownGoroutine = /^(?:net\.|internal\/singleflight\.)/;

function resolves({ stack }: GoroutineGroup): boolean {
  return stack.some(({ function: symbol }) => resolver.test(symbol) || cResolver.test(symbol));
}

/** Waits for a look-up on somebody's behalf; running ones are done in no time. */
function asksForName(group: GoroutineGroup): boolean {
  return resolves(group) && !ownGoroutine.test(entryFrame(group.stack)?.function ?? "");
}

function confidenceOf(trend: PileUpTrend, standsStill: boolean): Confidence | undefined {
  if (trend === "few") return undefined;
  if (trend === "seen-once") return "possible";
  return trend === "steady" && !standsStill ? undefined : "likely";
}

function libraryFrame(groups: readonly GoroutineGroup[]) {
  const frame = groups[0]?.stack.find(({ function: symbol }) => resolver.test(symbol));
  return frame === undefined ? [] : [frame];
}
