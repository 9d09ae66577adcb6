import { capitalised } from "../../domain/capitalised.ts";
import { containerFacts } from "../../domain/context/container-facts.ts";
import { coresUsed } from "../../domain/context/cores-used.ts";
import { cpuWanted } from "../../domain/context/cpu-wanted.ts";
import { figure, type ServiceContext } from "../../domain/context/service-context.ts";
import {
  figureExcerpt,
  type Standing,
  standing,
  type Usual,
  usualFigure,
  usualOf,
  usualSentence,
  usualText,
} from "../../domain/context/usual-figures.ts";
import type { Evidence, TargetFacts } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer, type FindingDraft } from "../../domain/findings/analyzer.ts";
import { isUnknown } from "../../domain/metrics/counters.ts";
import { busiestCpuSite } from "../../domain/profiles/cpu-sites.ts";
import { countText, durationText, percentText } from "../../domain/units.ts";

export const schedCpuThrottling = defineAnalyzer({
  meta: {
    id: "sched/cpu-throttling",
    title: "The container runs out of its CPU quota",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["metrics", "cpu", "context", "goroutines"],
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
      usualRatio: {
        default: 3,
        unit: "ratio",
        meaning:
          "times what 99 % of the same hour yesterday and last week stayed below, where Prometheus knows it",
        source: "docs/decisions/0017-context.md",
      },
      aboveUsual: {
        default: 0.1,
        unit: "ratio",
        meaning: "so much more of the periods than usual it must be, too",
        source: "docs/decisions/0017-context.md",
      },
      processors: {
        default: 4,
        unit: "count",
        meaning:
          "processors for which every goroutine capture shows work, where the container's figures are not known",
        source: "docs/decisions/0037-cpu-that-is-not-given.md",
      },
      granted: {
        default: 0.25,
        unit: "ratio",
        meaning: "cores that the process got for each of them, at most",
        source: "docs/decisions/0037-cpu-that-is-not-given.md",
      },
    },
    docs: {
      what:
        "container_cpu_cfs_throttled_periods_total over container_cpu_cfs_periods_total, between two scrapes, or within five minutes " +
        "by Prometheus, of the container that the process runs in. Where nobody tells them: goroutines at work in every capture, " +
        "against the CPU time that the process got.",
      why:
        "A throttled container's threads all stop until the next period, up to 100 ms: requests, GC and health checks " +
        "with them. It looks like a slow everything, and CPU graphs averaged over a minute do not show it.",
      next: "Give the container more CPU, make GOMAXPROCS fit the quota, or spend less CPU at the named site.",
      falsePositives:
        "Short bursts of a batch job are throttled without harm. What the counters hold since the start of the container is never " +
        "used, only what they gained. Below the critical limit it is context (info) where every known day had about as much at this " +
        "hour; below the warning limit it is told as possible where it is three times the usual and a tenth of the periods more. " +
        "Without the container's figures a crowded host looks like a throttled container, so that is possible at most.",
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
    if (isUnknown(container)) return starved(evidence, limits, container.unknown);
    const { throttling, cpuLimitCores: cores } = container;
    if (isUnknown(throttling)) return starved(evidence, limits, throttling.unknown);
    const { ratio, periods, throttledPeriods, throttledSeconds, window, artifact } = throttling;
    const against = againstUsual(evidence.context, limits);
    const isOver = ratio >= limits.warningRatio;
    if (!isOver && against?.how !== "unusual") return [];
    const used = coresUsed(evidence);
    const site = busiestCpuSite(evidence);
    const isCritical = ratio >= limits.criticalRatio;
    const isUsual = against?.how === "usual" && !isCritical;
    const stopped =
      throttledSeconds === undefined
        ? ""
        : `, ${durationText(throttledSeconds * 1000)} in all, summed over CPUs`;
    return [
      {
        severity: isCritical ? "critical" : isUsual ? "info" : "warning",
        confidence: isOver && periods >= limits.periods ? "proven" : "possible",
        title: `Throttled in ${percentText(ratio)} of the CPU periods`,
        summary: [
          usualSentence(against),
          `${capitalised(container.name)} was stopped in ${countText(throttledPeriods)} of ${countText(periods)} CFS periods ${window}${stopped}.`,
          cores === undefined ? "" : `Its CPU limit is ${cores} ${cores === 1 ? "core" : "cores"}.`,
          used === undefined ? "" : `The process used ${used.toFixed(2)} cores meanwhile.`,
          site === undefined ? "" : `Most of it, ${percentText(site.share)}, goes into ${site.function}.`,
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: {
          value: ratio,
          limit: isCritical
            ? limits.criticalRatio
            : isOver || against === undefined
              ? limits.warningRatio
              : against.limit,
          unit: "ratio",
          ...(against === undefined ? {} : { usual: against.day }),
        },
        where: site?.where ?? [],
        evidence: [
          {
            artifact,
            excerpt: `throttled ${countText(throttledPeriods)} of ${countText(periods)} periods`,
          },
          ...(against?.evidence ?? []),
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

/** Without the container's figures: work that no CPU was given for, of which `unknown` leaves the reason open. */
function starved(
  evidence: Partial<Pick<Evidence, "cpu" | "metrics" | "goroutines">> & { readonly target: TargetFacts },
  limits: { readonly processors: number; readonly granted: number },
  unknown: string,
): readonly FindingDraft[] | { readonly inconclusive: string } {
  const wanted = cpuWanted(evidence);
  if (wanted === undefined || wanted.processors < limits.processors) return { inconclusive: unknown };
  const { processors, gomaxprocs, captures, cores, artifact } = wanted;
  const granted = cores / processors;
  if (granted > limits.granted) return { inconclusive: unknown };
  const site = busiestCpuSite(evidence);
  return [
    {
      confidence: "possible",
      title: `Work for ${processors} processors, and ${cores.toFixed(2)} cores to do it`,
      summary: [
        `Each of ${captures} captures shows ${processors} goroutines or more of its own code running or ready to run, GOMAXPROCS is ${gomaxprocs}, and the process got ${cores.toFixed(2)} cores.`,
        `So the operating system kept its threads from running: a CPU limit that throttles it, or a crowded host. Which of them is not known: ${unknown}.`,
        site === undefined
          ? ""
          : `Most of the CPU time, ${percentText(site.share)}, goes into ${site.function}.`,
      ]
        .filter((sentence) => sentence !== "")
        .join(" "),
      measured: { value: Number(granted.toFixed(3)), limit: limits.granted, unit: "ratio" },
      where: site?.where ?? [],
      evidence: [
        { artifact, excerpt: `${processors} goroutines at work, ${cores.toFixed(2)} cores of CPU time` },
      ],
      next: [
        "In the container: cat /sys/fs/cgroup/cpu.stat twice (cgroup v1: /sys/fs/cgroup/cpu/cpu.stat). nr_throttled that grows is a CPU limit; cpu.max beside it (v1: cpu.cfs_quota_us) says which.",
        `With a limit: raise it, or set GOMAXPROCS to it, rounded up; it is ${gomaxprocs} now. Without one: look at what else runs on the host.`,
        "A Prometheus that gofire may ask answers this by itself (docs/guide/context.md).",
      ],
    },
  ];
}

interface AgainstUsual {
  readonly how: Standing;
  readonly text: string;
  /** From here on it is unusual. */
  readonly limit: number;
  readonly day: ReturnType<typeof usualFigure>;
  readonly evidence: readonly ReturnType<typeof figureExcerpt>[];
}

/** By Prometheus' figures of now and then alone: what a second between two scrapes holds is not compared with an hour. */
function againstUsual(
  context: ServiceContext | undefined,
  { usualRatio, aboveUsual }: { readonly usualRatio: number; readonly aboveUsual: number },
): AgainstUsual | undefined {
  if (context === undefined) return undefined;
  const now = figure(context, "throttled");
  const usual: Usual | { readonly unknown: string } = usualOf(context, "throttled");
  if (now === undefined || isUnknown(usual)) return undefined;
  return {
    how: standing(now.value, usual, usualRatio, aboveUsual),
    text: `${usualText(usual, percentText)} of its CPU periods throttled`,
    limit: Math.max(usualRatio * usual.most, usual.most + aboveUsual),
    day: usualFigure(context, usual),
    evidence: usual.days.map((one) => figureExcerpt(context.artifact, one, percentText)),
  };
}
