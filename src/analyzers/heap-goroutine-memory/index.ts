import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { heapFigures } from "../../domain/memory/heap-figures.ts";
import { bytesText, counted, countText, percentText } from "../../domain/units.ts";
import { type HolderSite, holderSites } from "./holders.ts";

export const heapGoroutineMemory = defineAnalyzer({
  meta: {
    id: "heap/goroutine-memory",
    title: "Goroutines hold a large part of the memory",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["memstats", "metrics", "heap"],
    symptomOf: [
      "http/body-leak",
      "http/transport-leak",
      "goroutine/runtime-leak",
      "goroutine/chan-send-leak",
      "goroutine/chan-receive-leak",
      "goroutine/context-leak",
      "goroutine/growth",
    ],
    thresholds: {
      heldBytes: {
        default: 64 * 2 ** 20,
        unit: "bytes",
        meaning: "memory in goroutine stacks, and in objects that functions of waiting goroutines allocated",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      growingBytes: {
        default: 16 * 2 ** 20,
        unit: "bytes",
        meaning: "the same, where the goroutines become more",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      heldRatio: {
        default: 0.25,
        unit: "ratio",
        meaning: "the same as part of stacks and heap in use",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      goroutines: {
        default: 100,
        unit: "goroutines",
        meaning: "goroutines at one place below which what they allocated is not held to be theirs",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      growthRatio: {
        default: 0.05,
        unit: "ratio",
        meaning:
          "growth of the goroutines between two captures from which the memory is held to grow with them",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "Memory in goroutine stacks (StackInuse), plus what functions allocated that many waiting goroutines are in right " +
        "now, against stacks and heap in use; and whether the goroutines become more between two captures.",
      why:
        "A goroutine keeps at least 2 KiB of stack, commonly 8 KiB, and everything its variables point to. A goroutine leak " +
        "is therefore a memory leak, and what to mend is the wait and not the allocation.",
      next: "Follow the goroutine findings: ending the goroutines frees the stacks and what they hold.",
      falsePositives:
        "A service that keeps goroutines and buffers for each of many connections legitimately holds this memory: without growth it " +
        "is context (info). That a waiting goroutine holds what its function allocated is inferred.",
      references: [
        "https://go.dev/src/runtime/stack.go",
        "https://pkg.go.dev/runtime#MemStats",
        "docs/decisions/0003-default-thresholds.md",
      ],
    },
  },
  analyze(evidence, limits) {
    const { goroutines, heap, target } = evidence;
    const figures = heapFigures(evidence);
    if (figures === undefined) {
      return {
        inconclusive:
          "no heap debug=1 capture and no go_memstats_* in /metrics, so the stacks' size is unknown",
      };
    }
    const sites = holderSites(goroutines, heap?.at(-1), target.own).filter(
      (site) => site.count >= limits.goroutines,
    );
    const objectBytes = new Map(sites.flatMap((site) => [...site.objects]));
    const heapBytes = [...objectBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const heldBytes = figures.stackInuseBytes + heapBytes;
    const inuseBytes = figures.stackInuseBytes + Math.max(figures.heapInuseBytes, heapBytes);
    const ratio = heldBytes / Math.max(1, inuseBytes);
    const { best } = goroutines;
    const main = sites.toSorted((a, b) => memoryOf(b) - memoryOf(a) || b.count - a.count)[0];
    const growth = main?.growth;
    const grows = growth !== undefined && growth.after > growth.before * (1 + limits.growthRatio);
    const limit = grows ? limits.growingBytes : limits.heldBytes;
    if (heldBytes < limit || ratio < limits.heldRatio) return [];
    return [
      {
        severity: grows ? "warning" : "info",
        confidence: "likely",
        title: `Goroutines hold ${bytesText(heldBytes)} of memory`,
        summary: [
          `${counted(best.total, "goroutine")} have ${bytesText(figures.stackInuseBytes)} of stack.`,
          heapBytes === 0
            ? ""
            : `Functions that many of them wait in allocated another ${bytesText(heapBytes)} that is in use; that they hold it is inferred.`,
          `Together that is ${percentText(ratio)} of stacks and heap in use.`,
          growth === undefined
            ? ""
            : grows
              ? `At the named place they became ${countText(growth.after - growth.before)} more between the captures.`
              : "At the named place they do not become more, so this may be what the service needs for its connections.",
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        measured: { value: heldBytes, limit, unit: "bytes" },
        where: main?.where ?? [],
        evidence: [
          {
            artifact: figures.artifact,
            excerpt: `stack in use ${bytesText(figures.stackInuseBytes)}, heap in use ${bytesText(figures.heapInuseBytes)}`,
          },
          ...(main?.groups[0] === undefined
            ? []
            : [
                {
                  artifact: best.artifact,
                  excerpt: groupText({ ...main.groups[0], count: main.count }, main.where[0]),
                },
              ]),
          ...(heap === undefined || main === undefined
            ? []
            : [...main.objects].map(([name, bytes]) => ({
                artifact: heap[heap.length - 1]?.artifact ?? heap[0].artifact,
                excerpt: `${name}: ${bytesText(bytes)} in use, ${bytesText(bytes / main.count)} for each of ${counted(main.count, "goroutine")}`,
              }))),
        ],
        next: [
          "Look at the goroutine findings first: what keeps the goroutines keeps the memory.",
          "Bound how many may exist: a worker pool, a semaphore, or a limit on connections.",
        ],
      },
    ];
  },
});

function memoryOf(site: HolderSite): number {
  return [...site.objects.values()].reduce((sum, bytes) => sum + bytes, 0);
}
