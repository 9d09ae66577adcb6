import { isMainGoroutine } from "../../domain/code/code-object.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { CrashReport } from "../../domain/goroutines/crash.ts";
import { crashedGroup, panickedFrames } from "../../domain/goroutines/crash-stack.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";

export const processCrash = defineAnalyzer({
  meta: {
    id: "process/crash",
    title: "The process died",
    severity: "critical",
    scope: "specific",
    needs: ["crash"],
    uses: ["dump"],
    symptomOf: [],
    thresholds: {},
    docs: {
      what: "`panic:` or `fatal error:` in a log, and the goroutine it happened in. For `all goroutines are asleep - deadlock!`, the goroutine that blocks the others.",
      why: "Every request in flight was lost, and a supervisor that restarts the process hides it until it happens again.",
      next: "Start with the first own frame of the goroutine that died; where a deferred function panicked again, below the first panic.",
      falsePositives:
        "A SIGQUIT dump is asked for by a person or a probe and is no crash. Map races have a rule of their own (process/concurrent-map).",
      references: [
        "https://go.dev/src/runtime/panic.go",
        "https://go.dev/src/runtime/proc.go",
        "https://go.dev/blog/defer-panic-and-recover",
      ],
    },
  },
  analyze({ crash, dump, target }) {
    if (crash.kind === "signal" && !deadly.test(crash.message)) return [];
    if (crash.message.startsWith("concurrent map ")) return [];
    const kind = crashKind(crash);
    const group = dump === undefined ? undefined : subjectOf(kind, crash, dump, target.own);
    const blamed = kind === "panic" ? panickedFrames : blamedFrames;
    const where = group === undefined ? [] : blamed(group, target.own);
    const [frame] = where;
    const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
    const title = `${titles[kind]}${place}: ${crash.message}`.slice(0, mostTitle);
    const said = `${crash.kind === "signal" ? "" : `${crash.kind}: `}${crash.message}`;
    return [
      {
        confidence: "proven",
        title,
        // Shown below the title everywhere: what is there in full is not said again.
        summary: `${title.endsWith(crash.message) ? "" : `${said}. `}${group === undefined ? "No goroutine of it is in the captures." : explanations[kind]}`,
        where,
        ...(group === undefined ? {} : { waitReason: group.wait, groups: [group] }),
        evidence: [
          {
            artifact: crash.artifact,
            excerpt: said,
          },
          ...(group === undefined || dump === undefined
            ? []
            : [{ artifact: dump.artifact, excerpt: groupText(group, frame) }]),
        ],
        next: steps[kind],
      },
    ];
  },
});

/** Characters; a message may be a whole page. */
const mostTitle = 160;

/** Signals that no person and no supervisor sends, by their names in runtime/sigtab_linux_generic.go, and what Windows says. */
const deadly =
  /^(?:segmentation|bus error|illegal|abort|floating|trace|bad system|stack fault|exception|signal)/i;

type CrashKind = "panic" | "deadlock" | "test timeout" | "stack overflow" | "out of memory" | "fatal error";

function crashKind({ kind, message }: CrashReport): CrashKind {
  if (message.startsWith("all goroutines are asleep") || message.startsWith("no goroutines (main called"))
    return "deadlock";
  if (message.startsWith("test timed out after")) return "test timeout";
  if (message.startsWith("stack overflow")) return "stack overflow";
  if (/out of memory|cannot allocate memory/.test(message)) return "out of memory";
  return kind === "panic" ? "panic" : "fatal error";
}

const titles: Readonly<Record<CrashKind, string>> = {
  panic: "The process died of a panic",
  deadlock: "Deadlock",
  "test timeout": "The test hung",
  "stack overflow": "The process ran out of stack",
  "out of memory": "The process ran out of memory",
  "fatal error": "The runtime aborted the process",
};

const explanations: Readonly<Record<CrashKind, string>> = {
  panic: "Named is the innermost line of own code on the stack of the goroutine that panicked.",
  deadlock:
    "The runtime found no goroutine that could ever run again. Named is the one that most probably keeps the others waiting; goroutine/blocked-site lists the rest.",
  "test timeout":
    "The alarm of the test binary fired. Named is the goroutine that most probably keeps the test waiting.",
  "stack overflow": "A recursion that does not end is the usual cause; the innermost own frame is named.",
  "out of memory":
    "The named goroutine made the last allocation; it need not be the one that holds the memory.",
  "fatal error": "Such an error cannot be recovered from.",
};

const steps: Readonly<Record<CrashKind, readonly string[]>> = {
  panic: [
    "Look at the named line with the message in mind: it is what the code there did not expect.",
    "A goroutine started by a library or a handler needs its own recover if one failure must not end the process.",
  ],
  deadlock: ["Read the blocked lines against each other: who was to send, receive, unlock or call Done?"],
  "test timeout": [
    "Read the blocked lines against each other: who was to send, receive, unlock or call Done?",
    "Run it again: go test -race -run NAME -timeout 30s -count 20",
  ],
  "stack overflow": [
    "Look for the function that calls itself, directly or through a String or MarshalJSON method.",
  ],
  "out of memory": [
    "Compare heap profiles from before the crash: go tool pprof -top -sample_index=inuse_space heap.pb.gz",
    "Set GOMEMLIMIT to 90 to 95 % of the container's limit.",
  ],
  "fatal error": ["Look the message up in the runtime's source: it names what went wrong before the abort."],
};

/** Who died, or in a deadlock: who keeps the others waiting. */
function subjectOf(
  kind: CrashKind,
  crash: CrashReport,
  dump: GoroutineSnapshot,
  own: OwnCode,
): GoroutineGroup | undefined {
  if (kind !== "deadlock" && kind !== "test timeout") return crashedGroup(crash, dump, own);
  return dump.groups
    .filter((group) => !isKnownIdle(group) && group.stack.some((frame) => own.isOwn(frame)))
    .toSorted((a, b) => blame(b) - blame(a))[0];
}

/** A lock or a channel operation keeps others waiting; Wait, and main, are the ones who wait. */
function blame(group: GoroutineGroup): number {
  const byWait =
    group.wait === "sync.WaitGroup.Wait" || group.wait === "sync.Cond.Wait" || group.wait === "active"
      ? 0
      : group.wait === "select"
        ? 1
        : group.wait === "chan receive"
          ? 2
          : 3;
  return byWait * 2 + (isMainGoroutine(group) ? 0 : 1);
}
