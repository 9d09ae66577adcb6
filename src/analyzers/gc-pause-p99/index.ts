import { type CpuPressure, cpuPressure } from "../../domain/context/cpu-pressure.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { chanceOf, recentPauses } from "../../domain/memory/gc-pauses.ts";
import { busiestAssemblySite } from "../../domain/profiles/assembly-loops.ts";
import type { CpuSite } from "../../domain/profiles/cpu-sites.ts";
import { durationText, percentText } from "../../domain/units.ts";
import { judgeHistogram } from "./histogram.ts";
import { nextSteps } from "./next-steps.ts";
import { againstUsual } from "./usual.ts";

export const gcPauseP99 = defineAnalyzer({
  meta: {
    id: "gc/pause-p99",
    title: "Garbage collection stops the world for long",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["memstats", "metrics", "cpu", "context"],
    symptomOf: ["sched/cpu-throttling", "sched/gomaxprocs-over-quota"],
    thresholds: {
      warningMs: {
        default: 5,
        unit: "ms",
        meaning: "p99 of the stop-the-world time of one GC",
        source: "docs/decisions/0003-default-thresholds.md; design goal: https://go.dev/blog/ismmkeynote",
      },
      criticalMs: {
        default: 50,
        unit: "ms",
        meaning: "the same, critical",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      busy: {
        default: 0.5,
        unit: "ratio",
        meaning:
          "CPU use of GOMAXPROCS from which pauses below the critical limit are no more than worth a look",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      granted: {
        default: 0.3,
        unit: "ratio",
        meaning: "CPU time it got of what it asked for, below which a busy process is stopped from outside",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      fewestGcs: {
        default: 20,
        unit: "count",
        meaning: "GCs in the last ten minutes below which only a critical pause is worth a word",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      enoughGcs: {
        default: 100,
        unit: "count",
        meaning:
          "GCs in the last ten minutes below which p99 is the longest one, and worth a look only unless too many are slow for chance",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      chance: {
        default: 0.01,
        unit: "ratio",
        meaning:
          "probability that so many of a few pauses are slow while p99 is not, below which few pauses are enough",
        source:
          "docs/decisions/0003-default-thresholds.md; binomial tail, https://www.itl.nist.gov/div898/handbook/prc/section2/prc252.htm",
      },
      assembly: {
        default: 0.25,
        unit: "ratio",
        meaning:
          "part of the CPU time in assembly that one function calls, from which it is held to delay the stops",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "The exact 99th percentile of the stop-the-world times that the runtime keeps for its last 256 collections " +
        "(PauseNs in heap?debug=1), those of the last ten minutes. One value is the sum of the pauses of one cycle. Without " +
        "them, the bucket of the runtime's pause histogram, as a range: between two scrapes, or within five minutes by Prometheus. Where " +
        "Prometheus knows in which bucket it was at the same hour yesterday and last week, against these.",
      why:
        "While the world is stopped nothing is served. Go is built to stay far below a millisecond, so pauses of many " +
        "milliseconds mean that its threads do not get CPU when they should, or that one goroutine could not be stopped.",
      next: "Look for CPU throttling first, then for a host that is overcommitted, then for long calls of assembly: the CPU profile shows them.",
      falsePositives:
        "Pauses older than ten minutes are left out, and one slow pause among few is context only. So are the pauses of a " +
        "process that keeps half of its processors busy, because its threads compete with each other. One that got less than 30 % " +
        "of the CPU time it asked for is held to be stopped from outside only when one pause in twenty is critical; so is one of which " +
        "it is not known, for any crowded host makes pauses long (/cpu/classes in two scrapes tell: collectors.MetricsAll); below the critical " +
        "limit it is context as long as only one pause in twenty is slow. Stops that " +
        'captures cause (goroutine dumps) are not in PauseNs. quantile="1" of go_gc_duration_seconds is the longest of the last ' +
        "256 pauses at most: it can clear the rule, and never convicts. What lies in the same bucket on every known day, or lower, is context " +
        "below the critical limit; the bounds lie a factor of ten apart, so a rise within one is not seen.",
      corrections: [
        {
          claim: "GC pause p99 can be read from go_gc_duration_seconds",
          fact: "That summary has the quantiles 0, 0.25, 0.5, 0.75 and 1 only. The 256 latest pauses in heap?debug=1 give an exact p99 without a change of the service.",
          source: "https://github.com/prometheus/client_golang/blob/main/prometheus/go_collector.go",
        },
      ],
      references: [
        "https://pkg.go.dev/runtime#MemStats",
        "https://go.dev/blog/ismmkeynote",
        "docs/decisions/0003-default-thresholds.md",
      ],
    },
  },
  analyze(evidence, limits) {
    const { memstats, metrics, context } = evidence;
    const pressure = cpuPressure(evidence);
    const isBusy = pressure !== undefined && pressure.busy >= limits.busy;
    const isStarved = pressure?.granted !== undefined && pressure.granted < limits.granted;
    const pauses = memstats === undefined ? undefined : recentPauses(memstats);
    if (pauses !== undefined) {
      if (pauses.p99Ms < limits.warningMs) return [];
      if (pauses.count < limits.fewestGcs && pauses.p99Ms < limits.criticalMs) return [];
      const isWhole = pauses.count >= limits.enoughGcs;
      const isEstablished = (limitMs: number) => isWhole || chanceOf(pauses, limitMs) < limits.chance;
      const isEnough = isEstablished(limits.warningMs);
      // One critical pause among a few that are slow is not what its severity rests on.
      const isCritical = pauses.p99Ms >= limits.criticalMs && (isEstablished(limits.criticalMs) || !isEnough);
      const isCalm = pressure?.granted !== undefined && !isBusy && !isStarved;
      const isStoppedOften = (pressure === undefined || isStarved) && pauses.p95Ms >= limits.criticalMs;
      const site = busiestAssemblySite(evidence);
      const loop = site !== undefined && site.share >= limits.assembly ? site : undefined;
      const usual = againstUsual(context, pauses.p99Ms);
      // A crowded host makes pauses long on any day: longer than on every other day is this process's or this moment's.
      const isNew = isWhole && !isBusy && usual?.how === "unusual";
      const isLikely = isEnough && (isCalm || isNew || (isWhole && isStoppedOften));
      // One slow pause among few is chance, and slow ones that nineteen in twenty are not are what a crowded host makes of
      // healthy processes as well: worth a line, not worth holding up a verdict.
      const isTail = !isLikely && pauses.p95Ms < limits.warningMs;
      return [
        {
          severity: isCritical
            ? isEnough
              ? "critical"
              : "info"
            : !isEnough || isTail || usual?.how === "usual"
              ? "info"
              : "warning",
          confidence: isLikely ? "likely" : "possible",
          title: `GC stops the world for ${durationText(pauses.p99Ms)} at ${isWhole ? "p99" : "worst"}`,
          summary:
            `${isWhole ? "p99" : "The longest"} of the last ${pauses.count} collections within ${durationText(pauses.spanMs)}, median ${durationText(pauses.medianMs)}, longest ` +
            `${durationText(pauses.longestMs)}. Go is built to stay well below a millisecond, so the usual reading is that ` +
            `${reasonText(pressure, isBusy, isStarved, loop)}. That is inferred.${usual === undefined ? "" : ` ${usual.sentence}`}`,
          measured: {
            value: pauses.p99Ms,
            limit: isCritical ? limits.criticalMs : limits.warningMs,
            unit: "ms",
            ...(usual === undefined ? {} : { usual: usual.figure }),
          },
          where: loop?.where ?? [],
          evidence: [
            {
              artifact: pauses.artifact,
              excerpt: `PauseNs, longest first: ${pauses.longestFirstMs.slice(0, 5).map(durationText).join(", ")}`,
            },
            ...(loop === undefined
              ? []
              : [
                  {
                    artifact: loop.artifact,
                    excerpt: `${loop.function}: ${percentText(loop.share)} of the CPU time in assembly`,
                  },
                ]),
            ...(usual?.evidence ?? []),
          ],
          next: loop === undefined ? nextSteps : [smallerSteps, ...nextSteps],
        },
      ];
    }
    // Every collection is older than ten minutes, or there was none.
    if (memstats !== undefined) return [];
    return judgeHistogram(
      { metrics, context },
      { isCalm: pressure?.granted !== undefined && !isBusy && !isStarved, isBusy },
      limits,
    );
  },
});

function reasonText(
  pressure: CpuPressure | undefined,
  isBusy: boolean,
  isStarved: boolean,
  loop: CpuSite | undefined,
): string {
  if (isStarved) {
    return `its threads did not get CPU: of what it asked for it got ${percentText(pressure?.granted ?? 0)}, so it was throttled or the host is crowded`;
  }
  if (loop !== undefined) {
    return (
      `a goroutine could not be stopped: ${loop.function} spends ${percentText(loop.share)} of the CPU time in calls of assembly, ` +
      "which the runtime cannot interrupt, so a collection waits until such a call returns"
    );
  }
  if (isBusy) {
    return `its threads did not get CPU: the process itself keeps ${percentText(pressure?.busy ?? 0)} of GOMAXPROCS busy`;
  }
  const unknown =
    pressure?.granted === undefined
      ? "; a host that is crowded for a moment does the same, and whether it was the captures do not tell"
      : "";
  return `its threads did not get CPU: throttling, or a busy host${unknown}`;
}

const smallerSteps =
  "Give the assembly less at a time (hash, compress or copy in pieces of a MiB, for example with io.Copy), so that the runtime can stop the goroutine in between.";
