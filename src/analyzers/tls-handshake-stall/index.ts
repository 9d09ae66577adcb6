import { isRequest } from "../../domain/code/code-object.ts";
import type { Frame } from "../../domain/code/frame.ts";
import { ownFrames } from "../../domain/code/own-code.ts";
import { coresUsed, cpuMsPerTlsHandshake, leastWaitMs } from "../../domain/context/cores-used.ts";
import { defineAnalyzer, type EvidenceFor, type FindingDraft } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import {
  growthExcerpt,
  growthThresholds,
  type PileUp,
  type PileUpTrend,
  pileExcerpt,
  pileUp,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { callerFrames } from "../../domain/http/http-callers.ts";
import { httpClientRole } from "../../domain/http/http-client-roles.ts";
import { httpServerRole } from "../../domain/http/http-server-roles.ts";
import { listenersOf, listenerText, listenerWhere } from "../../domain/http/listeners.ts";
import { counted } from "../../domain/units.ts";

export const tlsHandshakeStall = defineAnalyzer({
  meta: {
    id: "tls/handshake-stall",
    title: "TLS handshakes that do not proceed",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["dump", "cpu", "metrics"],
    symptomOf: [],
    thresholds: {
      clients: {
        default: 5,
        unit: "count",
        meaning: "handshakes as a client that wait for the server",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      servers: {
        default: 20,
        unit: "count",
        meaning: "handshakes as a server that wait for the client",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      leastWait: {
        default: 500,
        unit: "ms",
        meaning:
          "least average wait, by Little's law, from which an unchanging number of handshakes is a stall",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "TLS connections on which this process waits for the other side's handshake messages: as a client for a server that accepted and is silent, as a server for clients that connected and sent nothing.",
      why: "As a client, every request to that host waits before it can be sent. As a server, each connection keeps a goroutine, buffers and a descriptor.",
      next: "As a client set http.Transport.TLSHandshakeTimeout (DefaultTransport has 10 s, a zero Transport none). As a server set ReadHeaderTimeout, ReadTimeout or WriteTimeout: the least of them bounds the handshake.",
      falsePositives:
        "Under a load of new connections some handshakes are always under way; they take CPU time, so few cores busy with many handshakes waiting means that they stand still.",
      corrections: [
        {
          claim: "ReadTimeout includes the TLS handshake.",
          fact: "The handshake has a deadline of its own: the least positive one of ReadHeaderTimeout, ReadTimeout and WriteTimeout, which is cleared when it is over.",
          source: "https://go.dev/src/net/http/server.go (Server.tlsHandshakeTimeout)",
        },
      ],
      references: [
        "https://go.dev/src/net/http/transport.go (persistConn.addTLS)",
        "https://go.dev/src/net/http/server.go (conn.serve)",
        "https://github.com/golang/go/issues/36255",
      ],
    },
  },
  analyze(evidence, limits) {
    const { goroutines } = evidence;
    const cores = coresUsed(evidence);
    const judge = (pile: PileUp, least: number) => {
      const trend = trendOf(pile, least, limits);
      const waitMs = cores === undefined ? 0 : leastWaitMs(pile.count, cores, cpuMsPerTlsHandshake);
      return { pile, trend, confidence: confidenceOf(trend, waitMs >= limits.leastWait) };
    };
    const client = judge(pileUp(goroutines, handshakesAsClient), limits.clients);
    const server = judge(
      pileUp(goroutines, (group) => httpServerRole(group) === "handshakes"),
      limits.servers,
    );
    return [
      ...(client.confidence === undefined
        ? []
        : [clientFinding(evidence, client.pile, client.trend, client.confidence, limits.clients)]),
      ...(server.confidence === undefined
        ? []
        : [serverFinding(evidence, server.pile, server.trend, server.confidence, limits.servers)]),
    ];
  },
});

type Handshakes = EvidenceFor<"goroutines", "dump" | "cpu" | "metrics">;

function handshakesAsClient(group: GoroutineGroup): boolean {
  return (
    group.wait === "IO wait" &&
    group.stack.some(({ function: symbol }) => symbol === "crypto/tls.(*Conn).clientHandshake")
  );
}

function confidenceOf(trend: PileUpTrend, standsStill: boolean): Confidence | undefined {
  if (trend === "few") return undefined;
  if (trend === "seen-once") return "possible";
  return trend === "steady" && !standsStill ? undefined : "likely";
}

function clientFinding(
  { goroutines, target }: Handshakes,
  pile: PileUp,
  trend: PileUpTrend,
  confidence: Confidence,
  limit: number,
): FindingDraft {
  // A Transport shakes hands in goroutines of its own: who asked for the connection waits in getConn.
  const direct = pile.groups.filter((group) => ownFrames(group.stack, target.own).length > 0);
  const waiting = goroutines.best.groups.filter((group) => httpClientRole(group) === "wants-connection");
  const asking = direct.length > 0 ? direct : waiting;
  const site = waitSites(asking, target.own)[0];
  const called = site?.groups[0] === undefined ? [] : callerFrames(site.groups[0].stack, target.own);
  const where = called.length > 0 ? called : (site?.where ?? libraryFrame(pile));
  const caller = where[0]?.function ?? "unknown code";
  return {
    severity: asking.some(isRequest) && confidence === "likely" ? "critical" : "warning",
    confidence,
    title: `${counted(pile.count, "TLS handshake")} ${pile.count === 1 ? "waits" : "wait"} for the server's answer`,
    summary: `${counted(pile.count, "TLS connection")} as a client ${pile.count === 1 ? "waits" : "wait"} for the server's next handshake message; ${trendText(pile, trend)}. ${
      direct.length > 0
        ? `${caller} makes the handshake itself.`
        : `The requests that want these connections are those of ${caller} (inferred: they wait in Transport.getConn).`
    }`,
    measured: { value: pile.count, limit, unit: "connections" },
    where,
    waitReason: "IO wait",
    groups: [...pile.groups, ...(direct.length > 0 ? [] : waiting)],
    blocks: goroutines.best.groups.filter(isBeside),
    evidence: [
      pileExcerpt(goroutines.best.artifact, pile.groups, handshakeFrame),
      ...(asking === waiting ? [pileExcerpt(goroutines.best.artifact, waiting, () => where[0])] : []),
      ...growthExcerpt(goroutines.series, pile, "handshakes"),
    ],
    next: [
      `Look at the host that ${caller} calls: it accepts connections and does not answer the ClientHello (overload, or not TLS at all).`,
      "Set Transport.TLSHandshakeTimeout, and a context deadline on the call; for tls.Dial use tls.Dialer.DialContext.",
      "See whether the handshake works from here: gofire tls HOST:PORT",
    ],
  };
}

function serverFinding(
  { goroutines, dump, target }: Handshakes,
  pile: PileUp,
  trend: PileUpTrend,
  confidence: Confidence,
  limit: number,
): FindingDraft {
  const snapshot = dump ?? goroutines.best;
  const connections = snapshot.groups.filter((group) => httpServerRole(group) === "handshakes");
  const direct = ownFrames(pile.groups[0]?.stack ?? [], target.own);
  const listeners = listenersOf(connections, snapshot, target.own).filter(({ isTls }) => isTls);
  return {
    confidence,
    title: `${counted(pile.count, "TLS handshake")} ${pile.count === 1 ? "waits" : "wait"} for the client's first message`,
    summary:
      `${counted(pile.count, "accepted connection")} ${pile.count === 1 ? "has" : "have"} not begun or finished the TLS handshake; ${trendText(pile, trend)}. Clients that connect and send nothing are often load balancers' probes, port scanners, or speak no TLS. ${direct.length > 0 ? "" : listenerText(listeners)}`.trim(),
    measured: { value: pile.count, limit, unit: "connections" },
    where: direct.length > 0 ? direct : listenerWhere(listeners, pile.groups[0]),
    waitReason: "IO wait",
    groups: pile.groups,
    evidence: [
      pileExcerpt(goroutines.best.artifact, pile.groups, handshakeFrame),
      ...growthExcerpt(goroutines.series, pile, "handshakes"),
    ],
    next: [
      "Set http.Server.ReadHeaderTimeout (or ReadTimeout, WriteTimeout): the least of them bounds the handshake; without any of them it may last for ever.",
      "Look at who connects (ss -tn state established), and let probes of a load balancer speak TLS or use another port.",
    ],
  };
}

/** The Transport's goroutines around a handshake. */
function isBeside(group: GoroutineGroup): boolean {
  const role = httpClientRole(group);
  return role === "dials" || role === "watches-dial";
}

function handshakeFrame({ stack }: GoroutineGroup): Frame | undefined {
  return stack.find(({ function: symbol }) =>
    /^crypto\/tls\.\(\*Conn\)\.(?:client|server)Handshake$/.test(symbol),
  );
}

function libraryFrame(pile: PileUp): Frame[] {
  const frame = pile.groups[0] === undefined ? undefined : handshakeFrame(pile.groups[0]);
  return frame === undefined ? [] : [frame];
}
