import { isRequest } from "../../domain/code/code-object.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { isAlsoIn } from "../../domain/goroutines/goroutine-sites.ts";
import {
  growthThresholds,
  pileExcerpt,
  pileUp,
  trendOf,
  trendText,
} from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { counted } from "../../domain/units.ts";

export const goroutineOnceStuck = defineAnalyzer({
  meta: {
    id: "goroutine/once-stuck",
    title: "A sync.Once function does not return",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      waiters: {
        default: 10,
        unit: "goroutines",
        meaning:
          "goroutines behind a sync.Once; fewer are only worth a look unless they have waited for a minute",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      ...growthThresholds,
    },
    docs: {
      what: "Goroutines that wait inside sync.Once.Do (also OnceFunc, OnceValue) for the first caller, and what that first caller is blocked on.",
      why: "Nobody gets past Do until the first function returns; with no deadline that is never.",
      next: "Give the work inside Do a deadline, or start it at start-up, outside of requests.",
      falsePositives:
        "A slow first initialisation looks the same for as long as it takes: few waiters, no age and no growth are `possible`. A first caller that runs is not reported.",
      references: ["https://pkg.go.dev/sync#Once", "https://go.dev/src/sync/once.go"],
    },
  },
  analyze({ goroutines, target }, limits) {
    const { best } = goroutines;
    const waiting = pileUp(goroutines, isWaitingForOnce);
    if (waiting.count === 0) return [];
    const runners = best.groups.filter((group) => onceDepth(group) > 0 && !isWaitingForOnce(group));
    const recursive = waiting.groups.filter((group) => onceDepth(group) > 1);
    const blocked = runners.filter(({ wait }) => wait !== "active" && wait !== "GC");
    const subjects = blocked.length > 0 ? blocked : runners.length === 0 ? recursive : [];
    const [subject] = subjects;
    if (subject === undefined) return [];
    const trend = trendOf(waiting, limits.waiters, limits);
    const staysThere = goroutines.series.every((snapshot) => isAlsoIn(snapshot, subject));
    const itself = subjects === recursive;
    const likely = itself || waiting.aged > 0 || (staysThere && trend !== "few");
    const [frame] = blamedFrames(subject, target.own);
    const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
    const behind = waiting.groups.filter((group) => !subjects.includes(group));
    return [
      {
        severity:
          likely && (waiting.count >= limits.waiters || behind.some(isRequest)) ? "critical" : "warning",
        confidence: likely ? "likely" : "possible",
        title: `${counted(waiting.count, "goroutine")} wait${waiting.count === 1 ? "s" : ""} for a sync.Once that is stuck${place}`,
        summary: itself
          ? `The function given to Once.Do calls Do of (probably the same) Once again${place}, and waits for itself.`
          : `${counted(waiting.count, "goroutine")} wait${waiting.count === 1 ? "s" : ""} in Once.Do until the first caller is done; ${trendText(waiting, trend)}. The one inside is in ${subject.state}${place}. That they wait for this very Once is read from the stacks.`,
        measured: { value: waiting.count, limit: limits.waiters, unit: "goroutines" },
        where: blamedFrames(subject, target.own),
        waitReason: subject.wait,
        groups: subjects,
        waitsFor: subjects,
        blocks: behind,
        evidence: [
          pileExcerpt(best.artifact, [...subjects, ...behind], (group) => blamedFrames(group, target.own)[0]),
        ],
        next: [
          itself
            ? "Do not call Do from inside its own function: pass the value down instead."
            : "Give the work inside Do a deadline (context, dial and read timeouts).",
          "Do it at start-up instead of in the first request, so that a failure is seen at once.",
        ],
      },
    ];
  },
});

const once = "sync.(*Once).doSlow";

function onceDepth({ stack }: GoroutineGroup): number {
  return stack.filter(({ function: symbol }) => symbol === once).length;
}

/** Stands at the mutex of the Once itself, not at a lock that its function takes. */
function isWaitingForOnce({ wait, stack }: GoroutineGroup): boolean {
  if (wait !== "sync.Mutex.Lock") return false;
  const first = stack.find(
    ({ function: symbol }) => !/^(?:runtime\.|internal\/|sync\.runtime_|sync\.\(\*Mutex\))/.test(symbol),
  );
  return first?.function === once;
}
