import type { Frame } from "../../domain/code/frame.ts";
import { type OwnCode, ownFrames } from "../../domain/code/own-code.ts";
import { alsoMissing, figure, type ServiceContext } from "../../domain/context/service-context.ts";
import {
  figureExcerpt,
  standing,
  usualFigure,
  usualOf,
  usualText,
} from "../../domain/context/usual-figures.ts";
import type { NonEmpty, ThreadCount } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { gauge, isUnknown } from "../../domain/metrics/counters.ts";
import { countText } from "../../domain/units.ts";

export const processThreads = defineAnalyzer({
  meta: {
    id: "process/threads",
    title: "The process has very many operating system threads",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["threadCount", "metrics", "goroutines", "context"],
    symptomOf: ["dns/slow-lookup", "exec/wait-stuck", "process/locked-threads"],
    thresholds: {
      threads: {
        default: 500,
        unit: "threads",
        meaning: "threads that the runtime has started",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      perGomaxprocs: {
        default: 50,
        unit: "threads",
        meaning: "threads for each processor of GOMAXPROCS, where that is known",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      usualRatio: {
        default: 3,
        unit: "ratio",
        meaning:
          "threads against what 99 % of the same hour yesterday and last week stayed below, where Prometheus knows it",
        source: "docs/decisions/0017-context.md",
      },
      aboveUsual: {
        default: 100,
        unit: "threads",
        meaning: "so many more than usual they must be, too",
        source: "docs/decisions/0017-context.md",
      },
      critical: {
        default: 8000,
        unit: "threads",
        meaning: "80 % of the 10,000 threads at which the runtime ends the process",
        source: "https://go.dev/src/runtime/proc.go (sched.maxmcount, checkmcount)",
      },
    },
    docs: {
      what:
        "Threads known to the runtime (threadcreate profile, go_threads), and which own functions have goroutines in system " +
        "calls or C calls right now: each of those keeps one.",
      why:
        "A goroutine in a blocking system call, a cgo call or a C library's name lookup holds a thread. At 10,000 the runtime " +
        "ends the process, and long before that each thread costs kernel memory and, with cgo, a C stack.",
      next: "Bound how many goroutines may be in the call at once, or give it a timeout.",
      falsePositives:
        "The runtime never ends a thread that it has no use for, so a burst long ago leaves its threads behind: when few " +
        "goroutines are in system calls now, the finding is context (info). So it is where every known day had about as many at this hour.",
      references: [
        "https://go.dev/src/runtime/proc.go",
        "https://pkg.go.dev/runtime/debug#SetMaxThreads",
        "https://github.com/golang/go/issues/14592",
      ],
    },
  },
  analyze({ threadCount, metrics, goroutines, context, target: { own } }, limits) {
    const counted = threadCount ?? (context === undefined ? undefined : threadsByContext(context));
    const gomaxprocs =
      (metrics === undefined ? undefined : gauge(metrics, "go_sched_gomaxprocs_threads")) ??
      (context === undefined ? undefined : figure(context, "gomaxprocs")?.value);
    const limit = Math.min(
      limits.threads,
      gomaxprocs === undefined ? limits.threads : gomaxprocs * limits.perGomaxprocs,
    );
    const groups = goroutines === undefined ? [] : inSystemCalls(goroutines.best);
    const now = groups.reduce((sum, group) => sum + group.count, 0);
    // Each goroutine in a system call keeps a thread: at least that many there are.
    if (counted === undefined && now < limit) {
      return {
        inconclusive: `no threadcreate profile and no go_threads in /metrics${alsoMissing(context, "threads")}`,
      };
    }
    const threads = counted?.threads ?? now;
    const known = context === undefined ? undefined : usualOf(context, "threads");
    const usual = known === undefined || isUnknown(known) ? undefined : known;
    const how =
      usual === undefined ? undefined : standing(threads, usual, limits.usualRatio, limits.aboveUsual);
    if (threads < limit && how !== "unusual") return [];

    const place = largestPlace(groups, own);
    // Half of the threads and more are in use, so this is going on.
    const isOngoing = now >= threads / 2;
    const isCritical = threads >= limits.critical;
    return [
      {
        severity: isCritical
          ? "critical"
          : how === "usual"
            ? "info"
            : isOngoing || goroutines === undefined
              ? "warning"
              : "info",
        confidence: isOngoing || isCritical ? "likely" : "possible",
        title: `The process has ${counted === undefined ? "at least " : ""}${countText(threads)} threads`,
        summary: [
          goroutines === undefined
            ? "Which functions hold them is not known without a goroutine capture."
            : isOngoing
              ? `${countText(now)} goroutines are in system or C calls right now, and each keeps a thread.`
              : `${now === 0 ? "No goroutine is" : `Only ${countText(now)} goroutines are`} in system or C calls right now: the threads are left from an earlier burst, since the runtime does not end idle ones.`,
          place === undefined || !isOngoing ? "" : `${countText(place.count)} of them are in one place.`,
          usual === undefined
            ? ""
            : `${how === "usual" ? "That is usual" : how === "unusual" ? "That is unusual" : "To compare"}: ${usualText(usual, countText)}.`,
          "At 10,000 threads the runtime ends the process.",
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: {
          value: threads,
          limit: threads >= limit || usual === undefined ? limit : Math.ceil(usual.most * limits.usualRatio),
          unit: "threads",
          ...(usual === undefined || context === undefined ? {} : { usual: usualFigure(context, usual) }),
        },
        where: place?.where ?? [],
        waitReason: "syscall",
        ...(place === undefined || !isOngoing ? {} : { groups: place.groups }),
        evidence: [
          ...(counted === undefined
            ? []
            : [
                {
                  artifact: counted.artifact,
                  excerpt: `${countText(threads)} threads${gomaxprocs === undefined ? "" : `, GOMAXPROCS ${gomaxprocs}`}`,
                },
              ]),
          ...(usual === undefined || context === undefined
            ? []
            : usual.days.map((day) => figureExcerpt(context.artifact, day, countText))),
          ...(place === undefined || goroutines === undefined
            ? []
            : [
                {
                  artifact: goroutines.best.artifact,
                  excerpt: groupText({ ...place.groups[0], count: place.count }, place.where[0]),
                },
              ]),
        ],
        next: [
          "Bound the calls: a semaphore or worker pool around file, cgo and DNS work at the named place.",
          "Name lookups through the C library: try GODEBUG=netdns=go. System calls that may hang: use deadlines or the network poller.",
        ],
      },
    ];
  },
});

function threadsByContext(context: ServiceContext): ThreadCount | undefined {
  const threads = figure(context, "threads")?.value;
  return threads === undefined ? undefined : { threads, artifact: context.artifact };
}

/** The signal loop sits in a system call in every process. */
const always = /^os\/signal\.signal_recv$|^runtime\.notetsleepg$/;

/** Groups of goroutines in system or C calls, largest first. */
function inSystemCalls({ groups }: GoroutineSnapshot): GoroutineGroup[] {
  return groups.filter(
    ({ wait, stack }) =>
      (wait === "syscall" || stack.some(({ function: symbol }) => symbol === "runtime.cgocall")) &&
      !stack.some(({ function: symbol }) => always.test(symbol)),
  );
}

/** Goroutines whose calls come from the same function. */
interface Place {
  readonly where: readonly Frame[];
  readonly groups: NonEmpty<GoroutineGroup>;
  readonly count: number;
}

/** By the innermost own function, or by that of a library where no own one takes part. */
function largestPlace(groups: readonly GoroutineGroup[], own: OwnCode): Place | undefined {
  const places = new Map<
    string,
    { where: readonly Frame[]; groups: [GoroutineGroup, ...GoroutineGroup[]]; count: number }
  >();
  for (const group of groups) {
    const frames = ownFrames(group.stack, own);
    const where =
      frames.length > 0 ? frames : group.stack.filter((frame) => !own.isStandardLibrary(frame)).slice(0, 1);
    const name = where[0]?.function ?? "";
    const place = places.get(name);
    if (place === undefined) places.set(name, { where, groups: [group], count: group.count });
    else {
      place.groups.push(group);
      place.count += group.count;
    }
  }
  return [...places.values()].sort((a, b) => b.count - a.count)[0];
}
