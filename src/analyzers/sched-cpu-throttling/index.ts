import { capitalised } from "../../domain/capitalised.ts";
import { containerFacts } from "../../domain/context/container-facts.ts";
import { coresUsed } from "../../domain/context/cores-used.ts";
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
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
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
        "Short bursts of a batch job are throttled without harm. Counters since the start of the container are never used. " +
        "What every known day had about as much of at this hour is context below the critical limit; what is three times the " +
        "usual, and a tenth of the periods more, is possible below the others.",
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
