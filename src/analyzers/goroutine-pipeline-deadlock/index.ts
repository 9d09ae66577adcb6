import { isRequest } from "../../domain/code/code-object.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer, type FindingDraft } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { groupText, isAlsoIn } from "../../domain/goroutines/goroutine-sites.ts";
import { childrenOf } from "../../domain/goroutines/group-children.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { isInWaitGroup } from "../../domain/goroutines/lifelong-waits.ts";
import { groupsInPackagesOf } from "../../domain/goroutines/package-groups.ts";
import { sumOf } from "../../domain/goroutines/pile-up.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { counted } from "../../domain/units.ts";

export const goroutinePipelineDeadlock = defineAnalyzer({
  meta: {
    id: "goroutine/pipeline-deadlock",
    title: "A function and the goroutines it started wait for each other",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      handful: {
        default: 10,
        unit: "goroutines",
        meaning: "so many senders are a crowd, which goroutine/chan-send-leak tells",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      agedMinutes: {
        default: 1,
        unit: "minutes",
        meaning: "age of the function's wait by a dump, which settles it without a second capture",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "A function that hands work to goroutines it has started, or waits for their end, while every one of them is blocked sending, and nobody else of their packages is there to receive. The usual cause: the results are read only after all work has been handed out, or after WaitGroup.Wait.",
      why: "Each side waits for the other, so neither ever goes on; a handful of goroutines is enough to hang a job or a process, and no rule about numbers sees it.",
      next: "Receive the results while the work is handed out: start the goroutine that calls Wait and closes the channel, and range over the results in the function itself.",
      falsePositives:
        "Generators that are read by requests only stand in the same way while no request comes: so it is `likely` only in a request, or in a function that main calls, and there only when it lasts. Somebody else of the same packages who waits for anything may be the receiver, and then nothing is said.",
      references: ["https://go.dev/blog/pipelines", "https://pkg.go.dev/sync#WaitGroup"],
    },
  },
  analyze({ goroutines, target }, limits) {
    const { best, series } = goroutines;
    const senders = best.groups.some(({ wait }) => wait === "chan send");
    if (!senders) return [];
    return best.groups.flatMap((parent): FindingDraft[] => {
      if (!waitsForChildren(parent) || isKnownIdle(parent)) return [];
      const [frame] = blamedFrames(parent, target.own);
      if (frame === undefined || !target.own.isOwn(frame)) return [];
      const children = childrenOf({ ...parent, stack: [frame], exemplars: [] }, best, target.own).filter(
        (group) => !isKnownIdle(group),
      );
      if (
        children.length === 0 ||
        sumOf(children) >= limits.handful ||
        !children.every((child) => child.wait === "chan send")
      )
        return [];
      const all = [parent, ...children];
      if (hasOthers(all, best, target.own)) return [];
      const [child] = children.toSorted((a, b) => b.count - a.count);
      if (child === undefined) return [];
      const aged = all.every((group) => (group.waitMinutes?.max ?? 0) >= limits.agedMinutes);
      const lasts =
        series.length > 1 && series.every((snapshot) => all.every((group) => isAlsoIn(snapshot, group)));
      const serves = isRequest(parent);
      const likely = (aged || lasts) && (serves || isCalledByMain(parent, frame.function));
      const sending = parent.wait === "chan send";
      const name = shortName(frame.function);
      const where = [...new Set([...blamedFrames(child, target.own), ...blamedFrames(parent, target.own)])];
      return [
        {
          severity: likely && serves ? "critical" : "warning",
          confidence: likely ? "likely" : "possible",
          title: `${name} and ${counted(sumOf(children), "goroutine")} that it started wait for each other`,
          summary: `${counted(parent.count, "goroutine")} of ${name} ${parent.count === 1 ? "is" : "are"} in ${parent.state}, and all ${counted(sumOf(children), "goroutine")} that it started ${sumOf(children) === 1 ? "is" : "are"} blocked sending. Nobody else of their packages is in the capture who could receive, so ${sending ? "it cannot hand out more work, and they cannot hand back what they have done" : "they cannot end, and it does not read what they send while it waits for their end"} (inferred: a channel prints no address).`,
          measured: { value: sumOf(all), limit: sumOf(all), unit: "goroutines" },
          where,
          waitReason: child.wait,
          groups: all,
          evidence: [
            { artifact: best.artifact, excerpt: groupText(parent, frame) },
            {
              artifact: best.artifact,
              excerpt: `started by it: ${groupText(child, blamedFrames(child, target.own)[0])}`,
            },
          ],
          next: [
            sending
              ? `Hand out the work in a goroutine of its own, and let ${name} range over the results meanwhile.`
              : `Call Wait and close the channel in a goroutine of their own, and let ${name} range over the results meanwhile.`,
            "Or give the channel room for all results, where their number is known and small.",
          ],
        },
      ];
    });
  },
});

/** Hands something over to somebody, or waits for somebody's end. */
function waitsForChildren(group: GoroutineGroup): boolean {
  return group.wait === "chan send" || isInWaitGroup(group);
}

/** Main itself may wait on purpose; a function that it calls is to return some day. */
function isCalledByMain({ stack }: GoroutineGroup, symbol: string): boolean {
  return symbol !== "main.main" && stack.some((frame) => frame.function === "main.main");
}

/** Somebody else runs code of the same packages: it may receive when it is done with what it does or waits for. */
function hasOthers(all: readonly GoroutineGroup[], snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  return groupsInPackagesOf(all, snapshot, own).some(
    (group) => !all.includes(group) && !isKnownIdle(group) && !isParkedMain(group),
  );
}

/** `select {}` at the end of main. */
function isParkedMain({ wait, stack }: GoroutineGroup): boolean {
  return wait === "select (no cases)" && stack.some((frame) => frame.function === "main.main");
}
