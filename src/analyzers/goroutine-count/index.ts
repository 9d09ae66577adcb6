import {
  figureExcerpt,
  type Standing,
  standing,
  type Usual,
  usualFigure,
  usualOf,
  usualSentence,
  usualText,
} from "../../domain/context/usual-figures.ts";
import { explainsRise, loadRatio, loadSentence, timesText } from "../../domain/context/usual-load.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { WaitReason } from "../../domain/goroutines/goroutine.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { type WaitSite, waitSites } from "../../domain/goroutines/wait-sites.ts";
import { isUnknown, type Unknown } from "../../domain/metrics/counters.ts";
import { counted, countText } from "../../domain/units.ts";

/** Nobody's in particular; a service whose limit differs has had it set by somebody who knows its usual peak. */
const usualLimit = 10_000;

export const goroutineCount = defineAnalyzer({
  meta: {
    id: "goroutine/count",
    title: "More goroutines than expected",
    severity: "warning",
    scope: "general",
    needs: ["goroutines"],
    uses: ["context"],
    symptomOf: [
      "goroutine/chan-send-leak",
      "goroutine/chan-receive-leak",
      "goroutine/context-leak",
      "goroutine/mutex-pileup",
      "goroutine/lock-cycle",
      "goroutine/lock-holder",
      "goroutine/rwmutex-starvation",
      "goroutine/waitgroup-stuck",
      "goroutine/nil-channel",
      "pool/nested-acquire",
      "pool/exhausted",
      "sql/pool-exhausted",
      "http/body-leak",
      "http/transport-leak",
      "http/conn-queue",
      "http/slow-upstream",
      "http/slow-clients",
      "http/slow-headers",
      "tls/handshake-stall",
      "log/lock-blocked",
      "goroutine/growth",
    ],
    thresholds: {
      goroutines: {
        default: usualLimit,
        unit: "goroutines",
        meaning: "goroutines of one process; set it per service to a little above its usual peak",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      usualRatio: {
        default: 3,
        unit: "ratio",
        meaning:
          "goroutines against what 99 % of the same hour yesterday and last week stayed below, where Prometheus knows it",
        source: "docs/decisions/0017-context.md",
      },
      aboveUsual: {
        default: 500,
        unit: "goroutines",
        meaning: "so many more than usual they must be, too: three times few is nothing",
        source: "docs/decisions/0017-context.md",
      },
    },
    docs: {
      what: "The number of goroutines of the process against a fixed limit, and against the same hour yesterday and last week where Prometheus was asked.",
      why: "Goroutines cost memory (2 KiB of stack and up) and make every garbage collection scan more. A sudden number far above the usual one is the first sign of a leak or a pile-up.",
      next: "Look at the largest site, and at the number of the same hour of another day.",
      falsePositives:
        "A number alone says nothing: one service idles at 50,000, another is in trouble at 500. So without the usual number this is `possible` at most, and only context (info) where the number stays the same from capture to capture and the largest crowds wait as idle goroutines do, unless the limit is the service's own; the rules about growth, age and locks say more. " +
        "With the usual number it is context where every known day had about as many, and `likely` where none had a third of it, unless the process uses more CPU by as much: then the load has probably risen, and it stays `possible`.",
      references: ["https://go.dev/doc/faq#goroutines"],
    },
  },
  analyze({ goroutines, target, context }, limits) {
    const { best } = goroutines;
    const usual = context === undefined ? undefined : usualOf(context, "goroutines");
    const isOver = best.total >= limits.goroutines;
    const how =
      usual === undefined || isUnknown(usual)
        ? undefined
        : standing(best.total, usual, limits.usualRatio, limits.aboveUsual);
    const isUnusual = how === "unusual";
    if (!isOver && !isUnusual) return [];
    const sites = waitSites(
      best.groups.filter((group) => !isKnownIdle(group)),
      target.own,
    );
    const [largest] = sites;
    const crowds = sites.filter(({ count }) => count >= best.total / 100);
    const isIdle =
      limits.goroutines === usualLimit && isSteady(goroutines) && crowds.every((site) => waitsIdly(site));
    const isContext = how === "usual" || (isIdle && !isUnusual);
    const known =
      usual === undefined || isUnknown(usual) || context === undefined ? undefined : { usual, context };
    const load = isUnusual ? loadRatio(context) : undefined;
    const ratio = known === undefined ? 1 : best.total / known.usual.most;
    return [
      {
        severity: isContext ? "info" : "warning",
        confidence: isUnusual && !explainsRise(load, ratio) ? "likely" : "possible",
        title:
          known !== undefined && isUnusual
            ? `${counted(best.total, "goroutine")}, ${timesText(ratio)} the usual number`
            : `${counted(best.total, "goroutine")} in the process`,
        summary: [
          `The process has ${counted(best.total, "goroutine")}; the limit is ${countText(limits.goroutines)}.`,
          againstUsual(usual, how),
          largest === undefined ? "" : `The largest site holds ${countText(largest.count)} of them.`,
          isIdle ? "Their number is the same in every capture, and they wait as idle goroutines do." : "",
          isUnusual ? loadSentence(load, ratio, "them") : "",
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: {
          value: best.total,
          limit:
            isOver || known === undefined
              ? limits.goroutines
              : Math.ceil(known.usual.most * limits.usualRatio),
          unit: "goroutines",
          ...(known === undefined ? {} : { usual: usualFigure(known.context, known.usual) }),
        },
        where: largest?.where ?? [],
        evidence: [
          ...sites.slice(0, 3).map((site) => ({
            artifact: best.artifact,
            excerpt:
              site.groups[0] === undefined
                ? ""
                : groupText({ ...site.groups[0], count: site.count }, site.where[0]),
          })),
          ...(known?.usual.days ?? []).map((day) =>
            figureExcerpt(known?.context.artifact ?? "", day, countText),
          ),
        ],
        next: [
          ...(isUnusual
            ? [
                "Look at what the largest sites wait for; then at what changed since: a deploy, the configuration, the load.",
              ]
            : []),
          ...(known === undefined
            ? ["Compare with the usual number: go_goroutines of the same hour yesterday or last week."]
            : []),
          "Set thresholds of goroutine/count for this service in gofire.yaml once you know its usual peak.",
        ],
      },
    ];
  },
});

function againstUsual(usual: Usual | Unknown | undefined, how: Standing | undefined): string {
  if (usual === undefined) return "Without the usual number of this service that is not an accusation.";
  if (isUnknown(usual)) return `That is not an accusation: there is ${usual.unknown}.`;
  return usualSentence({ how: how ?? "between", text: usualText(usual, countText) });
}

/** Seen more than once, and not more of them later: below a hundredth is coming and going. */
function isSteady({ series }: GoroutineEvidence): boolean {
  const first = series[0];
  const last = series.at(-1) ?? first;
  return series.length > 1 && last.total <= first.total * 1.01;
}

/** Waits for something to do, as far as the wait tells; not for a lock, a receiver, or a file. */
function waitsIdly({ groups }: WaitSite): boolean {
  return groups.every(({ wait }) => idleWaits.has(wait));
}

const idleWaits: ReadonlySet<WaitReason> = new Set<WaitReason>([
  "select",
  "chan receive",
  "IO wait",
  "sleep",
  "sync.Cond.Wait",
]);
