import { containerFacts } from "../../domain/context/container-facts.ts";
import { alsoMissing } from "../../domain/context/service-context.ts";
import { defineAnalyzer, type FindingDraft } from "../../domain/findings/analyzer.ts";
import { heapGoal } from "../../domain/memory/heap-goal.ts";
import { isUnknown } from "../../domain/metrics/counters.ts";
import { bytesText, percentText } from "../../domain/units.ts";

export const gcMemoryLimitUnset = defineAnalyzer({
  meta: {
    id: "gc/memory-limit-unset",
    title: "The Go runtime does not know the container's memory limit",
    severity: "info",
    scope: "specific",
    needs: [],
    uses: ["metrics", "memstats", "heap", "context"],
    symptomOf: [],
    thresholds: {
      roomForRest: {
        default: 0.95,
        unit: "ratio",
        meaning: "GOMEMLIMIT as part of the container's limit above which other memory has no room",
        source: "https://go.dev/doc/gc-guide#Suggested_uses (leave 5-10 % of headroom)",
      },
      nearLimit: {
        default: 0.9,
        unit: "ratio",
        meaning: "working set as part of the container's limit from which the setting is urgent",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "go_gc_gomemlimit_bytes is math.MaxInt64, that is not set, or at or above the container's limit as cAdvisor or " +
        "kube-state-metrics report it.",
      why:
        "Without GOMEMLIMIT the heap may grow to twice what is alive (GOGC=100) before a GC runs, whatever the container " +
        "allows. Then the kernel kills the process although a GC would have made room.",
      next: "Set GOMEMLIMIT to 90-95 % of the container's memory limit; less when cgo or mmap take memory too.",
      falsePositives:
        "A service whose heap never comes near the limit does not need the setting: this is context (info) unless the next " +
        "GC is due only beyond the limit, or the working set is close to it.",
      corrections: [
        {
          claim: "the Go runtime takes memory.max from the cgroup",
          fact: "It does not, in any version up to 1.27: only GOMEMLIMIT or debug.SetMemoryLimit tell it. Container-aware since 1.25 is GOMAXPROCS, not the memory limit.",
          source: "https://pkg.go.dev/runtime/debug#SetMemoryLimit",
        },
        {
          claim: 'memory.max "max" makes SetMemoryLimit be ignored silently',
          fact: "SetMemoryLimit does not look at the cgroup, so it works everywhere.",
          source: "https://pkg.go.dev/runtime/debug#SetMemoryLimit",
        },
      ],
      references: [
        "https://go.dev/doc/gc-guide#Memory_limit",
        "https://pkg.go.dev/runtime/debug#SetMemoryLimit",
      ],
    },
  },
  analyze(evidence, limits) {
    const goal = heapGoal(evidence);
    if (goal.memoryLimit === undefined) {
      return {
        inconclusive: `${
          evidence.metrics === undefined
            ? "no /metrics scrape"
            : "/metrics has no go_gc_gomemlimit_bytes (client_golang exports it since 1.20, for Go 1.19 and newer)"
        }${alsoMissing(evidence.context, "memory-limit-go")}`,
      };
    }
    const container = containerFacts(evidence);
    if (isUnknown(container))
      return { inconclusive: `the container's memory limit is unknown: ${container.unknown}` };
    const { memoryLimitBytes: limitBytes, workingSetBytes: workingSet, artifact } = container;
    if (limitBytes === undefined) {
      return {
        inconclusive: `no memory limit of ${container.name} is known: there is none, or it is not exported`,
      };
    }
    if (goal.memoryLimit !== "none") {
      return judgedSet(goal.memoryLimit, limitBytes, container.name, artifact, limits.roomForRest);
    }

    const { figures } = goal;
    // What the process will hold when the next GC is due, if everything but heap objects stays as it is.
    const dueBytes =
      figures === undefined
        ? undefined
        : figures.nextGcBytes + figures.sysBytes - figures.heapIdleBytes - figures.heapAllocBytes;
    const isBeyond = dueBytes !== undefined && dueBytes > limitBytes;
    const isNear = workingSet !== undefined && workingSet > limitBytes * limits.nearLimit;
    return [
      {
        severity: isBeyond || isNear ? "warning" : "info",
        confidence: isBeyond || !isNear ? "proven" : "likely",
        title: `GOMEMLIMIT is not set; the container allows ${bytesText(limitBytes)}`,
        summary: [
          `The runtime does not know that ${container.name} may use ${bytesText(limitBytes)} only.`,
          dueBytes === undefined ? "" : `At its next GC the process will hold about ${bytesText(dueBytes)}.`,
          isBeyond ? "That is beyond the limit: the kernel would kill it before the GC runs." : "",
          isNear ? `The working set is at ${percentText((workingSet ?? 0) / limitBytes)} of the limit.` : "",
          isBeyond || isNear ? "" : "That leaves room, so nothing is urgent.",
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        ...(workingSet !== undefined && (dueBytes === undefined || (isNear && !isBeyond))
          ? { measured: { value: workingSet, limit: limitBytes * limits.nearLimit, unit: "bytes" } }
          : dueBytes === undefined
            ? {}
            : { measured: { value: dueBytes, limit: limitBytes, unit: "bytes" } }),
        where: [],
        evidence: [
          {
            artifact,
            excerpt: `go_gc_gomemlimit_bytes 9.22e+18 (not set), memory limit ${bytesText(limitBytes)}`,
          },
        ],
        next: [setLimit(limitBytes)],
      },
    ];
  },
});

function judgedSet(
  memoryLimit: number,
  containerBytes: number,
  container: string,
  artifact: string,
  roomForRest: number,
): FindingDraft[] {
  const part = memoryLimit / containerBytes;
  if (part <= roomForRest) return [];
  const isUseless = part >= 1;
  return [
    {
      severity: isUseless ? "warning" : "info",
      confidence: "proven",
      title: `GOMEMLIMIT ${bytesText(memoryLimit)} leaves no room in the container's ${bytesText(containerBytes)}`,
      summary: isUseless
        ? `GOMEMLIMIT is not below the memory limit of ${container}, so the kernel kills the process before the runtime holds back.`
        : `GOMEMLIMIT is ${percentText(part)} of the memory limit of ${container}; threads, cgo, mmap and the binary itself are not in it.`,
      measured: { value: part, limit: isUseless ? 1 : roomForRest, unit: "ratio" },
      where: [],
      evidence: [
        {
          artifact,
          excerpt: `go_gc_gomemlimit_bytes ${bytesText(memoryLimit)}, memory limit ${bytesText(containerBytes)}`,
        },
      ],
      next: [setLimit(containerBytes)],
    },
  ];
}

function setLimit(containerBytes: number): string {
  const mebibytes = Math.floor((containerBytes * 0.9) / 2 ** 20);
  return `Set GOMEMLIMIT=${mebibytes}MiB (90 % of the container's limit); less when cgo, mmap or sidecar processes share it.`;
}
