import { type GoVersion, isAtLeast } from "../../domain/code/go-version.ts";
import { containerFacts } from "../../domain/context/container-facts.ts";
import { alsoMissing, figure } from "../../domain/context/service-context.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { gauge, isUnknown } from "../../domain/metrics/counters.ts";
import { busiestCpuSite } from "../../domain/profiles/cpu-sites.ts";
import { percentText } from "../../domain/units.ts";

export const schedGomaxprocsOverQuota = defineAnalyzer({
  meta: {
    id: "sched/gomaxprocs-over-quota",
    title: "GOMAXPROCS is larger than the container's CPU limit",
    severity: "info",
    scope: "specific",
    needs: [],
    uses: ["metrics", "cpu", "context"],
    symptomOf: [],
    thresholds: {
      throttledRatio: {
        default: 0.25,
        unit: "ratio",
        meaning: "throttled CFS periods from which the mismatch is held to do harm",
        source:
          "docs/decisions/0003-default-thresholds.md; alert CPUThrottlingHigh, https://github.com/kubernetes-monitoring/kubernetes-mixin",
      },
    },
    docs: {
      what:
        "go_sched_gomaxprocs_threads against the container's CPU limit (cAdvisor's quota over period, or kube-state-metrics' " +
        "limit), rounded up to whole cores and at least 2 as Go 1.25 does it; and whether the container is throttled.",
      why:
        "More threads than the quota pays for use it up early in each 100 ms period, and then all of them stop: GC workers, " +
        "the network poller and every request. Latency rises in steps of the rest of the period.",
      next: "Set GOMAXPROCS to the limit rounded up, or move to Go 1.25 with go 1.25 in go.mod.",
      falsePositives:
        "Without throttling the mismatch is a risk and no fault: it is context (info) then. A container without a limit is fine with the node's cores.",
      corrections: [
        {
          claim: "With a limit of 500m the runtime sets GOMAXPROCS to 1",
          fact: "Up to Go 1.24 the quota is not looked at, in cgroup v1 and v2: GOMAXPROCS is the number of CPUs. Since 1.25 it is the limit rounded up and at least 2, so 500m gives 2.",
          source: "https://go.dev/doc/go1.25#container-aware-gomaxprocs",
        },
        {
          claim: "Go 1.22 improved this",
          fact: "Go 1.25 did, for modules whose go.mod says go 1.25 or newer; 1.22 changed nothing here.",
          source: "https://go.dev/doc/go1.25#container-aware-gomaxprocs",
        },
        {
          claim: "runtime.GOMAXPROCS(0) reads the CPU set anew",
          fact: "It only returns the current value. Since Go 1.25 the runtime itself updates it when the limit changes, unless GOMAXPROCS was set.",
          source: "https://pkg.go.dev/runtime#GOMAXPROCS",
        },
      ],
      references: [
        "https://go.dev/doc/go1.25#container-aware-gomaxprocs",
        "https://github.com/golang/go/issues/33803",
        "https://github.com/golang/go/issues/73193",
      ],
    },
  },
  analyze(evidence, limits) {
    const { metrics, target, context } = evidence;
    const gomaxprocs =
      (metrics === undefined ? undefined : gauge(metrics, "go_sched_gomaxprocs_threads")) ??
      (context === undefined ? undefined : figure(context, "gomaxprocs")?.value);
    if (gomaxprocs === undefined) {
      return {
        inconclusive: `${
          metrics === undefined
            ? "no /metrics scrape"
            : "/metrics has no go_sched_gomaxprocs_threads (client_golang exports it since 1.20)"
        }${alsoMissing(context, "gomaxprocs")}`,
      };
    }
    const container = containerFacts(evidence);
    if (isUnknown(container)) {
      return {
        inconclusive: `GOMAXPROCS is ${gomaxprocs}, and the container's CPU limit is unknown: ${container.unknown}; in the container, /sys/fs/cgroup/cpu.max has it`,
      };
    }
    const { cpuLimitCores: cores, throttling, artifact } = container;
    if (cores === undefined) {
      return {
        inconclusive: `no CPU limit of ${container.name} is known: there is none, or it is not exported`,
      };
    }
    // adjustCgroupGOMAXPROCS in runtime/cgroup_linux.go (Go 1.25) rounds up and takes at least 2.
    const fitting = Math.max(2, Math.ceil(cores));
    if (gomaxprocs <= fitting) return [];

    const isThrottled = !isUnknown(throttling) && throttling.ratio >= limits.throttledRatio;
    const site = busiestCpuSite(evidence);
    return [
      {
        severity: isThrottled ? "warning" : "info",
        confidence: isThrottled ? "likely" : "proven",
        title: `GOMAXPROCS is ${gomaxprocs}, the container's CPU limit is ${cores}`,
        summary: [
          `Up to ${gomaxprocs} threads run Go code at once, and the quota of ${container.name} pays for ${cores} ${cores === 1 ? "core" : "cores"}.`,
          versionText(target.goVersion),
          isUnknown(throttling)
            ? `Whether it is throttled is not known: ${throttling.unknown}.`
            : isThrottled
              ? `It was throttled in ${percentText(throttling.ratio)} of the CPU periods; that the threads beyond the quota are why is inferred.`
              : `It was throttled in only ${percentText(throttling.ratio)} of the CPU periods, so this does no harm now.`,
          site === undefined
            ? ""
            : `Most of the CPU time, ${percentText(site.share)}, goes into ${site.function}.`,
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: { value: gomaxprocs, limit: fitting, unit: "threads" },
        where: site?.where ?? [],
        evidence: [
          {
            artifact,
            excerpt:
              `go_sched_gomaxprocs_threads ${gomaxprocs}, CPU limit ${cores}` +
              (isUnknown(throttling)
                ? ""
                : `, throttled ${throttling.throttledPeriods} of ${throttling.periods} periods`),
          },
        ],
        next: [
          `Set GOMAXPROCS=${fitting} in the container's environment${isAtLeast(target.goVersion, 1, 25) === true ? "." : ", or build with Go 1.25 and go 1.25 in go.mod, which does it by itself."}`,
          "Or raise the CPU limit. Pools that are sized by GOMAXPROCS (go-redis: 10 for each) shrink with it: set their size explicitly.",
        ],
      },
    ];
  },
});

function versionText(version: GoVersion | undefined): string {
  const looksAtQuota = isAtLeast(version, 1, 25);
  if (looksAtQuota === undefined) {
    return "Up to Go 1.24 the runtime does not look at the quota; since 1.25 it does when go.mod says go 1.25.";
  }
  if (!looksAtQuota) {
    return `Go 1.${version?.minor ?? 0} does not look at the quota: it takes the number of CPUs of the node.`;
  }
  return (
    "This Go version looks at the quota by itself, so something overrides it: GOMAXPROCS is set, go.mod says go 1.24 or older, " +
    "GODEBUG has containermaxprocs=0, or the limit is on a parent cgroup, which it does not read."
  );
}
