import { ownFrames } from "../../domain/code/own-code.ts";
import { hasAnyOf, workSet } from "../../domain/code/work-kinds.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { cpuTime, type SampleChoice, workSites, workTotal } from "../../domain/profiles/sample-work.ts";
import { percentText } from "../../domain/units.ts";

export const cpuRegexpCompile = defineAnalyzer({
  meta: {
    id: "cpu/regexp-compile",
    title: "Regular expressions are compiled again and again",
    severity: "warning",
    scope: "specific",
    needs: ["cpu"],
    uses: [],
    symptomOf: [],
    thresholds: {
      share: {
        default: 0.05,
        unit: "ratio",
        meaning: "CPU time spent on compiling patterns, outside package initialisation",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      cores: {
        default: 0.02,
        unit: "count",
        meaning: "cores that compiling must keep busy to matter in a process that does little else",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      samples: {
        default: 50,
        unit: "count",
        meaning: "CPU samples below which shares say little (100 are taken per second of CPU time)",
        source: "https://go.dev/src/runtime/pprof/pprof.go (StartCPUProfile, 100 Hz)",
      },
    },
    docs: {
      what:
        "CPU time below regexp.Compile, MustCompile, MatchString(pattern, ...) and their relatives, by the own function that " +
        "calls them. Package initialisation does not count.",
      why:
        "Compiling costs tens of microseconds and hundreds of allocations for each pattern, a match a fraction of that. In a " +
        "request path it is usually the largest avoidable cost, and its garbage makes the GC work as well.",
      next: "Compile once: a package-level variable with regexp.MustCompile, or a bounded cache when patterns come from data.",
      falsePositives:
        "Patterns that really differ from call to call (a search box) must be compiled; then a cache helps. A profile of the start-up " +
        "shows compiling that happens once: package initialisation is left out, other start-up code cannot be told apart.",
      references: ["https://pkg.go.dev/regexp#MustCompile", "https://go.dev/src/regexp/regexp.go"],
    },
  },
  analyze({ cpu, target: { own } }, limits) {
    const time = cpuTime(cpu);
    if (time === undefined)
      return { inconclusive: "the CPU profile holds no samples: the process used no CPU" };
    if (time.samples < limits.samples) return [];
    const ns = workTotal(cpu, time.sampleIndex, own, compiles);
    const share = ns / time.totalNs;
    const cores = cpu.durationMs === undefined ? undefined : ns / 1e6 / cpu.durationMs;
    if (share < limits.share || (cores !== undefined && cores < limits.cores)) return [];
    const site = workSites(cpu, time.sampleIndex, own, compiles)[0];
    const place = site === undefined ? "no function of the service itself" : site.frame.function;
    return [
      {
        confidence: "likely",
        title: `${percentText(share)} of the CPU time compiles regular expressions`,
        summary: [
          site === undefined
            ? "A library does it; none of the service's own functions is on these stacks."
            : `${percentText(site.value / ns)} of that is called from ${place}.`,
          "The same pattern compiled once would cost nothing from then on; that it is the same pattern is inferred from the place.",
        ].join(" "),
        measured: { value: share, limit: limits.share, unit: "ratio" },
        where: site === undefined ? [] : ownFrames(site.stack, own),
        evidence: [
          {
            artifact: cpu.artifact,
            excerpt:
              `regexp.compile: ${percentText(share)} of ${(time.totalNs / 1e9).toFixed(2)} s of CPU time` +
              (site === undefined ? "" : `, below ${place} ${shortFile(site.frame.file)}:${site.frame.line}`),
          },
        ],
        next: [
          "Move the pattern to a package-level variable: var pattern = regexp.MustCompile(`...`); a compiled Regexp is safe for concurrent use.",
          "When patterns come from configuration or users, keep the compiled ones in a bounded cache.",
          `See all callers: go tool pprof -peek 'regexp.compile$' ${cpu.artifact}`,
        ],
      },
    ];
  },
});

const regexpCompile = workSet("regexpCompile");
const packageInit = workSet("packageInit");

const compiles: SampleChoice = (_below, anywhere) =>
  hasAnyOf(anywhere, regexpCompile) && !hasAnyOf(anywhere, packageInit);
