import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import {
  countIn,
  growthText,
  growthThresholds,
  isGrowing,
  pileUp,
  seriesExcerpt,
} from "../../domain/goroutines/pile-up.ts";
import { type HttpCaller, httpCallers } from "../../domain/http/http-callers.ts";
import { httpClientRole } from "../../domain/http/http-client-roles.ts";
import { bytesText, counted, countText } from "../../domain/units.ts";

export const httpBodyLeak = defineAnalyzer({
  meta: {
    id: "http/body-leak",
    title: "Response bodies that nobody closes",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["heap", "cpu"],
    symptomOf: [],
    thresholds: {
      bodies: {
        default: 20,
        unit: "count",
        meaning: "open response bodies that no goroutine can be holding",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      bodiesSeenOnce: {
        default: 100,
        unit: "count",
        meaning: "the same, when there is neither growth nor age to judge by",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      critical: {
        default: 10_000,
        unit: "count",
        meaning: "open bodies that make the leak critical",
        source: "https://www.uber.com/blog/leakprof-featherlight-in-production-goroutine-leak-detection/",
      },
      ...growthThresholds,
    },
    docs: {
      what: "HTTP client connections whose read loop waits for somebody to finish a response body, more of them than there are goroutines that could be reading or holding one.",
      why: "Such a connection never returns to the idle pool: every further request opens a new one, with two goroutines, 8 KiB of buffers and a descriptor each, until descriptors or MaxConnsPerHost run out. IdleConnTimeout does not apply, because the connection is not idle.",
      next: "Close the body on every path (defer res.Body.Close() behind the error check), and read it to the end when the connection should be reused.",
      falsePositives:
        "A response that is being streamed looks the same to its read loop, so a body counts only when no goroutine with own code could be holding it. Bodies parked in a data structure to be read later would be reported.",
      corrections: [
        {
          claim: "A body that is not closed leaves the connection idle until IdleConnTimeout closes it.",
          fact: "The read loop waits for the body's end in a select and the connection never becomes idle; only the request's context or Client.Timeout ends it.",
          source: "https://go.dev/src/net/http/transport.go (persistConn.readLoop)",
        },
        {
          claim: "Every new http.Client has a Transport of its own, so clients leak connections.",
          fact: "A Client without Transport uses the shared DefaultTransport; what leaks is the unclosed body, or a new Transport for every request.",
          source: "https://go.dev/src/net/http/client.go (Client.transport)",
        },
      ],
      references: [
        "https://go.dev/src/net/http/transport.go",
        "https://github.com/golang/go/issues/16953",
        "https://github.com/showwin/speedtest-go/issues/165",
      ],
    },
  },
  analyze(evidence, limits) {
    const { goroutines, heap, target } = evidence;
    const pile = pileUp(goroutines, (group) => httpClientRole(group) === "open-body");
    const holdersOf = (snapshot: GoroutineSnapshot) =>
      countIn(snapshot, (group) => mayHoldBody(group, target.own));

    const bodies = bodiesOf(goroutines.best);
    const holders = holdersOf(goroutines.best);
    const counts = goroutines.series.map(bodiesOf);
    const unheld = goroutines.series.map((snapshot) => bodiesOf(snapshot) - holdersOf(snapshot));
    const before = unheld[0] ?? 0;
    const grownUnheld = unheld.map((count) => Math.max(0, count - Math.min(0, before)));
    const grows =
      isGrowing(counts, goroutines.windowMs, limits) && isGrowing(grownUnheld, goroutines.windowMs, limits);
    const surplus = bodies - holders;
    const old = pile.aged >= limits.bodies && surplus >= limits.bodies;
    const many = goroutines.series.length === 1 && surplus >= limits.bodiesSeenOnce;
    if (!grows && !old && surplus < limits.bodies) return [];

    const callers = httpCallers(evidence);
    const [suspect] = callers;
    const parts = goroutines.best.groups.filter((group) => isPart(group));
    const where = suspect?.where ?? libraryFrame(parts);
    const growth = growthText({ ...pile, count: bodies, counts }, "open bodies");
    const largest = parts.find((group) => httpClientRole(group) !== "writes-requests");
    return [
      {
        severity: bodies >= limits.critical ? "critical" : "warning",
        confidence: grows || old || many ? "likely" : "possible",
        title: `${counted(bodies, "response body is", "response bodies are")} open and nobody reads them`,
        summary: [
          `${countText(bodies)} HTTP client connections or HTTP/2 streams have handed out a response body and wait for its end, ${holders === 0 ? "and no goroutine" : `but only ${counted(holders, "goroutine")}`} could be holding one${grows ? `, and their number grows: ${growth}` : ""}${old ? `; the oldest has waited for ${pile.oldestMinutes} min` : ""}.`,
          "Each keeps a connection, two goroutines and their buffers for as long as the process lives, unless its request has a deadline.",
          suspicion(callers, heap !== undefined),
        ].join(" "),
        measured: { value: bodies, limit: limits.bodies, unit: "connections" },
        where,
        waitReason: "select",
        groups: parts,
        evidence: [
          {
            artifact: goroutines.best.artifact,
            excerpt: [
              ...(largest === undefined ? [] : [groupText(largest, largest.stack.find(isTransportFrame))]),
              `${counted(holders, "goroutine")} of own code that could hold a body`,
            ].join("\n"),
          },
          ...seriesExcerpt(goroutines.series, growth),
          ...heapExcerpt(suspect, heap?.at(-1)?.artifact),
        ],
        next: [
          suspect === undefined
            ? "Look for HTTP calls whose response body is not closed on every path."
            : `Check that ${suspect.where[0]?.function} closes the body on every path: defer res.Body.Close() behind the error check.`,
          "Give the requests a deadline (Client.Timeout or a context): it ends the leak's growth, not its cause.",
          `Who made the requests that are still in memory: go tool pprof -top -cum -sample_index=inuse_space ${heap?.at(-1)?.artifact ?? "heap.pb.gz"}`,
        ],
      },
    ];
  },
});

function bodiesOf(snapshot: GoroutineSnapshot): number {
  return countIn(snapshot, (group) => httpClientRole(group) === "open-body") + orphanStreams(snapshot);
}

/** Read loops with a body out, the write loops beside them, and HTTP/2 streams. */
function isPart(group: GoroutineGroup): boolean {
  const role = httpClientRole(group);
  return role === "open-body" || role === "open-stream" || role === "writes-requests";
}

/** HTTP/2 requests whose answer has begun and whose stream is not over: each has handed out a body. */
function orphanStreams(snapshot: GoroutineSnapshot): number {
  const streams = countIn(snapshot, (group) => httpClientRole(group) === "open-stream");
  const waiting = countIn(snapshot, (group) => {
    const role = httpClientRole(group);
    return role === "awaits-stream-response" || role === "wants-stream";
  });
  return Math.max(0, streams - waiting);
}

/** Anything on whose stack a response can live: own code at work, and libraries that copy bodies. */
function mayHoldBody(group: GoroutineGroup, own: OwnCode): boolean {
  if (isKnownIdle(group)) return false;
  const role = httpClientRole(group);
  if (role === "reads-body") return true;
  if (role !== undefined) return false;
  return group.stack.some((frame) => own.isOwn(frame) || copiesBodies.test(frame.function));
}

const copiesBodies = /^net\/http\/httputil\.\(\*ReverseProxy\)\.|^net\/http\.\(\*bodyEOFSignal\)\./;

function isTransportFrame({ function: symbol }: Frame): boolean {
  return symbol.startsWith("net/http.") || symbol.includes("http2");
}

function libraryFrame(groups: readonly GoroutineGroup[]): Frame[] {
  const open = groups.find((group) => httpClientRole(group) !== "writes-requests");
  const frame = open?.stack.find(isTransportFrame);
  return frame === undefined ? [] : [frame];
}

function suspicion(callers: readonly HttpCaller[], hasHeap: boolean): string {
  const [first, ...others] = callers;
  const name = first?.where[0]?.function;
  if (first === undefined || name === undefined) {
    return `No capture shows which own function made the requests: their stacks are gone${hasHeap ? "" : "; a heap profile may tell"}.`;
  }
  if (first.inuseBytes > 0) {
    return `That ${name} leaves them open is inferred: ${bytesText(first.inuseBytes)} allocated for its requests are still in memory.`;
  }
  return others.length === 0
    ? `That ${name} leaves them open is inferred: it is the only own function seen making HTTP requests.`
    : `Which of ${counted(callers.length, "own function")} that make HTTP requests leaves them open is not known; ${name} makes most.`;
}

function heapExcerpt(suspect: HttpCaller | undefined, artifact: string | undefined) {
  if (suspect === undefined || artifact === undefined || suspect.inuseBytes + suspect.allocBytes === 0)
    return [];
  const [frame] = suspect.where;
  const held =
    suspect.inuseBytes > 0
      ? `${bytesText(suspect.inuseBytes)} in use`
      : `${bytesText(suspect.allocBytes)} allocated since the start`;
  return [{ artifact, excerpt: `${held} for requests of ${frame?.function}` }];
}
