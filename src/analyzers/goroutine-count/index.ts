import { defineAnalyzer } from "../../domain/analyzer.ts";
import type { GoroutineEvidence } from "../../domain/evidence.ts";
import type { WaitReason } from "../../domain/goroutine.ts";
import { groupText } from "../../domain/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/known-idle.ts";
import { counted, countText } from "../../domain/units.ts";
import { type WaitSite, waitSites } from "../../domain/wait-sites.ts";

/** Nobody's in particular; a service whose limit differs has had it set by somebody who knows its usual peak. */
const usualLimit = 10_000;

export const goroutineCount = defineAnalyzer({
  meta: {
    id: "goroutine/count",
    title: "More goroutines than expected",
    severity: "warning",
    scope: "general",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [
      "goroutine/chan-send-leak",
      "goroutine/chan-receive-leak",
      "goroutine/context-leak",
      "goroutine/mutex-pileup",
      "goroutine/growth",
    ],
    thresholds: {
      goroutines: {
        default: usualLimit,
        unit: "goroutines",
        meaning: "goroutines of one process; set it per service to a little above its usual peak",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "The number of goroutines of the process against a fixed limit.",
      why: "Goroutines cost memory (2 KiB of stack and up) and make every garbage collection scan more. A sudden number far above the usual one is the first sign of a leak or a pile-up.",
      next: "Look at the largest site, and at the number of the same hour of another day.",
      falsePositives:
        "A number alone says nothing: one service idles at 50,000, another is in trouble at 500. So this is `possible` at most, and only context (info) where the number stays the same from capture to capture and the largest crowds wait as idle goroutines do, unless the limit is the service's own; the rules about growth, age and locks say more.",
      references: ["https://go.dev/doc/faq#goroutines"],
    },
  },
  analyze({ goroutines, target }, limits) {
    const { best } = goroutines;
    if (best.total < limits.goroutines) return [];
    const sites = waitSites(
      best.groups.filter((group) => !isKnownIdle(group)),
      target.own,
    );
    const [largest] = sites;
    const crowds = sites.filter(({ count }) => count >= best.total / 100);
    const isContext =
      limits.goroutines === usualLimit && isSteady(goroutines) && crowds.every((site) => waitsIdly(site));
    return [
      {
        severity: isContext ? "info" : "warning",
        confidence: "possible",
        title: `${counted(best.total, "goroutine")} in the process`,
        summary: `The process has ${countText(best.total)} goroutines; the limit is ${countText(limits.goroutines)}. ${
          largest === undefined ? "" : `The largest site holds ${countText(largest.count)} of them. `
        }${isContext ? "Their number is the same in every capture, and they wait as idle goroutines do. " : ""}Without the usual number of this service that is not an accusation.`,
        measured: { value: best.total, limit: limits.goroutines, unit: "goroutines" },
        where: largest?.where ?? [],
        evidence: sites.slice(0, 3).map((site) => ({
          artifact: best.artifact,
          excerpt:
            site.groups[0] === undefined
              ? ""
              : groupText({ ...site.groups[0], count: site.count }, site.where[0]),
        })),
        next: [
          "Compare with the usual number: go_goroutines of the same hour yesterday or last week.",
          "Set thresholds of goroutine/count for this service in gofire.yaml once you know its usual peak.",
        ],
      },
    ];
  },
});

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
