import { defineAnalyzer } from "../../domain/analyzer.ts";
import { mayBeFilling } from "../../domain/channel-partners.ts";
import { isRequest } from "../../domain/code-object.ts";
import type { GoroutineGroup } from "../../domain/goroutine.ts";
import { isRuntimeFrame } from "../../domain/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/known-idle.ts";
import { leakFinding } from "../../domain/leak-report.ts";
import { leakSign, leakThresholds } from "../../domain/leak-signs.ts";
import type { OwnCode } from "../../domain/own-code.ts";
import { waitSites } from "../../domain/wait-sites.ts";

/** More lines than this grow only when everything does; the largest name the cause. */
const mostFindings = 5;

export const goroutineGrowth = defineAnalyzer({
  meta: {
    id: "goroutine/growth",
    title: "The number of goroutines at one line grows",
    severity: "warning",
    scope: "general",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: leakThresholds,
    docs: {
      what: "Goroutines at one own line (or in one library loop) whose number rises between captures, whatever they wait for, where no more specific rule explains it.",
      why: "What is started and never stopped ends in memory exhaustion; long before that every garbage collection has more stacks to scan.",
      next: "Look at who starts them (the creator in a dump, the outermost frames of the stack) and at what should end them.",
      falsePositives:
        "Rising load, a start, or a pool that is being filled look the same for a while. The first capture must have had some, request handlers must grow faster than load explains, and runnable goroutines count as overload: else `possible`.",
      references: [
        "https://www.uber.com/blog/leakprof-featherlight-in-production-goroutine-leak-detection/",
        "https://go.dev/doc/diagnostics",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    if (goroutines.series.length < 2) {
      return { inconclusive: "growth needs two goroutine captures of one form, at least 15 s apart" };
    }
    const { best } = goroutines;
    const findings = waitSites(
      best.groups.filter((group) => !isKnownIdle(group)),
      target.own,
    ).flatMap((site) => {
      const sign = leakSign(goroutines, site, target.own, limits);
      if (sign?.kind !== "grows") return [];
      const running =
        best.form !== "counts" && site.groups.every(({ wait }) => wait === "active" || wait === "GC");
      const filling = mayBeFilling(site, best, target.own);
      const attended = site.groups.every((group) => awaitsItsClient(group, target.own));
      return [
        leakFinding(
          {
            site,
            sign,
            confidence: sign.clear && !running && !filling && !attended ? "likely" : "possible",
            doing: `more and more [${site.groups[0]?.state ?? "?"}]`,
            why: running
              ? "They are ready to run, so the processors may simply not keep up with the load."
              : attended
                ? "They are requests whose handlers select by themselves, or websockets: users who connect and stay (long polls, streams) look the same."
                : filling
                  ? "Somebody may just be filling a crew of workers: a third capture tells."
                  : sign.clear
                    ? "Load alone rarely does that at one line within so short a time; a third capture that shows fewer would refute it."
                    : "The load may have risen, or the process may have just started: a third capture tells.",
            next: [
              "Look at who starts them and what should end them: a context, a closed channel, a deadline.",
              "Compare the captures: go tool pprof -top -base FIRST.pb.gz LAST.pb.gz",
            ],
          },
          goroutines,
          limits,
        ),
      ];
    });
    return findings.slice(0, mostFindings);
  },
});

/** A handler that selects in its own code, or reads a websocket, is there for as long as its client is. */
function awaitsItsClient(group: GoroutineGroup, own: OwnCode): boolean {
  if (!isRequest(group)) return false;
  const innermost = group.stack.find((frame) => !isRuntimeFrame(frame));
  if (group.wait === "select") return innermost !== undefined && own.isOwn(innermost);
  return group.wait === "IO wait" && group.stack.some((frame) => /websocket/i.test(frame.function));
}
