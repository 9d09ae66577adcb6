import { isMainGoroutine } from "../../domain/code/code-object.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { groupText, isAlsoIn } from "../../domain/goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";

export const goroutineFinalizerStuck = defineAnalyzer({
  meta: {
    id: "goroutine/finalizer-stuck",
    title: "The finalizer goroutine is blocked",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      agedMinutes: {
        default: 1,
        unit: "minutes",
        meaning: "age from which a blocked finalizer counts as stuck in a single dump",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "The runtime's finalizer goroutine (or a cleanup goroutine, Go 1.24+) blocked inside a function of the service.",
      why: "One goroutine runs all finalizers. While one blocks, no other finalizer runs: descriptors and memory that rely on them pile up.",
      next: "Never block in a finalizer: start a goroutine, or better, close explicitly and drop the finalizer.",
      falsePositives:
        "A finalizer may wait for a moment, so it must be there in every capture, for a minute, or in a wait that cannot end. Dumps hide the runtime's frame; there the goroutine is recognised by having no creator, and worded as inferred.",
      references: ["https://pkg.go.dev/runtime#SetFinalizer", "https://go.dev/src/runtime/mfinal.go"],
    },
  },
  analyze({ goroutines, target }, limits) {
    const { best, series } = goroutines;
    return best.groups
      .filter((group) => runsFinalizers(group) || tellsCreators(best))
      .filter((group) => isBlockedFinalizer(group, best.form === "dump", target.own))
      .map((group) => {
        const certain = runsFinalizers(group);
        const forEver = group.wait === "select (no cases)" || group.wait.endsWith("(nil chan)");
        const lasts =
          (group.waitMinutes?.max ?? 0) >= limits.agedMinutes ||
          (series.length > 1 && series.every((snapshot) => isAlsoIn(snapshot, group)));
        const [frame] = blamedFrames(group, target.own);
        const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
        return {
          confidence:
            forEver && certain
              ? ("proven" as const)
              : forEver || lasts
                ? ("likely" as const)
                : ("possible" as const),
          title: `The finalizer goroutine is blocked in ${group.state}${place}`,
          summary: `${certain ? "The runtime's finalizer goroutine" : "A goroutine that nobody started, by its looks the runtime's finalizer goroutine,"} waits in ${group.state}${place}. ${
            forEver ? "That wait never ends. " : ""
          }No other finalizer runs until it returns.`,
          where: blamedFrames(group, target.own),
          waitReason: group.wait,
          groups: [group],
          evidence: [{ artifact: best.artifact, excerpt: groupText(group, frame) }],
          next: [
            "Do not block in a finalizer: hand the work to a goroutine, or release explicitly with Close and defer.",
            "Go 1.26 and later count the backlog: /gc/finalizers/queued:finalizers against executed.",
          ],
        };
      });
  },
});

/** Go source: runtime/mfinal.go runFinalizers (runfinq before Go 1.25), runtime/mcleanup.go runCleanups. */
function runsFinalizers({ stack }: GoroutineGroup): boolean {
  return stack.some(({ function: symbol }) =>
    /^runtime\.(?:runfinq|runFinalizers|runCleanups)$/.test(symbol),
  );
}

function isBlockedFinalizer(group: GoroutineGroup, isDump: boolean, own: OwnCode): boolean {
  if (group.wait === "active" || group.wait === "GC" || isKnownIdle(group)) return false;
  if (!group.stack.some((frame) => own.isOwn(frame))) return false;
  if (runsFinalizers(group)) return true;
  return isDump && group.count === 1 && isUncreated(group) && !beginsInStandardLibrary(group, own);
}

/** A text whose creators were cut off, or that shows a few goroutines only, says nothing by one that has none. */
function tellsCreators({ groups, incomplete }: GoroutineSnapshot): boolean {
  return incomplete === undefined && groups.some(({ createdBy }) => createdBy !== undefined);
}

/** The standard library's own finalizers call no function of the service: whose creator was lost, as by copying. */
function beginsInStandardLibrary({ stack }: GoroutineGroup, own: OwnCode): boolean {
  const outermost = stack.at(-1);
  return outermost !== undefined && own.isStandardLibrary(outermost);
}

/** Every goroutine of a program has a creator, except main, package initialisation on main, and calls from C. */
function isUncreated(group: GoroutineGroup): boolean {
  if (group.createdBy?.function === "runtime.createfing") return true;
  if (group.createdBy !== undefined || group.elidedFrames !== 0 || isMainGoroutine(group)) return false;
  return (
    group.exemplars.every(({ id }) => id !== 1) &&
    group.lockedToThread === 0 &&
    !group.stack.some(({ function: symbol }) =>
      /\.init(?:\.\d+)?$|^testing\.|^runtime\.cgocallback/.test(symbol),
    )
  );
}
