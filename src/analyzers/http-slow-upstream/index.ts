import { isRequest } from "../../domain/code/code-object.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { coresUsed, cpuMsPerHttpCall, leastWaitMs } from "../../domain/context/cores-used.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import { callSites } from "../../domain/goroutines/call-sites.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import {
  countIn,
  growthExcerpt,
  growthThresholds,
  type PileUp,
  type PileUpTrend,
  pileExcerpt,
  sumOf,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { callerFrames } from "../../domain/http/http-callers.ts";
import { httpClientRole } from "../../domain/http/http-client-roles.ts";
import { type StreamQueue, streamQueue } from "../../domain/http/http2-streams.ts";
import { type RemoteCall, remoteCall, remoteCallerFrames } from "../../domain/http/remote-calls.ts";
import { type SelfCall, selfCall } from "../../domain/http/self-calls.ts";
import { counted, durationText } from "../../domain/units.ts";

export const httpSlowUpstream = defineAnalyzer({
  meta: {
    id: "http/slow-upstream",
    title: "Requests wait for a slow upstream",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["cpu", "metrics"],
    symptomOf: [],
    thresholds: {
      waiting: {
        default: 10,
        unit: "goroutines",
        meaning: "requests of one own function that wait for a response header",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      leastWait: {
        default: 500,
        unit: "ms",
        meaning:
          "least average wait, by Little's law, from which an unchanging number of waiting requests is slow",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      critical: {
        default: 100,
        unit: "goroutines",
        meaning: "waiting requests, begun by handlers of the service's own users, that make it critical",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "Many goroutines that have sent an HTTP request, a unary gRPC call, records to Kafka, a request over NATS, a message to NSQ, a command to Redis, or a query to a database or MongoDB from one place and wait for the answer, or that cannot send because the other side takes nothing more or no server is reached; more of them all the time, for minutes, or so many that none can have been answered soon.",
      why: "Each keeps its own caller waiting, with a connection and the memory of two requests. Without a timeout they wait for as long as the upstream likes.",
      next: "Look at the upstream. Give the calls a deadline (http.Client.Timeout or a context): DefaultTransport has no ResponseHeaderTimeout. Limit how many may wait at a time.",
      falsePositives:
        "Long polling waits for minutes by design, so calls that no request handler makes need growth to be reported. A rise of load makes more requests wait too; it is told apart by the CPU time that answering them would have taken. A process that calls its own server waits for itself: where as many requests are handled as wait, that is said, and what blocks the handlers is named as the cause. It is inferred from numbers, because a goroutine prints no address.",
      references: [
        "https://go.dev/src/net/http/transport.go (persistConn.roundTrip)",
        "https://pkg.go.dev/net/http#Client",
        "https://grpc.io/docs/guides/deadlines/",
      ],
    },
  },
  analyze(evidence, limits) {
    const { goroutines, target } = evidence;
    const cores = coresUsed(evidence);
    const queued = streamQueue(goroutines.best);
    const spare = spareConnections(goroutines);
    const awaits = (group: GoroutineGroup) => awaitsResponse(group, queued);
    const framesOf = (group: GoroutineGroup) => {
      const frames =
        remoteCall(group) === undefined
          ? callerFrames(group.stack, target.own)
          : remoteCallerFrames(group.stack, target.own);
      return frames.length > 0 ? frames : blamedFrames(group, target.own);
    };
    const sites = callSites(goroutines, awaits, framesOf);
    return sites.flatMap(({ where, pile }) => {
      const trend = trendOf(pile, limits.waiting, limits);
      const remote = pile.groups.map(remoteCall).find((call) => call !== undefined);
      const serving = sumOf(pile.groups.filter(isRequest));
      const waitMs =
        cores === undefined ? undefined : leastWaitMs(pile.count, cores, remote?.cpuMs ?? cpuMsPerHttpCall);
      const confidence = confidenceOf(trend, pile, {
        serves: serving > 0,
        spare,
        waitMs,
        slowMs: limits.leastWait,
        lacksRoom: remote?.awaits === "room",
      });
      if (confidence === undefined) return [];
      const unsettled = trend === "steady" && confidence === "possible";
      const failing = confidence === "likely" && serving >= limits.critical;
      const caller = where[0]?.function ?? "unknown code";
      const isOfSite = (group: GoroutineGroup) =>
        awaits(group) && framesOf(group)[0]?.function === where[0]?.function;
      const served = selfCall(goroutines, isOfSite, target.own);
      const handler = served?.site.where[0];
      return [
        {
          severity: failing ? "critical" : unsettled ? "info" : "warning",
          confidence,
          title: `${counted(pile.count, "request")} of ${shortName(caller)} ${pile.count === 1 ? "waits" : "wait"} for ${awaited(served, remote)}`,
          summary: [
            `${counted(pile.count, "goroutine")} of ${caller} ${sentText(remote)}; ${trendText(pile, trend)}.`,
            trend === "steady" && waitMs !== undefined && cores !== undefined
              ? `With ${cores.toFixed(3)} cores busy the process cannot have made enough calls for an average wait below ${durationText(waitMs)} (inferred by Little's law).`
              : "",
            serving > 0 ? `${counted(serving, "request")} of the service's own users wait for them.` : "",
            served === undefined ? "" : selfCallText(served),
          ]
            .filter((sentence) => sentence !== "")
            .join(" "),
          measured: { value: pile.count, limit: limits.waiting, unit: "goroutines" },
          where,
          waitReason: pile.groups[0]?.wait ?? "select",
          // What a request served here holds while it calls is the cause, where that is told, and not this wait.
          groups: [
            ...pile.groups.filter((group) => served?.nested.includes(group) !== true),
            ...streamsOf(pile.groups, goroutines.best),
          ],
          goroutines: pile.count,
          ...(served === undefined ? {} : { waitsFor: served.handlers }),
          evidence: [
            pileExcerpt(goroutines.best.artifact, pile.groups, () => where[0]),
            ...growthExcerpt(goroutines.series, pile, "waiting requests"),
            ...(served === undefined
              ? []
              : [pileExcerpt(goroutines.best.artifact, served.site.groups, () => handler)]),
          ],
          next: [
            remote?.awaits === "room"
              ? `Look at whom ${caller} sends to: it takes nothing, because it is stuck, stopped, or waits for a server itself.`
              : remote?.awaits === "server"
                ? `Check that the server which ${caller} calls can be reached from here, and answers who connects: address, network policy, TLS, its own limits.`
                : served === undefined
                  ? `Look at the service that ${caller} calls: it has these requests and does not answer.`
                  : `Look at ${shortName(handler?.function ?? "the handler")} first; if ${caller} calls another service after all, look at that one.`,
            remote?.deadline ??
              "Set http.Client.Timeout or a context deadline on the call; DefaultTransport has no ResponseHeaderTimeout.",
            "Bound how many calls may wait at a time (a semaphore or circuit breaker), so that a slow upstream does not take this service with it.",
          ],
        },
      ];
    });
  },
});

/** What the waiting have done, as the end of a sentence about goroutines. */
function sentText(remote: RemoteCall | undefined): string {
  if (remote === undefined) return "have sent an HTTP request and wait for the response header";
  if (remote.awaits === "server")
    return `want to send ${remote.name} and wait until a server is reached: no connection that is up takes it`;
  return remote.awaits === "room"
    ? `want to send ${remote.name} and have no room: the other side takes nothing more`
    : `have sent ${remote.name} and wait for the answer`;
}

function awaited(served: SelfCall | undefined, remote: RemoteCall | undefined): string {
  if (served !== undefined) return "an answer, probably of this very process";
  if (remote?.awaits === "server") return "a server that can be reached";
  return remote?.awaits === "room" ? "an upstream to take more" : "an upstream's answer";
}

function selfCallText({ handlers, site }: SelfCall): string {
  const [frame] = site.where;
  return `Probably this very process serves them (inferred: as many requests are being handled here as wait, ${counted(sumOf(handlers), "request")}, most of them blocked in ${frame === undefined ? "its handler" : shortName(frame.function)}).`;
}

/**
 * A growth that may be a mere swing of the load needs at least this average wait, and so does a number that does not
 * change to be mentioned.
 */
const remarkableWaitMs = 100;
/** Spare connections for each waiting request, from which on so many have been on the way before. */
const sparePerWaiting = 0.2;
/** Waiting requests in a single capture that are worth a look. */
const manySeenOnce = 50;

/** Callers over HTTP/2 look the same whether their request is out or waits for a stream; then the queue is the news. */
function awaitsResponse(group: GoroutineGroup, queued: StreamQueue): boolean {
  if (remoteCall(group) !== undefined) return true;
  const role = httpClientRole(group);
  return role === "awaits-response" || (role === "awaits-stream-response" && queued.count <= queued.sent);
}

/** Over HTTP/2 each request has a goroutine of the connection's beside it. */
function streamsOf(groups: readonly GoroutineGroup[], { groups: all }: GoroutineSnapshot): GoroutineGroup[] {
  const overHttp2 = groups.some((group) => httpClientRole(group) === "awaits-stream-response");
  return overHttp2 ? all.filter((group) => httpClientRole(group) === "open-stream") : [];
}

/**
 * Connections that nobody uses at the end: that many requests more have been on the way at a time not long ago, so
 * growth within that number is a swing of the load.
 */
function spareConnections({ series }: GoroutineEvidence): number {
  const last = series.at(-1) ?? series[0];
  const connections = countIn(last, (group) => httpClientRole(group) === "reads-connection");
  return connections - countIn(last, (group) => httpClientRole(group) === "awaits-response");
}

function confidenceOf(
  trend: PileUpTrend,
  pile: PileUp,
  { serves, spare, waitMs, slowMs, lacksRoom }: Circumstances,
): Confidence | undefined {
  const isSlow = waitMs !== undefined && waitMs >= slowMs;
  switch (trend) {
    case "growing":
      if (isSlow) return "likely";
      if (spare >= pile.count * sparePerWaiting) return undefined;
      if (waitMs === undefined) return outgrowsLoad(pile.counts) ? "likely" : "possible";
      return waitMs >= remarkableWaitMs ? "likely" : undefined;
    case "old":
      return serves || lacksRoom ? "likely" : undefined;
    case "steady":
      if (!serves) return undefined;
      return isSlow ? "likely" : waitMs !== undefined && waitMs >= remarkableWaitMs ? "possible" : undefined;
    case "seen-once":
      return serves && pile.count >= manySeenOnce ? "possible" : undefined;
    default:
      return undefined;
  }
}

/** Growth that a rise of the load hardly explains within one capture window, when the CPU time is not known. */
function outgrowsLoad(counts: readonly number[]): boolean {
  const before = counts[0] ?? 0;
  const grownBy = (counts.at(-1) ?? 0) - before;
  return grownBy >= 100 || (before >= 20 && grownBy >= 50 && grownBy >= before * 0.3);
}

interface Circumstances {
  /** Requests of the service's own users wait. */
  readonly serves: boolean;
  readonly spare: number;
  /** Least average wait, when the CPU time is known. */
  readonly waitMs: number | undefined;
  readonly slowMs: number;
  /** They wait to send, and no single send should last for minutes. */
  readonly lacksRoom: boolean;
}
