import { isMainGoroutine } from "../../domain/code/code-object.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { isProvenLeak, leakFinding } from "../../domain/findings/leak-report.ts";
import { anyCrowd, leakSign, leakThresholds, siteEvidence } from "../../domain/findings/leak-signs.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { counted } from "../../domain/units.ts";

export const goroutineEmptySelect = defineAnalyzer({
  meta: {
    id: "goroutine/empty-select",
    title: "Goroutines are parked for ever in select {}",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["goroutineLeak"],
    symptomOf: [],
    thresholds: leakThresholds,
    docs: {
      what: "Goroutines other than main in `select (no cases)`. Several at one line, or a growing number, are a leak.",
      why: "A select without cases never returns: the goroutine, its stack and its deferred clean-up are lost.",
      next: "Wait for ctx.Done() instead, or let the function return.",
      falsePositives:
        "`select {}` in main keeps a server alive and is normal; a single other goroutine may do the same on purpose and is only `possible`.",
      references: ["https://go.dev/ref/spec#Select_statements", "https://go.dev/src/runtime/select.go"],
    },
  },
  analyze({ goroutines, goroutineLeak, target }, limits) {
    const parked = goroutines.best.groups.filter(
      (group) => group.wait === "select (no cases)" && !isMainGoroutine(group),
    );
    return waitSites(parked, target.own).map((site) => {
      const sign = leakSign(goroutines, site, target.own, limits);
      const proven = isProvenLeak(site, goroutineLeak);
      const next = [
        "Replace select {} with <-ctx.Done(), so that the goroutine ends and its deferred calls run.",
        "If it was meant to keep something referenced, keep the reference in a field instead.",
      ];
      if (sign !== undefined || proven || site.count >= limits.oldCount) {
        return leakFinding(
          {
            site,
            sign: sign ?? (proven ? anyCrowd : { kind: "crowd", limit: limits.oldCount }),
            confidence: proven ? "proven" : sign?.kind === "grows" && !sign.clear ? "possible" : "likely",
            doing: "parked in select {}",
            why: "A select without cases never returns, so none of them will ever end.",
            next,
          },
          goroutines,
          limits,
        );
      }
      const [frame] = site.where;
      const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
      return {
        severity: "info" as const,
        confidence: "possible" as const,
        title: `${counted(site.count, "goroutine")} parked in select {}${place}`,
        summary: `${counted(site.count, "goroutine")} besides main will never return from select {}${place}. Their number does not grow as far as the captures show, so it may be meant.`,
        where: site.where,
        waitReason: "select (no cases)",
        groups: site.groups,
        evidence: siteEvidence(goroutines, site),
        next,
      };
    });
  },
});
