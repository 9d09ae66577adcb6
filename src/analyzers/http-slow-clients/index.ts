import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { callSites } from "../../domain/goroutines/call-sites.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import {
  growthExcerpt,
  growthThresholds,
  pileExcerpt,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { httpServerRole } from "../../domain/http/http-server-roles.ts";
import { counted } from "../../domain/units.ts";

export const httpSlowClients = defineAnalyzer({
  meta: {
    id: "http/slow-clients",
    title: "Handlers blocked by clients that do not read",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      writing: {
        default: 10,
        unit: "goroutines",
        meaning: "handlers at one own function whose write waits for the client",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
      growthRatio: { ...growthThresholds.growthRatio, default: 0.1 },
    },
    docs: {
      what: "Request handlers, gRPC streams included, whose write to the response waits until the client reads: more of them all the time, or for minutes in one single write.",
      why: "Each keeps its goroutine, its connection, and whatever the handler holds (rows, locks, memory). Without a WriteTimeout a client that stops reading keeps them for ever.",
      next: "Set http.Server.WriteTimeout, or for long downloads extend the deadline write by write with http.ResponseController.SetWriteDeadline. Do not hold locks, transactions or rows while writing.",
      falsePositives:
        "Large downloads over slow lines spend their time in writes too, but no single write lasts for a minute and their number does not keep growing.",
      corrections: [
        {
          claim: "WriteTimeout is the time to write the response.",
          fact: "Its clock starts when the request's header has been read, so it covers reading the body, the handler and the write; the handler is not interrupted, its writes fail.",
          source: "https://go.dev/src/net/http/server.go (conn.readRequest)",
        },
      ],
      references: [
        "https://go.dev/src/net/http/server.go (checkConnErrorWriter)",
        "https://pkg.go.dev/net/http#ResponseController.SetWriteDeadline",
        "https://grpc.io/docs/guides/flow-control/",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    const sites = callSites(
      goroutines,
      (group) => httpServerRole(group) === "writes-response",
      (group) => blamedFrames(group, target.own),
    );
    return sites.flatMap(({ where, pile }) => {
      const trend = trendOf(pile, limits.writing, limits);
      if (trend !== "growing" && trend !== "old") return [];
      const writer = where[0]?.function ?? "a handler";
      const streams = pile.groups.every(isGrpcServer);
      const handlers = counted(pile.count, "handler");
      return [
        {
          confidence: "likely" as const,
          title: `${handlers} blocked in ${shortName(writer)}: clients do not read`,
          summary: `${handlers} ${pile.count === 1 ? "waits" : "wait"} in a write of ${writer} until the client takes the response; ${trendText(pile, trend)}. ${streams ? "gRPC's flow control has no room for more, and it bounds no send by itself." : "No write deadline has ended it, so http.Server.WriteTimeout is probably not set or very long."}`,
          measured: { value: pile.count, limit: limits.writing, unit: "goroutines" },
          where,
          waitReason: pile.groups[0]?.wait ?? "IO wait",
          groups: pile.groups,
          evidence: [
            pileExcerpt(goroutines.best.artifact, pile.groups, () => where[0]),
            ...growthExcerpt(goroutines.series, pile, "blocked writers"),
          ],
          next: [
            ...(streams
              ? [
                  "Find out why the clients do not receive: a loop that has ended without cancelling its stream, or one that is too slow.",
                  "End a stream whose send does not return in time: send from a goroutine of its own, and return from the handler when the time is up. keepalive.ServerParameters.MaxConnectionAge with its Grace bounds how long any may last.",
                ]
              : [
                  "Set http.Server.WriteTimeout to what the slowest honest client may take.",
                  `For long downloads let ${writer} move the deadline forward: http.NewResponseController(w).SetWriteDeadline(...) before each write.`,
                ]),
            "Check that nothing is held during the write: locks, database rows, transactions.",
          ],
        },
      ];
    });
  },
});

function isGrpcServer({ stack }: GoroutineGroup): boolean {
  return stack.some(({ function: symbol }) => grpcSend.test(symbol));
}

const grpcSend = /(?:^|\/)google\.golang\.org\/grpc\.\(\*serverStream\)\.SendMsg$/;
