import { isMainGoroutine, isRequest } from "../../domain/code/code-object.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { groupText } from "../../domain/goroutines/goroutine-sites.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { counted } from "../../domain/units.ts";

export const goroutineNilChannel = defineAnalyzer({
  meta: {
    id: "goroutine/nil-channel",
    title: "Goroutines wait on a nil channel",
    severity: "warning",
    scope: "specific",
    needs: ["dump"],
    uses: [],
    symptomOf: [],
    thresholds: {
      crowd: {
        default: 100,
        unit: "goroutines",
        meaning: "goroutines lost at one line that make it critical",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "Goroutines in `chan send (nil chan)` or `chan receive (nil chan)`.",
      why: "An operation on a nil channel never completes: the goroutine is lost, and with it whoever waits for it.",
      next: "Make the channel before it is used; a channel that is switched off on purpose belongs in a select.",
      falsePositives:
        "Main may block so on purpose and is only mentioned. Waiting for Done() of a context that is never cancelled is a nil channel too: the goroutine is lost all the same. Where a library does that in a goroutine of its own (client-go's informers run with context.Background()), it is only mentioned, up to a crowd. Only a dump (debug=2) tells a nil channel from any other; profiles use the same functions for both.",
      references: ["https://go.dev/ref/spec#Receive_operator", "https://go.dev/src/runtime/chan.go"],
    },
  },
  analyze({ dump, target }, limits) {
    const lost = dump.groups.filter(
      ({ wait }) => wait === "chan send (nil chan)" || wait === "chan receive (nil chan)",
    );
    return waitSites(lost, target.own).map((site) => {
      const [group] = site.groups;
      const [frame] = site.where;
      const sends = group?.wait === "chan send (nil chan)";
      const isMain = site.groups.every(isMainGoroutine) && !sends;
      const hurts = site.count >= limits.crowd || site.groups.some(isRequest);
      const ofLibrary =
        !sends && !hurts && site.groups.every(({ stack }) => !stack.some((one) => target.own.isOwn(one)));
      const verb = `${sends ? "send" : "receive"}${site.count === 1 ? "s" : ""} ${sends ? "to" : "from"}`;
      const place = frame === undefined ? "" : ` in ${shortName(frame.function)}`;
      return {
        severity:
          isMain || ofLibrary ? ("info" as const) : hurts ? ("critical" as const) : ("warning" as const),
        confidence: "proven" as const,
        title: `${counted(site.count, "goroutine")} blocked for ever on a nil channel${place}`,
        summary:
          `${counted(site.count, "goroutine")} ${verb} a channel that is nil${place}. The runtime says so, and such an operation never completes.` +
          (isMain
            ? " It is the main goroutine, which may do that on purpose to keep the process alive."
            : ofLibrary
              ? " It is a library's own, and libraries do that where they wait for Done() of a context that is never cancelled, such as context.Background()'s, whose channel is nil (inferred; Go source: context/context.go, backgroundCtx)."
              : ""),
        measured: { value: site.count, limit: 1, unit: "goroutines" },
        where: site.where,
        ...(group === undefined ? {} : { waitReason: group.wait }),
        groups: site.groups,
        evidence: group === undefined ? [] : [{ artifact: dump.artifact, excerpt: groupText(group, frame) }],
        next: [
          `Look for the channel used${place}: declared but never made, a field of a struct built elsewhere, or Done() of a context that cannot be cancelled.`,
          "Make the channel where its owner is built.",
        ],
      };
    });
  },
});
