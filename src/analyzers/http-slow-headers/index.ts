import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import {
  growthExcerpt,
  growthThresholds,
  type PileUpTrend,
  pileExcerpt,
  pileUp,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { httpServerRole } from "../../domain/http/http-server-roles.ts";
import { listenersOf, listenerText, listenerWhere } from "../../domain/http/listeners.ts";
import { counted } from "../../domain/units.ts";

export const httpSlowHeaders = defineAnalyzer({
  meta: {
    id: "http/slow-headers",
    title: "Connections that never finish their request header",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["dump"],
    symptomOf: [],
    thresholds: {
      halfSent: {
        default: 20,
        unit: "count",
        meaning: "connections that have sent a request line and not the end of the header",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      nothingSent: {
        default: 100,
        unit: "count",
        meaning: "connections that have not sent a request line, growing or old",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "Server connections whose request header has begun and does not end, or that never send a request at all.",
      why: "Each keeps a goroutine, its buffers and a descriptor. A few clients can take all descriptors this way (slowloris), by malice or through a broken proxy.",
      next: "Set http.Server.ReadHeaderTimeout (or ReadTimeout, which it defaults to).",
      falsePositives:
        "Kept-alive connections between two requests wait in another place and are not counted. Browsers and load balancers open connections in advance: those that have sent nothing are at most a hint.",
      corrections: [
        {
          claim: "ReadTimeout includes the TLS handshake.",
          fact: "The handshake has a deadline of its own, the least of ReadHeaderTimeout, ReadTimeout and WriteTimeout; ReadTimeout starts when the request is read.",
          source: "https://go.dev/src/net/http/server.go (tlsHandshakeTimeout, conn.readRequest)",
        },
        {
          claim: "IdleTimeout and ReadTimeout are all a server needs.",
          fact: "A header that never ends is bounded by ReadHeaderTimeout, which defaults to ReadTimeout; when both are 0 there is no limit.",
          source: "https://go.dev/src/net/http/server.go (Server.readHeaderTimeout)",
        },
      ],
      references: [
        "https://go.dev/src/net/http/server.go",
        "https://pkg.go.dev/net/http#Server (ReadHeaderTimeout)",
        "https://blog.cloudflare.com/exposing-go-on-the-internet/",
      ],
    },
  },
  analyze({ goroutines, dump, target }, limits) {
    const kinds = [
      { role: "reads-headers", least: limits.halfSent, what: "have sent half a request header" },
      { role: "awaits-request", least: limits.nothingSent, what: "are open and have sent no request" },
    ] as const;
    return kinds.flatMap(({ role, least, what }) => {
      const pile = pileUp(goroutines, (group) => httpServerRole(group) === role);
      const trend = trendOf(pile, least, limits);
      const confidence = confidenceOf(trend, role);
      if (confidence === undefined) return [];
      const snapshot = dump ?? goroutines.best;
      const connections = snapshot.groups.filter((group) => httpServerRole(group) === role);
      const listeners = listenersOf(connections, snapshot, target.own);
      const [first] = pile.groups;
      return [
        {
          severity: role === "reads-headers" ? ("warning" as const) : ("info" as const),
          confidence,
          title: `${counted(pile.count, "connection")} ${what}`,
          summary: `${counted(pile.count, "server connection")} ${what} and ${pile.count === 1 ? "waits" : "wait"} for more; ${trendText(pile, trend)}. No deadline has closed them, so http.Server.ReadHeaderTimeout is probably not set or very long. ${listenerText(listeners)}`,
          measured: { value: pile.count, limit: least, unit: "connections" },
          where: listenerWhere(listeners, first),
          waitReason: "IO wait",
          groups: pile.groups,
          evidence: [
            pileExcerpt(goroutines.best.artifact, pile.groups, ({ stack }) =>
              stack.find((frame) => frame.function.startsWith("net/http.readRequest")),
            ),
            ...growthExcerpt(goroutines.series, pile, "connections"),
          ],
          next: [
            "Set http.Server.ReadHeaderTimeout, say 10 s, on this server.",
            "Look at where these connections come from (ss -tn state established), and limit connections per client in front of the service.",
          ],
        },
      ];
    });
  },
});

/** A header comes in one or two packets, so many unfinished ones at a time are no accident. */
function confidenceOf(trend: PileUpTrend, role: "reads-headers" | "awaits-request"): Confidence | undefined {
  if (trend === "few") return undefined;
  if (role === "awaits-request") return trend === "growing" || trend === "old" ? "possible" : undefined;
  return trend === "seen-once" ? "possible" : "likely";
}
