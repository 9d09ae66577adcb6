import { entryFrame, isRequest } from "../../domain/code/code-object.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import { isProvenLeak, leakFinding } from "../../domain/findings/leak-report.ts";
import type { LeakSign } from "../../domain/findings/leak-signs.ts";
import { anyCrowd, leakSign, leakThresholds } from "../../domain/findings/leak-signs.ts";
import {
  blockedConsumer,
  hasNeighboursAtWork,
  partnersAtWork,
  sendingLoop,
} from "../../domain/goroutines/channel-partners.ts";
import { errgroupSlot } from "../../domain/goroutines/errgroup-slots.ts";
import { isAlsoIn } from "../../domain/goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { sumOf } from "../../domain/goroutines/pile-up.ts";
import { nothingRuns, nothingRunsIn } from "../../domain/goroutines/process-stillness.ts";
import { stalledHolders } from "../../domain/goroutines/stalled-holders.ts";
import { undrainedOutlet } from "../../domain/goroutines/undrained-outlets.ts";
import { blamedFrames, siteGrowth, waitSites } from "../../domain/goroutines/wait-sites.ts";
import { readingOf } from "./words.ts";

export const goroutineChanSendLeak = defineAnalyzer({
  meta: {
    id: "goroutine/chan-send-leak",
    title: "Goroutines send on a channel that nobody receives from any more",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["goroutineLeak"],
    symptomOf: [],
    thresholds: {
      ...leakThresholds,
      staleSenders: {
        default: 10,
        unit: "goroutines",
        meaning: "senders at one line, the oldest for oldMinutes, with nobody in sight who could receive",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      jammedMinutes: {
        default: 1,
        unit: "minutes",
        meaning:
          "age of the senders and of the one who should receive, stuck itself, from which a queue is jammed and not slow",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "Goroutines in chan send at one own line whose number grows, or that have been there for minutes with no goroutine of the same type at work. The usual cause: the receiver gave up (timeout, error, early return) and the channel has no room.",
      why: "Each one keeps its stack and everything it refers to until the process ends.",
      next: "Give the channel room for the one value (buffer 1), or select on the send and ctx.Done().",
      falsePositives:
        "A full work queue has blocked senders too: as long as its senders do not become more, nothing is said while somebody of the same package is at work, unless the one who probably receives is itself stuck for a minute. A blocked consumer is named before its senders when it is the only other goroutine of their code that is stuck. A burst looks like growth when the first capture has none of them: `possible`.",
      corrections: [
        {
          claim: "The block profile shows the sender that hangs for ever.",
          fact: "A block profile counts a wait when it ends. A sender that never wakes is only in the goroutine profile.",
          source: "https://go.dev/src/runtime/chan.go",
        },
      ],
      references: [
        "https://go.dev/blog/pipelines",
        "https://www.uber.com/blog/leakprof-featherlight-in-production-goroutine-leak-detection/",
      ],
    },
  },
  analyze({ goroutines, goroutineLeak, target }, limits) {
    const { best } = goroutines;
    const profile = goroutines.series.findLast(({ form }) => form === "profile");
    const senders = best.groups.filter((group) => group.wait === "chan send" && !isKnownIdle(group));
    const stuck = nothingRuns(goroutines, target.own);
    return waitSites(senders, target.own).flatMap((site) => {
      const partners = partnersAtWork(site, best, target.own);
      const growth = siteGrowth(goroutines, site, target.own);
      const aged = (site.oldestMinutes ?? 0) >= limits.jammedMinutes;
      const consumer = partners === 0 || aged ? blockedConsumer(site, best, target.own) : undefined;
      const blocked =
        consumer !== undefined && goroutines.series.every((snapshot) => isAlsoIn(snapshot, consumer))
          ? { group: consumer, where: blamedFrames(consumer, target.own) }
          : undefined;
      const holders = aged ? stalledHolders(site, best, target.own, limits.jammedMinutes) : [];
      const [holder] = holders;
      const jammed =
        aged &&
        site.count >= limits.staleSenders &&
        (holder !== undefined || (blocked?.group.waitMinutes?.max ?? 0) >= limits.jammedMinutes);
      const stays = growth === undefined || growth.before > 0;
      const isMoved = hasNeighboursAtWork(site, best, target.own);
      const abandoned = stays && partners === 0 && !isMoved && !site.groups.some(isRequest);
      const sign: LeakSign | undefined =
        leakSign(goroutines, site, target.own, limits) ??
        (jammed || (site.count >= limits.staleSenders && (site.oldestMinutes ?? 0) >= limits.oldMinutes)
          ? { kind: "old", minutes: site.oldestMinutes ?? 0, limit: limits.staleSenders }
          : abandoned && site.count >= limits.oldCount
            ? { kind: "crowd", limit: limits.oldCount }
            : (stuck || (aged && nothingRunsIn(best, target.own))) &&
                site.count >= limits.staleSenders &&
                partners === 0 &&
                !isMoved
              ? { kind: "crowd", limit: limits.staleSenders }
              : undefined);
      const proven = isProvenLeak(site, goroutineLeak);
      if (sign === undefined && !proven) return [];
      const reading: Confidence = proven
        ? "proven"
        : sign?.kind === "grows"
          ? sign.clear
            ? "likely"
            : "possible"
          : partners === 0 || jammed
            ? "likely"
            : "possible";
      const itself =
        blocked === undefined && holder === undefined ? sendingLoop(site, best, target.own) : undefined;
      const undrained =
        partners === 0 && blocked === undefined && itself === undefined && holder === undefined
          ? undrainedOutlet(goroutines)
          : undefined;
      const { doing, why, next } = readingOf({
        proven,
        slot: errgroupSlot(site),
        blocked: blocked && { group: blocked.group, in: blocked.where[0]?.function ?? "" },
        holder: holder && {
          group: holder,
          count: sumOf(holders),
          in: blamedFrames(holder, target.own)[0]?.function ?? "",
        },
        itself: itself && entryFrame(itself.stack)?.function,
        undrained: undrained?.outlet,
        partners,
      });
      return [
        leakFinding(
          {
            site,
            ...(undrained === undefined ? {} : { waitsFor: undrained.group }),
            ...(blocked === undefined ? {} : { blame: blocked.where, waitsFor: blocked.group }),
            ...(holder === undefined || blocked !== undefined
              ? {}
              : { blame: blamedFrames(holder, target.own), waitsFor: holder }),
            ...(itself === undefined ? {} : { blame: blamedFrames(itself, target.own) }),
            sign: sign ?? anyCrowd,
            confidence: reading,
            doing,
            why,
            next:
              profile === undefined
                ? next
                : [...next, `The whole stack of each: go tool pprof -traces ${profile.artifact}`],
          },
          goroutines,
          limits,
        ),
      ];
    });
  },
});
