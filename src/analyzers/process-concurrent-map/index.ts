import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { crashedGroup } from "../../domain/goroutines/crash-stack.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";

export const processConcurrentMap = defineAnalyzer({
  meta: {
    id: "process/concurrent-map",
    title: "The process died of unsynchronised access to a map",
    severity: "critical",
    scope: "specific",
    needs: ["crash"],
    uses: ["dump"],
    symptomOf: [],
    thresholds: {},
    docs: {
      what: "`fatal error: concurrent map writes` (or read and write, or iteration and write) in a log, and the goroutine that the runtime caught.",
      why: "The runtime aborts the whole process on purpose; recover cannot catch it.",
      next: "Guard the map with a mutex, or use sync.Map, and run the tests with -race.",
      falsePositives:
        "The error itself admits no other reading. The runtime names only one of the two goroutines, and the caught one need not be the one that lacks the lock.",
      corrections: [
        {
          claim: "A block profile exposes writes to a shared map without a lock.",
          fact: "Unsynchronised map access blocks nobody. The runtime detects it and aborts the process; the race detector finds it in tests.",
          source: "https://go.dev/src/internal/runtime/maps/map.go",
        },
      ],
      references: ["https://go.dev/doc/faq#atomic_maps", "https://go.dev/doc/articles/race_detector"],
    },
  },
  analyze({ crash, dump, target }) {
    if (
      !/^concurrent map (?:writes|read and map write|iteration and map write|clone and map write)/.test(
        crash.message,
      )
    )
      return [];
    const group = dump === undefined ? undefined : crashedGroup(crash, dump, target.own);
    const where = group === undefined ? [] : blamedFrames(group, target.own);
    const [frame] = where;
    const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
    const others =
      dump?.groups.filter(
        (other) =>
          other !== group &&
          other.wait === "active" &&
          frame !== undefined &&
          other.stack.some((one) => one.function === frame.function),
      ) ?? [];
    return [
      {
        confidence: "proven",
        title: `The process died of ${crash.message}${place}`,
        summary: `The runtime caught a second goroutine in the same map${place} and aborted: fatal error: ${crash.message}. ${
          others.length > 0
            ? "Another goroutine was running in the same function."
            : "The other goroutine is not named; look for every access to this map."
        }`,
        where,
        ...(group === undefined ? {} : { groups: [group] }),
        evidence: [
          { artifact: crash.artifact, excerpt: `fatal error: ${crash.message}` },
          ...(group === undefined || dump === undefined
            ? []
            : [{ artifact: dump.artifact, excerpt: groupText(group, frame) }]),
        ],
        next: [
          "Guard every access to the map with one sync.Mutex, or use sync.Map.",
          "Find the other side, with a canary built with -race or with tests: go test -race ./...",
        ],
      },
    ];
  },
});
