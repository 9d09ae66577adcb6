import { defineAnalyzer } from "../../domain/analyzer.ts";
import { distinctParents, livingStarters, mayBeFilling } from "../../domain/channel-partners.ts";
import { isMainGoroutine, isRequest } from "../../domain/code-object.ts";
import type { Confidence } from "../../domain/finding.ts";
import type { GoroutineSnapshot } from "../../domain/goroutine.ts";
import { isKnownIdle } from "../../domain/known-idle.ts";
import { isProvenLeak, leakFinding } from "../../domain/leak-report.ts";
import type { LeakSign } from "../../domain/leak-signs.ts";
import { leakSign, leakThresholds } from "../../domain/leak-signs.ts";
import type { OwnCode } from "../../domain/own-code.ts";
import type { WaitSite } from "../../domain/wait-sites.ts";
import { waitSites } from "../../domain/wait-sites.ts";

export const goroutineChanReceiveLeak = defineAnalyzer({
  meta: {
    id: "goroutine/chan-receive-leak",
    title: "Goroutines receive from a channel that nobody closes",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["goroutineLeak"],
    symptomOf: [],
    thresholds: leakThresholds,
    docs: {
      what: "Goroutines in chan receive at one own line whose number grows, or a crowd that has been there for minutes, was started by many different goroutines and has outlived them.",
      why: "Each one keeps its stack and everything it refers to until the process ends.",
      next: "Let the sender close the channel on every path, or receive inside select with ctx.Done().",
      falsePositives:
        "A crew of idle workers waits in chan receive as well: its size stays constant and one goroutine started them all. Such a crowd is not reported at any size. Request handlers that wait for an answer count as a leak only when they grow faster than load explains.",
      corrections: [
        {
          claim: "chan receive in a dump means a blocking deadlock.",
          fact: "It is how every idle worker waits. Growth, or age together with dead parents, makes the difference.",
          source: "https://go.dev/src/runtime/runtime2.go",
        },
      ],
      references: ["https://go.dev/blog/pipelines", "https://go.dev/ref/spec#Close"],
    },
  },
  analyze({ goroutines, goroutineLeak, target }, limits) {
    const { best } = goroutines;
    const receivers = best.groups.filter(
      (group) => group.wait === "chan receive" && !isKnownIdle(group) && !isMainGoroutine(group),
    );
    return waitSites(receivers, target.own).flatMap((site) => {
      const proven = isProvenLeak(site, goroutineLeak);
      const sign = leakSign(goroutines, site, target.own, limits) ?? crowdSign(site, limits.oldCount);
      const confidence = proven ? "proven" : sign && confidenceOf(sign, site, best, target.own);
      if (confidence === undefined) return [];
      return [
        leakFinding(
          {
            site,
            sign: sign ?? { kind: "crowd" },
            confidence,
            doing: "stuck receiving",
            why: proven
              ? "The runtime's own leak detection found the channel unreachable for everybody else: they can never go on."
              : sign?.kind === "old" || sign?.kind === "crowd"
                ? "Different goroutines started them and are gone; a crew of idle workers has one living parent."
                : "A crew of idle workers has a constant size; this one has not.",
            next: [
              "Close the channel when the last value is sent, on every path, or receive inside select with a ctx.Done() case.",
              "Find who forgets the other end: an unsubscribe that only drops its reference, a return before close().",
              "If this is a pool that is still being filled, take a third capture: the number must stop rising.",
            ],
          },
          goroutines,
          limits,
        ),
      ];
    });
  },
});

/** Many goroutines with as many parents: worth a look, whatever their age. */
function crowdSign(site: WaitSite, crowd: number): LeakSign | undefined {
  return site.count >= crowd && (distinctParents(site.groups) ?? 1) > 1 ? { kind: "crowd" } : undefined;
}

function confidenceOf(
  sign: LeakSign,
  site: WaitSite,
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): Confidence | undefined {
  const starters = livingStarters(site.groups, snapshot);
  // A server is no companion of its requests: it starts them all.
  const accompanied = starters !== undefined && starters >= site.count / 2 && !site.groups.some(isRequest);
  if (sign.kind === "grows")
    return sign.clear && !accompanied && !mayBeFilling(site, snapshot, own) ? "likely" : "possible";
  if (sign.kind === "huge") return "possible";
  const parents = distinctParents(site.groups);
  if (parents === undefined || parents === 1 || accompanied) return undefined;
  return sign.kind === "old" ? "likely" : "possible";
}
