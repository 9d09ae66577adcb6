import { defineAnalyzer } from "../../domain/analyzer.ts";
import { containerFacts } from "../../domain/container-facts.ts";
import { coresUsed } from "../../domain/cores-used.ts";
import { isUnknown } from "../../domain/counters.ts";
import { busiestCpuSite } from "../../domain/cpu-sites.ts";
import { countText, durationText, percentText } from "../../domain/units.ts";

export const schedCpuThrottling = defineAnalyzer({
  meta: {
    id: "sched/cpu-throttling",
    title: "The container runs out of its CPU quota",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["metrics", "cpu", "context"],
    symptomOf: [
      "sched/gomaxprocs-over-quota",
      "gc/memory-limit-thrash",
      "gc/gogc-thrash",
      "cpu/spin",
      "cpu/regexp-compile",
    ],
    thresholds: {
      warningRatio: {
        default: 0.25,
        unit: "ratio",
        meaning: "CFS periods in which the container was throttled",
        source:
          "docs/decisions/0003-default-thresholds.md; alert CPUThrottlingHigh, https://github.com/kubernetes-monitoring/kubernetes-mixin",
      },
      criticalRatio: {
        default: 0.75,
        unit: "ratio",
        meaning: "the same, critical",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      periods: {
        default: 20,
        unit: "count",
        meaning:
          "CFS periods between the scrapes (ten a second while busy) below which the ratio says little",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "container_cpu_cfs_throttled_periods_total over container_cpu_cfs_periods_total, between two scrapes, or within five minutes " +
        "by Prometheus, of the container that the process runs in.",
      why:
        "A throttled container's threads all stop until the next period, up to 100 ms: requests, GC and health checks " +
        "with them. It looks like a slow everything, and CPU graphs averaged over a minute do not show it.",
      next: "Give the container more CPU, make GOMAXPROCS fit the quota, or spend less CPU at the named site.",
      falsePositives:
        "Short bursts of a batch job are throttled without harm. Counters since the start of the container are never used.",
      references: [
        "https://www.kernel.org/doc/html/latest/scheduler/sched-bwc.html",
        "https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md",
        "https://github.com/golang/go/issues/33803",
      ],
    },
  },
  analyze(evidence, limits) {
    const { cpu } = evidence;
    const container = containerFacts(evidence);
    if (isUnknown(container)) return { inconclusive: container.unknown };
    const { throttling, cpuLimitCores: cores } = container;
    if (isUnknown(throttling)) return { inconclusive: throttling.unknown };
    const { ratio, periods, throttledPeriods, throttledSeconds, window, artifact } = throttling;
    if (ratio < limits.warningRatio) return [];
    const used = coresUsed(evidence);
    const site = busiestCpuSite(evidence);
    const isCritical = ratio >= limits.criticalRatio;
    const stopped =
      throttledSeconds === undefined
        ? ""
        : `, ${durationText(throttledSeconds * 1000)} in all, summed over CPUs`;
    return [
      {
        severity: isCritical ? "critical" : "warning",
        confidence: periods >= limits.periods ? "proven" : "possible",
        title: `Throttled in ${percentText(ratio)} of the CPU periods`,
        summary: [
          `${capitalised(container.name)} was stopped in ${countText(throttledPeriods)} of ${countText(periods)} CFS periods ${window}${stopped}.`,
          cores === undefined ? "" : `Its CPU limit is ${cores} ${cores === 1 ? "core" : "cores"}.`,
          used === undefined ? "" : `The process used ${used.toFixed(2)} cores meanwhile.`,
          site === undefined ? "" : `Most of it, ${percentText(site.share)}, goes into ${site.function}.`,
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: {
          value: ratio,
          limit: isCritical ? limits.criticalRatio : limits.warningRatio,
          unit: "ratio",
        },
        where: site?.where ?? [],
        evidence: [
          {
            artifact,
            excerpt: `throttled ${countText(throttledPeriods)} of ${countText(periods)} periods`,
          },
        ],
        next: [
          "Raise the container's CPU limit, or remove it and keep the request.",
          "Check that GOMAXPROCS is not above the limit: more threads use the quota up sooner in each period.",
          ...(cpu === undefined ? [] : [`What uses the CPU: go tool pprof -top -cum ${cpu.artifact}`]),
        ],
      },
    ];
  },
});

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
