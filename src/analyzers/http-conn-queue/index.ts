import { isRequest } from "../../domain/code/code-object.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { coresUsed, cpuMsPerHttpCall, leastWaitMs } from "../../domain/context/cores-used.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import { callSites } from "../../domain/goroutines/call-sites.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import {
  countIn,
  growthExcerpt,
  growthThresholds,
  type PileUpTrend,
  pileExcerpt,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { callerFrames } from "../../domain/http/http-callers.ts";
import { type HttpClientRole, httpClientRole } from "../../domain/http/http-client-roles.ts";
import { counted, countText } from "../../domain/units.ts";

export const httpConnQueue = defineAnalyzer({
  meta: {
    id: "http/conn-queue",
    title: "Requests queue for an HTTP client connection",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["cpu", "metrics"],
    symptomOf: ["http/body-leak", "http/slow-upstream", "tls/handshake-stall", "dns/slow-lookup"],
    thresholds: {
      queued: {
        default: 10,
        unit: "goroutines",
        meaning: "requests of one own function that wait for a connection without a dial of their own",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      queuedPerBusy: {
        default: 4,
        unit: "ratio",
        meaning: "waiting requests for each busy connection from which an unchanging queue is too long",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      leastWait: {
        default: 500,
        unit: "ms",
        meaning: "least average wait, by Little's law, from which an unchanging queue is too long",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "Goroutines that want to send an HTTP request and wait for a connection: more of them than connections are being opened (MaxConnsPerHost is reached), or all of them behind dials that hang.",
      why: "The request has not been sent yet. With MaxConnsPerHost at its limit each waits until another caller's response body is closed.",
      next: "Raise MaxConnsPerHost or find out what keeps the connections busy: a slow upstream, bodies that are not closed.",
      falsePositives:
        "Waiting for a moment is what a limit is for: an unchanging queue counts only when it is long for its connections, or when the process is too idle to be working it off.",
      references: [
        "https://go.dev/src/net/http/transport.go (Transport.getConn, queueForDial)",
        "https://pkg.go.dev/net/http#Transport (MaxConnsPerHost)",
        "https://github.com/golang/go/issues/34941",
      ],
    },
  },
  analyze(evidence, limits) {
    const { goroutines, target } = evidence;
    const dialing = countIn(goroutines.best, has("dials"));
    const waiting = countIn(goroutines.best, has("wants-connection"));
    const stage = dialing >= waiting / 2 ? dialStage(goroutines.best) : undefined;
    // A hanging handshake or look-up has a rule of its own, which speaks about these requests too.
    if (stage === "handshake" || stage === "look-up") return [];

    const busy = countIn(goroutines.best, has("awaits-response"));
    const unread = countIn(goroutines.best, has("open-body"));
    const cores = coresUsed(evidence);
    const sites = callSites(goroutines, has("wants-connection"), (group) => {
      const frames = callerFrames(group.stack, target.own);
      return frames.length > 0 ? frames : blamedFrames(group, target.own);
    });
    return sites.flatMap(({ where, pile }) => {
      const trend = trendOf(pile, limits.queued, limits);
      const serving = pile.groups.some(isRequest);
      const queueIsLong =
        (pile.count >= limits.queued * 2 &&
          pile.count >= limits.queuedPerBusy * Math.max(1, busy + unread)) ||
        (cores !== undefined && leastWaitMs(pile.count, cores, cpuMsPerHttpCall) >= limits.leastWait);
      const confidence = confidenceOf(trend, serving, queueIsLong);
      if (confidence === undefined) return [];
      const caller = where[0]?.function ?? "unknown code";
      const requests = counted(pile.count, "request");
      return [
        {
          severity: serving && confidence === "likely" ? "critical" : "warning",
          confidence,
          title:
            stage === "connect"
              ? `${requests} of ${shortName(caller)} wait for a connection that hangs`
              : `${requests} of ${shortName(caller)} queue for a connection`,
          summary:
            stage === "connect"
              ? `${requests} of ${caller} wait for a connection, and ${countText(dialing)} dials wait for the other side to accept; ${trendText(pile, trend)}. The host does not answer, drops packets, or its accept queue is full.`
              : `${requests} of ${caller} wait in Transport.getConn while ${dialing === 0 ? "no connection is" : `only ${counted(dialing, "connection is", "connections are")}`} being opened; ${trendText(pile, trend)}. ${limitText(busy, unread)}`,
          measured: { value: pile.count, limit: limits.queued, unit: "goroutines" },
          where,
          waitReason: "select",
          groups: [
            ...pile.groups,
            ...goroutines.best.groups.filter((group) => isBehind(group, caller, target.own)),
          ],
          evidence: [
            pileExcerpt(goroutines.best.artifact, pile.groups, () => where[0]),
            {
              artifact: goroutines.best.artifact,
              excerpt: `${countText(busy)} requests wait for an answer, ${countText(unread)} bodies are open, ${countText(dialing)} dials under way`,
            },
            ...growthExcerpt(goroutines.series, pile, "waiting requests"),
          ],
          next:
            stage === "connect"
              ? [
                  `Check that the host which ${caller} calls can be reached from here.`,
                  "Give the Transport a DialContext with a timeout: &net.Dialer{Timeout: 5 * time.Second}; a zero Transport's dial has none.",
                ]
              : [
                  unread > busy
                    ? `Close response bodies: ${countText(unread)} connections have handed out a body and cannot be used until it is closed.`
                    : `Look at the upstream of ${caller}: how long it takes to answer decides how fast the queue moves.`,
                  "Raise Transport.MaxConnsPerHost if the upstream can take more; MaxIdleConnsPerHost only decides how many are kept.",
                  "Give the calls a context deadline: it ends the wait in the queue too.",
                ],
        },
      ];
    });
  },
});

/** Dials, and the same caller's requests that have their connection. */
function isBehind(group: GoroutineGroup, caller: string, own: OwnCode): boolean {
  const role = httpClientRole(group);
  return (
    role === "dials" ||
    role === "watches-dial" ||
    (role === "awaits-response" && callerFrames(group.stack, own)[0]?.function === caller)
  );
}

function has(role: HttpClientRole): (group: GoroutineGroup) => boolean {
  return (group) => httpClientRole(group) === role;
}

/** What most of the dials wait for. */
function dialStage(snapshot: GoroutineSnapshot): "connect" | "look-up" | "handshake" {
  const connects = countIn(snapshot, ({ stack }) =>
    stack.some(({ function: f }) => f === "net.(*netFD).connect"),
  );
  const shakes = countIn(snapshot, ({ stack }) =>
    stack.some(({ function: f }) => f === "crypto/tls.(*Conn).clientHandshake"),
  );
  const looksUp = countIn(snapshot, ({ stack }) =>
    stack.some(({ function: f }) => f.startsWith("net.(*Resolver).") && !f.endsWith("connect")),
  );
  if (looksUp > connects && looksUp > shakes) return "look-up";
  return shakes > connects ? "handshake" : "connect";
}

function confidenceOf(trend: PileUpTrend, serving: boolean, queueIsLong: boolean): Confidence | undefined {
  switch (trend) {
    case "growing":
    case "old":
      return "likely";
    case "steady":
      return queueIsLong ? (serving ? "likely" : "possible") : undefined;
    case "seen-once":
      return queueIsLong ? "possible" : undefined;
    default:
      return undefined;
  }
}

function limitText(busy: number, unread: number): string {
  return `So a limit keeps them from opening more, probably MaxConnsPerHost: of the connections in use ${countText(busy)} wait for an answer, and ${countText(unread)} have handed out a body that is not finished.`;
}
