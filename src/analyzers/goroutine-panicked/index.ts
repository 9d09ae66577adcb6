import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { isPanicking, panickedFrames } from "../../domain/goroutines/crash-stack.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { counted } from "../../domain/units.ts";

export const goroutinePanicked = defineAnalyzer({
  meta: {
    id: "goroutine/panicked",
    title: "A goroutine panicked, and the process may live on",
    severity: "warning",
    scope: "specific",
    needs: ["dump"],
    uses: ["crash"],
    symptomOf: [],
    thresholds: {},
    docs: {
      what: "The stack of a panic in a log or dump that does not say that the process died: net/http, a middleware or the service's own deferred function recovered and wrote it down.",
      why: "Each such panic cost a request or a message, and left undone whatever stood behind it: an Unlock without defer, a send that somebody waits for.",
      next: "Start with the first own frame below panic: it is named here.",
      falsePositives:
        "A log tells no times to go by: the panic may be an old one. So it is `possible` only. When the log has the last words of the process, process/crash speaks instead.",
      references: ["https://go.dev/blog/defer-panic-and-recover", "https://pkg.go.dev/net/http#Handler"],
    },
  },
  analyze({ dump, crash, target }) {
    if (crash !== undefined) return [];
    const panicked = dump.groups.filter(
      (group) =>
        group.state.startsWith("running") &&
        isPanicking(group) &&
        group.stack.some((frame) => target.own.isOwn(frame)),
    );
    return panicked.map((group) => {
      const where = panickedFrames(group, target.own);
      const [frame] = where;
      const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
      return {
        confidence: "possible" as const,
        title: `${counted(group.count, "panic")}${place}, recovered as far as this log tells`,
        summary: `${counted(group.count, "stack")} of a panic${place}. The process did not die of it as far as the text goes: something recovered and logged it. When that was the stack does not say.`,
        where,
        waitReason: group.wait,
        groups: [group],
        evidence: [{ artifact: dump.artifact, excerpt: groupText(group, frame) }],
        next: [
          "Fix the named line; the line of the log above the stack says what was wrong.",
          "Look for what the panic skipped: locks that are released without defer, channels that somebody waits on.",
        ],
      };
    });
  },
});
