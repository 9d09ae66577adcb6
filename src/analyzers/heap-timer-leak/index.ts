import { isAtLeast } from "../../domain/code/go-version.ts";
import { type OwnCode, ownFrames } from "../../domain/code/own-code.ts";
import { functionsOf, workSet } from "../../domain/code/work-kinds.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { sampleIndexOf } from "../../domain/profiles/profile.ts";
import {
  does,
  heaviestForeignStack,
  type WorkSite,
  workSites,
  workTotal,
} from "../../domain/profiles/sample-work.ts";
import { bytesText, counted, countText } from "../../domain/units.ts";

export const heapTimerLeak = defineAnalyzer({
  meta: {
    id: "heap/timer-leak",
    title: "Timers pile up in the heap",
    severity: "warning",
    scope: "specific",
    needs: ["heap"],
    uses: ["goroutines"],
    symptomOf: [],
    thresholds: {
      timers: {
        default: 10_000,
        unit: "count",
        meaning: "objects of timers that one function started and that are still alive",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      perGoroutine: {
        default: 4,
        unit: "ratio",
        meaning:
          "such objects per goroutine of the process; a timer that somebody waits for takes two or three",
        source: "docs/decisions/0003-default-thresholds.md; time/sleep.go, NewTimer",
      },
      growthRatio: {
        default: 0.1,
        unit: "ratio",
        meaning: "growth between two heap profiles from which they count as piling up",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "In-use objects that time.After, time.NewTimer, time.NewTicker, time.AfterFunc or a context with a deadline allocated, " +
        "by the own function that called them, many more than there are goroutines to wait for them.",
      why:
        "A timer that nobody needs any more stays until it fires: up to Go 1.22 every time.After, in all versions a context " +
        "whose cancel was not called. Started once per item with a long duration, they fill the heap and slow every other timer.",
      next: "Use one NewTimer per loop with Stop and Reset; call the cancel function of every context with a deadline (defer cancel()).",
      falsePositives:
        "Thousands of goroutines with a ticker or a timeout each are normal: objects are held against the number of " +
        "goroutines. With Go 1.23 and a go.mod of 1.23, timers that nobody refers to are collected, so what is still there is in use or a context's.",
      references: [
        "https://go.dev/doc/go1.23#timer-changes",
        "https://pkg.go.dev/time#After",
        "https://pkg.go.dev/context#WithTimeout",
      ],
    },
  },
  analyze({ heap, goroutines, target: { own, goVersion } }, limits) {
    const last = heap[heap.length - 1] ?? heap[0];
    const objectsIndex = sampleIndexOf(last, "inuse_objects");
    const bytesIndex = sampleIndexOf(last, "inuse_space");
    if (objectsIndex === -1 || bytesIndex === -1) {
      return { inconclusive: "the heap profile has no inuse_objects" };
    }
    // Cheaper than looking at the samples.
    if (!last.frames.some((frame) => startFunctions.has(frame.function))) return [];
    const site = workSites(last, objectsIndex, own, startsTimer)[0] ?? libraryTimers(last, objectsIndex, own);
    if (site === undefined || site.value < limits.timers) return [];
    const goroutineCount = goroutines?.best.total;
    const perGoroutine = goroutineCount === undefined ? undefined : site.value / Math.max(1, goroutineCount);
    if (perGoroutine !== undefined && perGoroutine < limits.perGoroutine) return [];

    const bytes = workTotal(last, bytesIndex, own, startsTimer);
    const first = heap[0];
    const before =
      first === last
        ? undefined
        : (workSites(first, sampleIndexOf(first, "inuse_objects"), own, startsTimer).find(
            ({ frame }) => frame.function === site.frame.function,
          )?.value ?? 0);
    const grows = before !== undefined && site.value > before * (1 + limits.growthRatio);
    const isContext = site.stack.some((frame) => frame.function.startsWith("context."));
    const frames = ownFrames(site.stack, own);
    const where = frames.length > 0 ? frames : [site.frame];
    return [
      {
        severity: "warning",
        confidence: perGoroutine !== undefined && (grows || before === undefined) ? "likely" : "possible",
        title: `About ${countText(site.value)} timer objects are alive, started by ${site.frame.function}`,
        summary: [
          `They and all others like them hold ${bytesText(bytes)}.`,
          goroutineCount === undefined
            ? ""
            : `There are only ${counted(goroutineCount, "goroutine")}, so nobody waits for most of them.`,
          before === undefined
            ? ""
            : grows
              ? `They were ${countText(before)} in the first heap profile.`
              : site.value > before
                ? `They were ${countText(before)} in the first heap profile, which is no clear growth: the number may be about to settle.`
                : `They do not become more (${countText(before)} in the first heap profile), so the number may have settled.`,
          versionText(isContext, isAtLeast(goVersion, 1, 23)),
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: { value: site.value, limit: limits.timers, unit: "count" },
        where,
        evidence: [
          {
            artifact: last.artifact,
            excerpt: `inuse_objects ${countText(site.value)} below ${site.frame.function} ${shortFile(site.frame.file)}:${site.frame.line} (${timerFunction(site)})`,
          },
        ],
        next: isContext
          ? [
              "Call the cancel function on every path: defer cancel() right after context.WithTimeout or WithDeadline; go vet's lostcancel finds forgotten ones.",
              `Who starts them: go tool pprof -peek 'context.With(Timeout|Deadline)' -sample_index=inuse_objects ${last.artifact}`,
            ]
          : [
              "In loops use one time.NewTimer with Stop and Reset instead of time.After; Stop every ticker.",
              "Go 1.23 (and go 1.23 in go.mod) collects timers that nobody refers to.",
              `Who starts them: go tool pprof -peek 'time.(After|NewTimer|NewTicker|AfterFunc)' -sample_index=inuse_objects ${last.artifact}`,
            ],
      },
    ];
  },
});

const timers = workSet("newTimer");
const startsTimer = does(timers);
const startFunctions = functionsOf(timers);

/** All timers that are started without own code on the stack; named is the library of the heaviest stack. */
function libraryTimers(profile: Evidence["heap"][0], index: number, own: OwnCode): WorkSite | undefined {
  const stack = heaviestForeignStack(profile, index, own, startsTimer);
  const frame = stack?.find((candidate) => !own.isStandardLibrary(candidate)) ?? stack?.at(-1);
  if (stack === undefined || frame === undefined) return undefined;
  return { frame, stack, value: workTotal(profile, index, own, startsTimer) };
}

function timerFunction({ stack }: WorkSite): string {
  return stack.find(({ function: symbol }) => /^(?:time|context)\.[A-Z]/.test(symbol))?.function ?? "a timer";
}

function versionText(isContext: boolean, collects: boolean | undefined): string {
  if (isContext)
    return "A context with a deadline holds its timer until the deadline or until cancel is called, in every Go version.";
  if (collects === undefined)
    return "Up to Go 1.22 a timer stays until it fires, even when nobody refers to it.";
  return collects
    ? "This Go version collects timers that nobody refers to, so these are referred to, fire late (AfterFunc), or go.mod says go 1.22 or older."
    : "This Go version keeps a timer until it fires, even when nobody refers to it.";
}
