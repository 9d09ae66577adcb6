import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { counted } from "../../domain/units.ts";

export const processLockedThreads = defineAnalyzer({
  meta: {
    id: "process/locked-threads",
    title: "Many goroutines each own an operating system thread",
    severity: "warning",
    scope: "specific",
    needs: ["dump"],
    uses: [],
    symptomOf: [],
    thresholds: {
      noticed: {
        default: 32,
        unit: "threads",
        meaning: "goroutines locked to a thread that are worth a look",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      threads: {
        default: 200,
        unit: "threads",
        meaning: "goroutines locked to a thread that are a problem; the runtime aborts at 10,000 threads",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "Goroutines that a dump marks `locked to thread` (runtime.LockOSThread, or a call from C).",
      why: "Each of them keeps an operating system thread to itself, even while it waits. Threads cost memory and scheduling, and at 10,000 the runtime aborts.",
      next: "Call runtime.UnlockOSThread, or let the goroutine end; confine calls that need one thread to one worker.",
      falsePositives:
        "A few locked goroutines are normal (graphics, C libraries, namespaces). Only dumps (debug=2) show the mark.",
      references: ["https://pkg.go.dev/runtime#LockOSThread", "https://go.dev/src/runtime/proc.go"],
    },
  },
  analyze({ dump, target }, limits) {
    const locked = dump.groups.filter(({ lockedToThread }) => lockedToThread > 0);
    const threads = locked.reduce((sum, group) => sum + group.lockedToThread, 0);
    if (threads < limits.noticed) return [];
    const many = threads >= limits.threads;
    const sites = waitSites(locked, target.own);
    return [
      {
        confidence: many ? "likely" : "possible",
        title: `${counted(threads, "goroutine")} locked to an operating system thread each`,
        summary: `${counted(threads, "goroutine")} ${threads === 1 ? "holds" : "hold"} a thread of their own (runtime.LockOSThread or a call from C), ${counted(sites[0]?.count ?? 0, "goroutine")} of them at one line. A thread stays taken while its goroutine waits.`,
        measured: { value: threads, limit: many ? limits.threads : limits.noticed, unit: "threads" },
        where: sites[0]?.where ?? [],
        groups: locked,
        evidence: sites
          .slice(0, 3)
          .flatMap(({ groups: [group], where }) =>
            group === undefined
              ? []
              : [{ artifact: dump.artifact, excerpt: `${groupText(group, where[0])}, locked to thread` }],
          ),
        next: [
          "Call runtime.UnlockOSThread when the work that needs the thread is done, or let the goroutine end: its thread ends with it.",
          "Send such work to one or a few workers that stay locked.",
        ],
      },
    ];
  },
});
