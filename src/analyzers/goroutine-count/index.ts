import { defineAnalyzer } from "../../domain/analyzer.ts";
import { groupText } from "../../domain/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/known-idle.ts";
import { counted, countText } from "../../domain/units.ts";
import { waitSites } from "../../domain/wait-sites.ts";

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
        default: 10_000,
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
        "A number alone says nothing: one service idles at 50,000, another is in trouble at 500. So this is `possible` at most; the rules about growth, age and locks say more.",
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
    return [
      {
        confidence: "possible",
        title: `${counted(best.total, "goroutine")} in the process`,
        summary: `The process has ${countText(best.total)} goroutines; the limit is ${countText(limits.goroutines)}. ${
          largest === undefined ? "" : `The largest site holds ${countText(largest.count)} of them. `
        }Without the usual number of this service that is not an accusation.`,
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
