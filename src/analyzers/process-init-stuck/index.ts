import { entryFrame } from "../../domain/code/code-object.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { groupText, isAlsoIn } from "../../domain/goroutines/goroutine-sites.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { counted, durationText } from "../../domain/units.ts";

export const processInitStuck = defineAnalyzer({
  meta: {
    id: "process/init-stuck",
    title: "The process does not get past its package initialisation",
    severity: "critical",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      lasting: {
        default: 10_000,
        unit: "ms",
        meaning: "time between two captures in which the initialisation waits at the same line",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      agedMinutes: {
        default: 1,
        unit: "minutes",
        meaning: "age of that wait by a dump, which settles it without a second capture",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "The main goroutine is still in the initialisation of a package (an init function, or a variable's initial value) and waits there: main has not begun.",
      why: "Nothing that main starts exists yet, the server included; what answers comes from packages that were initialised before.",
      next: "Move the work out of init into main or into the first use, with a deadline and an error that says what is missing.",
      falsePositives:
        "A process that has just started may wait there for a moment: one look, or two within seconds, is `possible` only. Initialisation that computes is not reported.",
      references: [
        "https://go.dev/ref/spec#Program_initialization",
        "https://go.dev/src/runtime/proc.go (main, doInit1)",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    const { best, series, windowMs = 0 } = goroutines;
    const group = best.groups.find((candidate) => isInitialising(candidate, best));
    if (group === undefined || group.wait === "active" || group.wait === "GC") return [];
    const minutes = group.waitMinutes?.max ?? 0;
    const lasts = series.length > 1 && series.every((snapshot) => isAlsoIn(snapshot, group));
    const likely = minutes >= limits.agedMinutes || (lasts && windowMs >= limits.lasting);
    const where = blamedFrames(group, target.own);
    const [frame] = where;
    const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
    const since =
      minutes > 0
        ? `By the dump, it has waited there for ${counted(minutes, "minute")}.`
        : lasts
          ? `It stood at the same line ${durationText(windowMs)} before.`
          : "How long it has been there the captures do not tell.";
    return [
      {
        severity: likely ? "critical" : "warning",
        confidence: likely ? "likely" : "possible",
        title: `The process has not started: its package initialisation waits${place}`,
        summary: `The main goroutine is in ${group.state}${place}, called by the initialisation of a package, and main.main has not begun. ${since}`,
        where,
        waitReason: group.wait,
        groups: [group],
        evidence: [{ artifact: best.artifact, excerpt: groupText(group, frame) }],
        next: [
          `Look at what ${frame === undefined ? "the initialisation" : shortName(frame.function)} waits for; without a deadline it waits for as long as the other side likes.`,
          "Call it from main, with a context that has a deadline, and let the process end with an error that names what is missing.",
        ],
      },
    ];
  },
});

/**
 * Profiles show the runtime's frames around an initialisation; dumps hide them, but there the main goroutine is number 1
 * and nobody has created it (Go source: runtime/proc.go, main and doInit1).
 */
function isInitialising(
  { stack, createdBy, exemplars }: GoroutineGroup,
  { form }: GoroutineSnapshot,
): boolean {
  if (form !== "dump") return stack.some(({ function: symbol }) => initCall.test(symbol));
  return (
    createdBy === undefined &&
    exemplars.some(({ id }) => id === 1) &&
    initFunction.test(entryFrame(stack)?.function ?? "")
  );
}

/** doInit until Go 1.20. */
const initCall = /^runtime\.doInit1?$/;
const initFunction = /\.init(?:\.\d+)?$/;
