import { isRequest } from "../../domain/code/code-object.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { groupText, isAlsoIn } from "../../domain/goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { sumOf } from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { counted } from "../../domain/units.ts";

export const httpShutdownStuck = defineAnalyzer({
  meta: {
    id: "http/shutdown-stuck",
    title: "A graceful shutdown waits for requests that do not end",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      agedMinutes: {
        default: 1,
        unit: "minutes",
        meaning: "age of a request by a dump from which a shutdown that waits for it counts as stuck",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "A goroutine in http.Server.Shutdown or in gRPC's GracefulStop in every capture, and requests that are still being handled, one of them for a minute or longer.",
      why: "The listener is closed, so the process serves nobody new, and it does not end either: a deployment hangs until somebody kills it, and what was to be flushed at the end is lost.",
      next: "Give Shutdown a context with a deadline and call Close when it has passed; let long handlers watch their request's context, which RegisterOnShutdown can end.",
      falsePositives:
        "Draining takes as long as its slowest request: younger requests are for information only. Requests of another server of the same process, which is not being shut down, look the same.",
      references: [
        "https://pkg.go.dev/net/http#Server.Shutdown",
        "https://pkg.go.dev/google.golang.org/grpc#Server.GracefulStop",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    const { best, series } = goroutines;
    const stopping = best.groups.filter(isShuttingDown);
    const [shutdown] = stopping;
    if (shutdown === undefined || !series.every((snapshot) => isAlsoIn(snapshot, shutdown))) return [];
    const requests = best.groups.filter((group) => isRequest(group) && !isKnownIdle(group));
    const [request] = requests.toSorted((a, b) => age(b) - age(a) || b.count - a.count);
    if (request === undefined) return [];
    const minutes = age(request);
    const stuck = minutes >= limits.agedMinutes && series.every((snapshot) => isAlsoIn(snapshot, request));
    const where = blamedFrames(request, target.own);
    const [frame] = where;
    const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
    const caller = blamedFrames(shutdown, target.own);
    return [
      {
        severity: stuck ? "warning" : "info",
        confidence: stuck ? "likely" : "possible",
        title: `A graceful shutdown waits for ${counted(sumOf(requests), "request")}, the oldest${place}`,
        summary: `${caller[0] === undefined ? "Somebody" : shortName(caller[0].function)} shuts a server down and waits until its requests have ended. ${counted(sumOf(requests), "request is", "requests are")} being handled; the oldest ${minutes > 0 ? `has been in ${request.state}${place} for ${counted(minutes, "minute")} or longer` : `is in ${request.state}${place}, for how long the captures do not tell`}. That the shutdown waits for it is inferred: a process may have several servers.`,
        where: [...new Set([...where, ...caller])],
        waitReason: request.wait,
        groups: [request],
        blocks: stopping,
        evidence: [
          { artifact: best.artifact, excerpt: groupText(request, frame) },
          { artifact: best.artifact, excerpt: `shuts down: ${groupText(shutdown, caller[0])}` },
        ],
        next: [
          "Give Shutdown a context with a deadline, and call Close when it has passed (GracefulStop: Stop).",
          `Let ${frame === undefined ? "the handler" : shortName(frame.function)} end with its request's context, and cancel that from Server.RegisterOnShutdown or BaseContext.`,
        ],
      },
    ];
  },
});

function isShuttingDown({ stack }: GoroutineGroup): boolean {
  return stack.some(({ function: symbol }) => shutdownCall.test(symbol));
}

const shutdownCall =
  /^net\/http\.\(\*Server\)\.Shutdown$|(?:^|\/)google\.golang\.org\/grpc\.\(\*Server\)\.GracefulStop$/;

function age({ waitMinutes }: GoroutineGroup): number {
  return waitMinutes?.max ?? 0;
}
