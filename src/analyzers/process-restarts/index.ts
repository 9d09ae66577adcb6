import {
  type ContextEvent,
  figure,
  type ServiceContext,
  whyMissing,
} from "../../domain/context/service-context.ts";
import { defineAnalyzer, type FindingDraft } from "../../domain/findings/analyzer.ts";
import { bytesText, counted, durationText } from "../../domain/units.ts";

export const processRestarts = defineAnalyzer({
  meta: {
    id: "process/restarts",
    title: "The process was killed for its memory, or restarts again and again",
    severity: "warning",
    scope: "specific",
    needs: ["context"],
    uses: [],
    symptomOf: [
      "process/concurrent-map",
      "process/crash",
      "heap/growth",
      "heap/goroutine-memory",
      "heap/timer-leak",
      "process/rss-over-heap",
      "goroutine/growth",
      "gc/memory-limit-unset",
    ],
    thresholds: {
      restarts: {
        default: 3,
        unit: "count",
        meaning: "restarts within an hour; a deploy is one",
        source: "docs/decisions/0017-context.md",
      },
      oomKills: {
        default: 1,
        unit: "count",
        meaning:
          "OOM kills within an hour; whether the last end was one is known of six, and context after the first",
        source: "docs/decisions/0017-context.md",
      },
      critical: {
        default: 3,
        unit: "count",
        meaning: "OOM kills within an hour from which the service is down more often than it is of use",
        source: "docs/decisions/0017-context.md",
      },
    },
    docs: {
      what:
        "By Prometheus: how often process_start_time_seconds changed or kube_pod_container_status_restarts_total rose within an " +
        "hour, and whether the kernel killed the container for its memory (container_oom_events_total, last terminated reason OOMKilled).",
      why:
        "A process that has just begun looks healthy: what brought it down is gone with it. Its heap, its goroutines and its " +
        "requests were lost with each restart.",
      next: "Read the log of the process before this one; for OOM kills hold the heap and GOMEMLIMIT against the container's limit.",
      falsePositives:
        "Several deploys within an hour are restarts as well: with a deploy in sight restarts are possible only. A single restart " +
        "is told on the card and is no finding. The reason is that of the process's own container, not of its neighbours in the pod; a " +
        "child of the process may be what was killed. A kill more than an hour ago is context.",
      references: [
        "https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/pod-metrics.md",
        "https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md",
        "docs/decisions/0017-context.md",
      ],
    },
  },
  analyze({ context }, limits) {
    const kill = context.events.find(({ kind }) => kind === "oom-kill");
    const restarts = figure(context, "restarts");
    if (kill !== undefined && kill.count >= limits.oomKills) return [killed(context, kill, limits)];
    if (restarts === undefined) return { inconclusive: whyMissing(context, "restarts", "now") };
    if (restarts.value < limits.restarts) return [];
    const deploy = context.events.find(({ kind }) => kind === "deploy");
    const end = context.events.find(({ kind }) => kind === "exit");
    const window = durationText(restarts.windowMs ?? 0);
    return [
      {
        confidence: deploy === undefined ? "likely" : "possible",
        title: `The process restarted ${counted(restarts.value, "time")} within ${window}`,
        summary: [
          `By Prometheus it began anew ${counted(restarts.value, "time")} within ${window}, so what is captured now is younger than what went wrong.`,
          end === undefined ? "" : `Its container ended with "${end.detail}" last time.`,
          deploy === undefined
            ? "No deploy is in sight that would explain it."
            : "There was a deploy as well, which may be some or all of them.",
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: { value: restarts.value, limit: limits.restarts, unit: "restarts" },
        where: [],
        evidence: [{ artifact: context.artifact, excerpt: `${restarts.query} = ${restarts.value}` }],
        next: [previousLog, "If it panics, have the goroutine and the line named: gofire analyze LOG"],
      },
    ];
  },
});

const previousLog =
  "Read what the process before this one said, or the log of its last minute: kubectl logs --previous POD";

/** Longer ago it is context: whoever is woken now is woken for something else. */
const recentMs = 3_600_000;

function killed(
  context: ServiceContext,
  { count, windowMs, atMs, query }: ContextEvent,
  limits: { readonly oomKills: number; readonly critical: number },
): FindingDraft {
  const limit = figure(context, "memory-limit");
  const heap = figure(context, "heap-in-use");
  const agoMs = atMs === undefined ? undefined : Math.max(0, context.atMs - atMs);
  const isRecent = (agoMs ?? windowMs) <= recentMs;
  const often = count === 1 ? "" : ` ${counted(count, "time")} within ${durationText(windowMs)}`;
  const last = agoMs === undefined ? "" : `${often === "" ? "" : ", last"} ${durationText(agoMs)} ago`;
  const when = often === "" && last === "" ? ` within ${durationText(windowMs)}` : `${often}${last}`;
  return {
    severity: !isRecent ? "info" : count >= limits.critical ? "critical" : "warning",
    confidence: "likely",
    title: `Killed for its memory (OOM)${when}`,
    summary: [
      `By Prometheus the kernel killed in the process's container${when}. That it was this process and not a child of it is inferred.`,
      limit === undefined ? "" : `The container's memory limit is ${bytesText(limit.value)}.`,
      heap === undefined ? "" : `The heap in use is ${bytesText(heap.value)} now, after it began anew.`,
      "What filled the memory went with it: what grows now is the best hint.",
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
    measured: { value: count, limit: limits.oomKills, unit: "OOM kills" },
    where: [],
    evidence: [{ artifact: context.artifact, excerpt: `${query} = ${count}` }],
    next: [
      "Capture again in some minutes and compare the heap: what has grown by then fills it the next time as well.",
      "Hold GOMEMLIMIT (90 % of the container's limit) and the limit itself against what the service needs.",
      previousLog,
    ],
  };
}
