import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { isLeaked } from "../../domain/findings/leak-report.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { counted } from "../../domain/units.ts";

export const goroutineRuntimeLeak = defineAnalyzer({
  meta: {
    id: "goroutine/runtime-leak",
    title: "The runtime found leaked goroutines",
    severity: "warning",
    // The rules for channels and contexts use the same evidence and say more about what to change.
    scope: "general",
    needs: [],
    uses: ["goroutineLeak", "dump"],
    symptomOf: [],
    thresholds: {
      critical: {
        default: 10_000,
        unit: "goroutines",
        meaning: "leaked goroutines at one line that make it critical",
        source: "https://www.uber.com/blog/leakprof-featherlight-in-production-goroutine-leak-detection/",
      },
    },
    docs: {
      what: "Goroutines in the goroutineleak profile (Go 1.26 with GOEXPERIMENT=goroutineleakprofile, Go 1.27), or marked (leaked) in a dump.",
      why: "The garbage collector proved that what they wait for is unreachable: no running goroutine can ever wake them.",
      next: "Fix the line they wait at; nothing but a restart frees them.",
      falsePositives:
        "None known: the runtime reports a goroutine only when its channel or lock is unreachable. It misses leaks whose channel is still referenced, so an empty profile proves nothing.",
      references: [
        "https://github.com/golang/proposal/blob/master/design/74609-goroutine-leak-detection-gc.md",
        "https://go.dev/doc/go1.26",
      ],
    },
  },
  analyze({ goroutineLeak, dump, target }, limits) {
    const snapshot = goroutineLeak ?? dump;
    const leaked = snapshot?.groups.filter(({ state }) => isLeaked(state, snapshot)) ?? [];
    if (snapshot === undefined || (goroutineLeak === undefined && leaked.length === 0)) {
      return { inconclusive: "no goroutineleak profile (Go 1.26 or later, when built in)" };
    }
    return waitSites(leaked, target.own).map((site) => {
      const [group] = site.groups;
      const [frame] = site.where;
      const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
      return {
        severity: site.count >= limits.critical ? ("critical" as const) : ("warning" as const),
        confidence: "proven" as const,
        title: `${counted(site.count, "goroutine")} leaked${place}, found by the runtime`,
        summary: `The runtime's leak detection found ${counted(site.count, "goroutine")}${place} waiting for something that no other goroutine can reach. They stay until the process ends.`,
        measured: { value: site.count, limit: 1, unit: "goroutines" },
        where: site.where,
        ...(group === undefined ? {} : { waitReason: group.wait }),
        groups: site.groups,
        evidence:
          group === undefined ? [] : [{ artifact: snapshot.artifact, excerpt: groupText(group, frame) }],
        next: [
          `Make sure the other end of what they wait for${place} stays alive, or that they stop with a context.`,
          snapshot.form === "profile"
            ? `The whole stacks: go tool pprof -traces ${snapshot.artifact}`
            : `The whole stacks stand in ${snapshot.artifact}, marked (leaked).`,
        ],
      };
    });
  },
});
