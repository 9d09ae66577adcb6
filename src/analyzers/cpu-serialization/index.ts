import { ownFrames } from "../../domain/code/own-code.ts";
import { workSet } from "../../domain/code/work-kinds.ts";
import { cpuPressure } from "../../domain/context/cpu-pressure.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { cpuTime, does, workSites, workTotal } from "../../domain/profiles/sample-work.ts";
import { percentText } from "../../domain/units.ts";

export const cpuSerialization = defineAnalyzer({
  meta: {
    id: "cpu/serialization",
    title: "Much of the CPU turns values into bytes and back",
    severity: "info",
    scope: "specific",
    needs: ["cpu"],
    uses: ["metrics"],
    symptomOf: [],
    thresholds: {
      share: {
        default: 0.3,
        unit: "ratio",
        meaning: "CPU time in encoding, formatting, reflection and logging",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      warningShare: {
        default: 0.5,
        unit: "ratio",
        meaning: "the same, when the process is short of CPU as well",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      busy: {
        default: 0.5,
        unit: "ratio",
        meaning: "CPU use of GOMAXPROCS from which a process counts as short of CPU",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      cores: {
        default: 0.1,
        unit: "count",
        meaning: "cores that it must keep busy to be worth a word",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      samples: {
        default: 100,
        unit: "count",
        meaning: "CPU samples below which shares say little (100 are taken per second of CPU time)",
        source: "https://go.dev/src/runtime/pprof/pprof.go (StartCPUProfile, 100 Hz)",
      },
    },
    docs: {
      what:
        "CPU time below JSON, protobuf and other encoders, fmt and strconv, reflection, and logging libraries, each sample " +
        "counted once, with the own function that causes most of it.",
      why:
        "It grows with the number of requests and their size, so it is often what limits throughput, and often avoidable: " +
        "debug logs, encoding the same document for every reader, reflection-based encoders.",
      next: "Encode once and reuse, generate encoders, drop or sample logs in the hot path.",
      falsePositives:
        "For an API that moves documents this is the work it is there for: it is context (info) unless it takes more than half of " +
        "the CPU of a process that uses half of its processors or more.",
      references: ["https://pkg.go.dev/encoding/json", "https://go.dev/blog/pprof"],
    },
  },
  analyze(evidence, limits) {
    const {
      cpu,
      target: { own },
    } = evidence;
    const time = cpuTime(cpu);
    if (time === undefined)
      return { inconclusive: "the CPU profile holds no samples: the process used no CPU" };
    if (time.samples < limits.samples) return [];
    const ns = workTotal(cpu, time.sampleIndex, own, does(anyOfThem));
    const share = ns / time.totalNs;
    const cores = cpu.durationMs === undefined ? undefined : ns / 1e6 / cpu.durationMs;
    if (share < limits.share || (cores !== undefined && cores < limits.cores)) return [];
    const saturation = cpuPressure(evidence)?.busy;
    const isShort = saturation !== undefined && saturation >= limits.busy && share >= limits.warningShare;
    const parts = kinds
      .map(([name, set]) => ({
        name,
        share: workTotal(cpu, time.sampleIndex, own, does(set)) / time.totalNs,
      }))
      .filter((part) => part.share >= 0.01)
      .toSorted((a, b) => b.share - a.share)
      .map((part) => `${part.name} ${percentText(part.share)}`)
      .join(", ");
    const site = workSites(cpu, time.sampleIndex, own, does(anyOfThem))[0];
    return [
      {
        severity: isShort ? "warning" : "info",
        confidence: "likely",
        title: `${percentText(share)} of the CPU time goes into encoding, formatting and logging`,
        summary:
          `${parts} (stacks may be in several of these). ` +
          (site === undefined
            ? "None of the service's own functions is on these stacks."
            : `${site.frame.function} causes most of it: ${percentText(site.value / time.totalNs)} of all CPU time. `) +
          (isShort
            ? `The process uses ${percentText(saturation)} of GOMAXPROCS, so this bounds what it can serve. `
            : "") +
          "It grows with the requests and may be just the service's work.",
        measured: { value: share, limit: isShort ? limits.warningShare : limits.share, unit: "ratio" },
        where: site === undefined ? [] : ownFrames(site.stack, own),
        evidence: [
          {
            artifact: cpu.artifact,
            excerpt: `${parts}${site === undefined ? "" : `; ${site.frame.function} ${shortFile(site.frame.file)}:${site.frame.line}`}`,
          },
        ],
        next: [
          `See what is encoded and by whom: go tool pprof -top -cum ${cpu.artifact}`,
          "Encode once and reuse the bytes; stream large documents; use a generated encoder where reflection dominates.",
          "Take debug logs and fmt.Sprintf out of the hot path.",
        ],
      },
    ];
  },
});

const kinds = [
  ["JSON", workSet("json")],
  ["other encodings", workSet("otherEncoding")],
  ["fmt and strconv", workSet("format")],
  ["reflection", workSet("reflection")],
  ["logging", workSet("logging")],
] as const;

const anyOfThem = kinds.reduce((all, [, set]) => all | set, 0);
