import { isMainGoroutine, isRequest } from "../../domain/code/code-object.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import { isProvenLeak, leakFinding } from "../../domain/findings/leak-report.ts";
import type { LeakLimits, LeakSign } from "../../domain/findings/leak-signs.ts";
import { anyCrowd, leakSign, leakThresholds } from "../../domain/findings/leak-signs.ts";
import {
  distinctParents,
  livingStarters,
  mayBeFilling,
  readersBeside,
} from "../../domain/goroutines/channel-partners.ts";
import type { GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import type { WaitSite } from "../../domain/goroutines/wait-sites.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { httpClientRole } from "../../domain/http/http-client-roles.ts";
import { clientsOf, isAbandoned, mayBeLongPoll } from "../../domain/http/request-clients.ts";

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
      what: "Goroutines in chan receive at one own line whose number grows, or a crowd that has been there for minutes and has outlived those it worked for: the many goroutines that started it or, for request handlers, the clients.",
      why: "Each one keeps its stack and everything it refers to until the process ends.",
      next: "Let the sender close the channel on every path, or receive inside select with ctx.Done().",
      falsePositives:
        "A crew of idle workers waits in chan receive as well: its size stays constant and one goroutine started them all. Such a crowd is not reported at any size. Nor are the writers of connections, whoever started them, while as many goroutines beside them read. Request handlers count as a leak only when they grow faster than load explains, and while their clients wait as well they are `possible`: a long poll parked in `<-ctx.Done()` looks the same. That the clients have gone is inferred from the goroutines with which net/http watches their connections.",
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
      (group) =>
        group.wait === "chan receive" &&
        !isKnownIdle(group) &&
        !isMainGoroutine(group) &&
        // A Transport's goroutine waits for its own handshake.
        httpClientRole(group) === undefined,
    );
    return waitSites(receivers, target.own).flatMap((site) => {
      const proven = isProvenLeak(site, goroutineLeak);
      const sign = leakSign(goroutines, site, target.own, limits) ?? crowdSign(site, best, limits.oldCount);
      const confidence = proven ? "proven" : sign && confidenceOf(sign, site, goroutines, target.own, limits);
      if (confidence === undefined) return [];
      return [
        leakFinding(
          {
            site,
            sign: sign ?? anyCrowd,
            confidence,
            doing: "stuck receiving",
            why: proven
              ? "The runtime's own leak detection found the channel unreachable for everybody else: they can never go on."
              : reasonText(sign, site, best),
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

function reasonText(sign: LeakSign | undefined, site: WaitSite, snapshot: GoroutineSnapshot): string {
  const clients = clientsOf(site, snapshot);
  if (clients === "gone")
    return "They run requests whose clients have gone: net/http watches the connection of a request until then, and far fewer are watched.";
  if (clients === "waiting")
    return "They run requests whose clients wait as well: a long poll that receives from ctx.Done() looks the same.";
  return sign?.kind === "old" || sign?.kind === "crowd"
    ? "Different goroutines started them and are gone; a crew of idle workers has one living parent."
    : "A crew of idle workers has a constant size; this one has not.";
}

/** Many goroutines with as many parents, or many requests whose clients have gone: worth a look, whatever their age. */
function crowdSign(site: WaitSite, snapshot: GoroutineSnapshot, crowd: number): LeakSign | undefined {
  if (site.count < crowd) return undefined;
  const orphaned = (distinctParents(site.groups) ?? 1) > 1 || clientsOf(site, snapshot) === "gone";
  return orphaned ? { kind: "crowd", limit: crowd } : undefined;
}

function confidenceOf(
  sign: LeakSign,
  site: WaitSite,
  evidence: GoroutineEvidence,
  own: OwnCode,
  limits: LeakLimits,
): Confidence | undefined {
  const snapshot = evidence.best;
  const starters = livingStarters(site.groups, snapshot);
  // A server is no companion of its requests: it starts them all.
  const accompanied =
    !site.groups.some(isRequest) &&
    ((starters !== undefined && starters >= site.count / 2) ||
      readersBeside(site, snapshot, own) >= site.count / 2);
  const longPoll = mayBeLongPoll(site, snapshot, own);
  if (sign.kind === "grows") {
    const doubtful = !sign.clear || accompanied || longPoll || mayBeFilling(site, snapshot, own);
    return doubtful ? "possible" : "likely";
  }
  if (sign.kind === "huge") return "possible";
  if (sign.kind === "old" && longPoll) return "possible";
  if (clientsOf(site, snapshot) === "gone")
    return isAbandoned(site, evidence, own, limits) ? "likely" : "possible";
  const parents = distinctParents(site.groups);
  if (parents === undefined || parents === 1 || accompanied) return undefined;
  return sign.kind === "old" ? "likely" : "possible";
}
