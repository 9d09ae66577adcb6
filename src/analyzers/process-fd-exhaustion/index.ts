import { defineAnalyzer } from "../../domain/analyzer.ts";
import { gauge } from "../../domain/counters.ts";
import { type DescriptorOpener, descriptorOpener } from "../../domain/descriptor-openers.ts";
import type { GoroutineGroup } from "../../domain/goroutine.ts";
import { isRuntimeFrame } from "../../domain/goroutine-sites.ts";
import { ownFrames } from "../../domain/own-code.ts";
import { pileExcerpt } from "../../domain/pile-up.ts";
import { countText, percentText } from "../../domain/units.ts";

export const processFdExhaustion = defineAnalyzer({
  meta: {
    id: "process/fd-exhaustion",
    title: "File descriptors run out",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["metrics", "goroutines", "heap", "cpu"],
    symptomOf: [
      "http/body-leak",
      "http/transport-leak",
      "http/slow-headers",
      "http/slow-clients",
      "http/slow-upstream",
      "tls/handshake-stall",
    ],
    thresholds: {
      used: {
        default: 0.8,
        unit: "ratio",
        meaning: "open descriptors as a share of the limit",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      usedCritical: {
        default: 0.95,
        unit: "ratio",
        meaning: "share of the limit that makes it critical",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what: "process_open_fds close to process_max_fds in /metrics, or a server whose accept fails and is tried again, which is what running out of descriptors looks like from inside.",
      why: "At the limit every accept, dial and open fails with EMFILE (too many open files): the service answers nobody, and cannot reach anything.",
      next: "Close what is opened: response bodies, files, rows, connections of clients that are gone. Raise the limit (ulimit -n, LimitNOFILE) only when the load needs it.",
      falsePositives:
        "A service may be meant to hold many connections near its limit. Accept is also tried again after other temporary errors, for up to a second each time.",
      references: [
        "https://pkg.go.dev/github.com/prometheus/client_golang/prometheus/collectors#NewProcessCollector",
        "https://go.dev/src/net/http/server.go (Server.Serve, tempDelay)",
        "https://man7.org/linux/man-pages/man2/getrlimit.2.html",
      ],
    },
  },
  analyze(evidence, limits) {
    const { metrics, goroutines, target } = evidence;
    // A process that cannot open /proc/self/fd any more reports none or 0.
    const told = metrics === undefined ? undefined : gauge(metrics, "process_open_fds");
    const open = told === 0 ? undefined : told;
    const most = metrics === undefined ? undefined : gauge(metrics, "process_max_fds");
    const failing = goroutines?.best.groups.filter(retriesAccept) ?? [];
    const isKnown = open !== undefined && most !== undefined && most > 0;
    if (!isKnown && failing.length === 0) {
      if (goroutines === undefined && metrics === undefined) {
        return { inconclusive: "no /metrics scrape, no goroutine capture" };
      }
      return { inconclusive: "/metrics has no process_open_fds and process_max_fds" };
    }
    const used = isKnown ? open / most : 1;
    if (used < limits.used && failing.length === 0) return [];

    const opener = descriptorOpener(evidence, open ?? most ?? leastLimit);
    const accepting = failing[0] === undefined ? [] : ownFrames(failing[0].stack, target.own);
    const where = (opener?.where.length ?? 0) > 0 ? (opener?.where ?? []) : accepting;
    return [
      {
        severity:
          used >= limits.usedCritical || failing.length > 0 ? ("critical" as const) : ("warning" as const),
        confidence: isKnown && used >= limits.used ? ("proven" as const) : ("likely" as const),
        title: isKnown
          ? `${countText(open)} of ${countText(most)} file descriptors are in use`
          : "A server's accept fails again and again, probably out of descriptors",
        summary: [
          isKnown
            ? `The process has ${countText(open)} descriptors open, ${percentText(used)} of its limit of ${countText(most)}.`
            : "",
          failing.length > 0
            ? "A server waits to try accept again after an error, which it does when descriptors have run out."
            : "",
          openerText(opener),
        ]
          .filter((sentence) => sentence !== "")
          .join(" "),
        ...(isKnown
          ? { measured: { value: open, limit: Math.floor(most * limits.used), unit: "descriptors" } }
          : {}),
        where,
        evidence: [
          ...(isKnown && metrics !== undefined
            ? metrics.slice(-1).map(({ artifact }) => ({
                artifact,
                excerpt: `process_open_fds ${open}\nprocess_max_fds ${most}`,
              }))
            : []),
          ...(failing.length > 0 && goroutines !== undefined
            ? [
                pileExcerpt(goroutines.best.artifact, failing, ({ stack }) =>
                  stack.find((frame) => frame.function === "net/http.(*Server).Serve"),
                ),
              ]
            : []),
          ...(opener === undefined ? [] : [{ artifact: opener.artifact, excerpt: opener.text }]),
        ],
        next: [
          "ls -l /proc/PID/fd | awk '{print $NF}' | sed 's/[0-9]*//g' | sort | uniq -c | sort -rn shows whether they are sockets or files.",
          opener?.where[0] === undefined
            ? "go tool pprof -top -cum -sample_index=inuse_objects heap.pb.gz, looking for os.newFile and net.newFD."
            : `Check that ${opener.where[0].function} closes what it opens on every path.`,
          "Raise the limit (ulimit -n, LimitNOFILE=) only if the load really needs so many.",
        ],
      },
    ];
  },
});

/** The customary soft limit (ulimit -n) where nobody has raised it. */
const leastLimit = 1024;

/** Go source: net/http/server.go, Server.Serve sleeps before it accepts again after a temporary error. */
function retriesAccept({ stack }: GoroutineGroup): boolean {
  const visible = stack.filter((frame) => !isRuntimeFrame(frame));
  return visible[0]?.function === "time.Sleep" && visible[1]?.function === "net/http.(*Server).Serve";
}

function openerText(opener: DescriptorOpener | undefined): string {
  return opener === undefined
    ? "No capture shows what they are."
    : `What they are is inferred: ${opener.text}.`;
}
