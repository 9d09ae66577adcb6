import { isRequest } from "../../domain/code/code-object.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import {
  growthExcerpt,
  growthThresholds,
  type PileUp,
  pileExcerpt,
  pileUp,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { blamedFrames, waitSites } from "../../domain/goroutines/wait-sites.ts";
import { callerFrames } from "../../domain/http/http-callers.ts";
import { httpClientRole } from "../../domain/http/http-client-roles.ts";
import { streamQueue } from "../../domain/http/http2-streams.ts";
import { counted } from "../../domain/units.ts";

export const httpH2StreamLimit = defineAnalyzer({
  meta: {
    id: "http/h2-stream-limit",
    title: "Requests queue for a stream of one HTTP/2 connection",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: ["http/slow-upstream", "http/body-leak"],
    thresholds: {
      queued: {
        default: 5,
        unit: "count",
        meaning: "requests that wait for a free stream",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "HTTP/2 requests (gRPC calls too) that wait for the number of streams on their connection to fall below the server's MAX_CONCURRENT_STREAMS.",
      why: "They have not even been sent. Go's transports open another connection when the first is full, unless told not to (StrictMaxConcurrentStreams, HTTP2Config.StrictMaxConcurrentRequests, one gRPC channel): then latency grows with every request.",
      next: "Find out why so many streams are open (a slow upstream, bodies not closed), or spread the requests over several connections.",
      falsePositives:
        "A short burst above the limit drains by itself; growth, age or a queue in every capture is required.",
      references: [
        "https://go.dev/src/net/http/h2_bundle.go (awaitOpenSlotForStreamLocked)",
        "https://www.rfc-editor.org/rfc/rfc9113#section-5.1.2",
        "https://github.com/golang/go/issues/13774",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    const queue = streamQueue(goroutines.best);
    const members = new Set(queue.groups);
    const pile: PileUp = {
      ...pileUp(goroutines, (group) => members.has(group)),
      counts: goroutines.series.map((snapshot) => streamQueue(snapshot).count),
    };
    const trend = trendOf(pile, limits.queued, limits);
    if (trend === "few" || queue.count === 0) return [];

    const callers = goroutines.best.groups.filter(
      (group) => httpClientRole(group) === "awaits-stream-response",
    );
    const asking = callers.length > 0 ? callers : queue.groups;
    const [largest] = waitSites(asking, target.own);
    const called = largest?.groups[0] === undefined ? [] : callerFrames(largest.groups[0].stack, target.own);
    const where = called.length > 0 ? called : (largest?.where ?? []);
    return [
      {
        severity: asking.some(isRequest) ? "critical" : "warning",
        confidence: trend === "seen-once" ? "possible" : "likely",
        title: `${counted(queue.count, "request")} ${queue.count === 1 ? "waits" : "wait"} for a free HTTP/2 stream`,
        summary: [
          `${counted(queue.count, "request")} cannot be sent: as many streams are open on the connection as the server allows${queue.sent === 0 ? "" : ` (${counted(queue.sent, "other request has", "other requests have")} one)`}; ${trendText(pile, trend)}.`,
          "The transport was told to keep to one connection, or it would open another.",
          where[0] === undefined
            ? ""
            : `Who of the callers waits for a stream and who for an answer cannot be told apart; most of them are in ${where[0].function}.`,
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: { value: queue.count, limit: limits.queued, unit: "requests" },
        where,
        waitReason: "select",
        groups: [...queue.groups, ...callers],
        evidence: [
          pileExcerpt(goroutines.best.artifact, queue.groups, (group) => writeFrame(group)),
          pileExcerpt(goroutines.best.artifact, asking, (group) => blamedFrames(group, target.own)[0], 1),
          ...growthExcerpt(goroutines.series, pile, "requests"),
        ],
        next: [
          "Look at the upstream: streams stay open as long as it does not answer, or as long as bodies are not closed.",
          "Spread the load: leave StrictMaxConcurrentStreams (HTTP2Config.StrictMaxConcurrentRequests) off, or use several gRPC channels.",
          "Ask the server's owner to raise MAX_CONCURRENT_STREAMS (Go servers: http.HTTP2Config.MaxConcurrentStreams, 250 by default).",
        ],
      },
    ];
  },
});

function writeFrame(group: GoroutineGroup) {
  return group.stack.find(({ function: symbol }) => /writeRequest$|NewStream$/.test(symbol));
}
