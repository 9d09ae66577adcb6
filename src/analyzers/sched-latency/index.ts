import { isRequest } from "../../domain/code/code-object.ts";
import { type CpuPressure, cpuPressure } from "../../domain/context/cpu-pressure.ts";
import {
  figureExcerpt,
  isUsual,
  usualFigure,
  usualOf,
  usualText,
} from "../../domain/context/usual-figures.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { isObserver } from "../../domain/goroutines/known-idle.ts";
import { isUnknown } from "../../domain/metrics/counters.ts";
import { busiestCpuSite } from "../../domain/profiles/cpu-sites.ts";
import { countText, percentText } from "../../domain/units.ts";
import { seenLatency } from "./seen.ts";

export const schedLatency = defineAnalyzer({
  meta: {
    id: "sched/latency",
    title: "Goroutines that could run wait for a processor",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["metrics", "cpu", "goroutines", "context"],
    symptomOf: [
      "sched/cpu-throttling",
      "sched/gomaxprocs-over-quota",
      "gc/memory-limit-thrash",
      "gc/gogc-thrash",
      "cpu/spin",
      "cpu/regexp-compile",
    ],
    thresholds: {
      slowMs: {
        default: 10,
        unit: "ms",
        meaning:
          "a wait counts as slow above the next bucket bound from here: 10.49 ms in client_golang's histogram",
        source:
          "docs/decisions/0003-default-thresholds.md; https://github.com/prometheus/client_golang/blob/main/prometheus/internal/go_runtime_metrics.go",
      },
      warningRatio: {
        default: 0.01,
        unit: "ratio",
        meaning: "share of slow waits",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      clearRatio: {
        default: 0.05,
        unit: "ratio",
        meaning: "share from which it is more than a crowded moment of the host",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      criticalRatio: {
        default: 0.1,
        unit: "ratio",
        meaning: "the same, critical",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      waits: {
        default: 50,
        unit: "count",
        meaning:
          "waits recorded between the scrapes below which the share says little; the runtime records one in eight",
        source: "docs/decisions/0003-default-thresholds.md; runtime/runtime2.go (gTrackingPeriod)",
      },
      slowWaits: {
        default: 10,
        unit: "count",
        meaning: "slow waits among them below which a share of some percent is chance",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      busy: {
        default: 0.5,
        unit: "ratio",
        meaning:
          "part of its GOMAXPROCS processors that the process keeps busy, from which it may be the reason itself",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "go_sched_latencies_seconds between two scrapes, or within five minutes by Prometheus: the share of waits of runnable goroutines above 10.49 ms. It is a " +
        "histogram with bounds a factor of ten apart, so p99 is printed as the range it lies in.",
      why:
        "Every request pays that wait at each step where its goroutine becomes runnable. It means too little CPU: throttling, " +
        "too few processors, or more work than they can do.",
      next: "Check throttling and CPU use; then GOMAXPROCS; then what uses the CPU.",
      falsePositives:
        "Batch work that keeps all processors busy makes goroutines wait without anybody noticing: where the process itself keeps half " +
        "of GOMAXPROCS busy the finding is only possible, and context (info) where no request is seen being handled or fewer than one " +
        "wait in twenty is slow. It is only possible, too, where fewer than one in twenty is slow, which a crowded host causes for " +
        "moments, and where every known day had as many at this hour. More than one slow wait in ten counts in any case; fewer than ten " +
        "slow waits never do.",
      corrections: [
        {
          claim: "high sched.latency means lock contention",
          fact: "The histogram is the time in the runnable state. A goroutine that waits for a lock is not runnable: it counts only after it got the lock.",
          source: "https://pkg.go.dev/runtime/metrics#hdr-Supported_metrics (/sched/latencies:seconds)",
        },
        {
          claim: "/debug/pprof/sched shows the scheduler",
          fact: "There is no such profile (404 Unknown profile). GODEBUG=schedtrace, runtime/metrics and the execution trace show it.",
          source: "https://pkg.go.dev/net/http/pprof",
        },
        {
          claim: "p99 of the scheduling latency above 20 ms is the alarm",
          fact: "client_golang's buckets are about 0.92, 10.49 and 117 ms, so 20 ms cannot be told; the share above 10.49 ms can.",
          source:
            "https://github.com/prometheus/client_golang/blob/main/prometheus/internal/go_runtime_metrics.go",
        },
      ],
      references: [
        "https://pkg.go.dev/runtime/metrics#hdr-Supported_metrics",
        "docs/decisions/0003-default-thresholds.md",
      ],
    },
  },
  analyze(evidence, limits) {
    const seen = seenLatency(evidence, limits);
    if (isUnknown(seen)) return { inconclusive: seen.unknown };
    const { share, waits } = seen;
    if (share <= limits.warningRatio) return [];
    if (waits !== undefined && share * waits < limits.slowWaits) return [];

    const isCritical = share > limits.criticalRatio;
    const pressure = cpuPressure(evidence);
    const busy = pressure?.busy;
    const isBusy = busy !== undefined && busy >= limits.busy;
    const bound = `${seen.boundMs.toFixed(2)} ms`;
    const site = busiestCpuSite(evidence);
    const range = rangeText(seen.p99Ms);
    const { context } = evidence;
    const known = context === undefined ? undefined : usualOf(context, "slow-scheduling");
    const usual = known === undefined || isUnknown(known) ? undefined : known;
    // A service that is like this at this hour has nobody to wake for it, unless one wait in ten is slow.
    const isAsAlways = usual !== undefined && isUsual(share, usual);
    // Of what keeps its own processors busy some waits are slow; who would notice are requests.
    const serves =
      evidence.goroutines?.series.some(({ groups }) =>
        groups.some((group) => isRequest(group) && !isObserver(group)),
      ) !== false;
    const isOwnWork = isBusy && (share < limits.clearRatio || !serves);
    return [
      {
        severity: isCritical ? "critical" : isOwnWork ? "info" : "warning",
        confidence:
          isCritical || (share >= limits.clearRatio && !isBusy && !isAsAlways) ? "likely" : "possible",
        title: `${percentText(share)} of runnable goroutines waited over ${bound} for a CPU`,
        summary: [
          `Of ${seen.what} ${percentText(share)} took more than ${bound}; p99 lies ${range}.`,
          usual === undefined
            ? ""
            : `${isAsAlways ? "That is usual for this hour" : "To compare"}: ${usualText(usual, percentText)}.`,
          reasonText(pressure),
          site === undefined
            ? ""
            : `${site.function} uses most CPU: ${percentText(site.share)} of what the process uses.`,
          "These goroutines do not wait for locks: those are not runnable.",
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: {
          value: share,
          limit: isCritical ? limits.criticalRatio : limits.warningRatio,
          unit: "ratio",
          ...(usual === undefined || context === undefined ? {} : { usual: usualFigure(context, usual) }),
        },
        where: site?.where ?? [],
        evidence: [
          {
            artifact: seen.artifact,
            excerpt: `go_sched_latencies_seconds: ${percentText(share)} of ${waits === undefined ? "waits" : countText(waits)} above ${bound}, p99 ${range}`,
          },
          ...(usual === undefined || context === undefined
            ? []
            : usual.days.map((day) => figureExcerpt(context.artifact, day, percentText))),
        ],
        next: [
          "Check throttling: rate(container_cpu_cfs_throttled_periods_total) over rate(container_cpu_cfs_periods_total).",
          "See what uses the CPU: go tool pprof -top -cum cpu.pb.gz",
          "More CPU, more replicas, or less work per request; GOMAXPROCS should fit the container's CPU limit.",
        ],
      },
    ];
  },
});

function reasonText(pressure: CpuPressure | undefined): string {
  if (pressure === undefined) return "How busy its processors are is not known.";
  const { busy, granted } = pressure;
  if (granted !== undefined && granted < 0.5) {
    return `Of the CPU time that it asked for it got ${percentText(granted)}, so it was throttled or the host is crowded. That is inferred.`;
  }
  return busy >= 0.9
    ? `The process keeps ${percentText(busy)} of GOMAXPROCS busy: it has more to run than processors.`
    : `The process keeps ${percentText(busy)} of GOMAXPROCS busy.`;
}

function rangeText(range: { readonly above: number; readonly upTo: number } | undefined): string {
  if (range === undefined) return "nowhere";
  const above = `${range.above.toFixed(2)} ms`;
  return Number.isFinite(range.upTo) ? `between ${above} and ${range.upTo.toFixed(2)} ms` : `above ${above}`;
}
