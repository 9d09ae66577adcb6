import { ownFrames } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { hasAnyOf, workSet } from "../../domain/code/work-kinds.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { cpuTime, type SampleChoice, workSites, workTotal } from "../../domain/profiles/sample-work.ts";
import { percentText } from "../../domain/units.ts";

export const cpuDialLoop = defineAnalyzer({
  meta: {
    id: "cpu/dial-loop",
    title: "Connections are opened again and again",
    severity: "warning",
    scope: "specific",
    needs: ["cpu"],
    uses: [],
    symptomOf: [],
    thresholds: {
      share: {
        default: 0.5,
        unit: "ratio",
        meaning: "part of the process's CPU time in net.Dialer",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      cores: {
        default: 0.1,
        unit: "count",
        meaning: "cores that dialling must keep busy: thousands of connections in a second",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "Most of the CPU time is spent on opening connections, on behalf of one own function. The usual cause: a loop that reconnects at once when dialling fails, without a pause; or a new connection for everything that is sent.",
      why: "It keeps a core or more busy with nothing, fills logs, and falls upon the other side the moment it comes back.",
      next: "Wait between attempts, longer each time and with some chance in it (exponential back-off with jitter); keep connections that work.",
      falsePositives:
        "A load generator or a port scanner opens connections for a living. Whether dialling fails, a CPU profile does not tell.",
      references: [
        "https://pkg.go.dev/net#Dialer",
        "https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/",
      ],
    },
  },
  analyze({ cpu, target: { own } }, limits) {
    const time = cpuTime(cpu);
    if (time === undefined)
      return { inconclusive: "the CPU profile holds no samples: the process used no CPU" };
    const { durationMs } = cpu;
    if (durationMs === undefined || durationMs <= 0)
      return { inconclusive: "the CPU profile does not tell how long it took, so cores cannot be counted" };
    const ns = workTotal(cpu, time.sampleIndex, own, dials);
    const share = ns / time.totalNs;
    const cores = ns / 1e6 / durationMs;
    if (share < limits.share || cores < limits.cores) return [];
    const [site] = workSites(cpu, time.sampleIndex, own, dials);
    const place = site === undefined ? "no function of the service itself" : site.frame.function;
    return [
      {
        confidence: "likely",
        title: `${site === undefined ? "A library" : shortName(place)} opens connections all the time: ${cores.toFixed(1)} cores for dialling`,
        summary: `${percentText(share)} of the CPU time goes into net.Dialer, ${site === undefined ? "called by libraries alone" : `${percentText(site.value / ns)} of that called from ${place}`}. A loop that dials again at once when that fails looks like this, and so does a new connection for everything that is sent: which of the two a CPU profile does not tell.`,
        measured: { value: share, limit: limits.share, unit: "ratio" },
        where: site === undefined ? [] : ownFrames(site.stack, own),
        evidence: [
          {
            artifact: cpu.artifact,
            excerpt:
              `net.Dialer: ${(ns / 1e9).toFixed(2)} s of ${(time.totalNs / 1e9).toFixed(2)} s of CPU time in ${(durationMs / 1000).toFixed(1)} s` +
              (site === undefined ? "" : `, below ${place} ${shortFile(site.frame.file)}:${site.frame.line}`),
          },
        ],
        next: [
          "Look at the error that dialling returns, and whether the other side is up.",
          "Pause between attempts: exponential back-off with jitter, reset when a connection has held.",
          "Where it succeeds: keep the connection, or give http.Transport enough idle ones (MaxIdleConnsPerHost is 2).",
        ],
      },
    ];
  },
});

const dial = workSet("dial");
const dials: SampleChoice = (below) => hasAnyOf(below, dial);
