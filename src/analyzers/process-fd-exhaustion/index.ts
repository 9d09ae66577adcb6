import { ownFrames } from "../../domain/code/own-code.ts";
import { alsoMissing, type FigureName, figure } from "../../domain/context/service-context.ts";
import { type SlowGrowth, slowGrowth } from "../../domain/context/slow-growth.ts";
import { figureExcerpt, usualText } from "../../domain/context/usual-figures.ts";
import type { Evidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { isRuntimeFrame } from "../../domain/goroutines/goroutine-sites.ts";
import { pileExcerpt } from "../../domain/goroutines/pile-up.ts";
import { type DescriptorOpener, descriptorOpener } from "../../domain/http/descriptor-openers.ts";
import { gauge } from "../../domain/metrics/counters.ts";
import { countText, durationText, percentText } from "../../domain/units.ts";

export const processFdExhaustion = defineAnalyzer({
  meta: {
    id: "process/fd-exhaustion",
    title: "File descriptors run out",
    severity: "warning",
    scope: "specific",
    needs: [],
    uses: ["metrics", "goroutines", "heap", "cpu", "context"],
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
      minutesLeft: {
        default: 60,
        unit: "minutes",
        meaning:
          "until the limit is reached at the pace of the last quarter of an hour by Prometheus, above what is usual",
        source: "docs/decisions/0017-context.md",
      },
      growthRatio: {
        default: 0.2,
        unit: "ratio",
        meaning: "growth within that quarter of an hour as part of what was open before",
        source: "docs/decisions/0017-context.md",
      },
      growth: {
        default: 50,
        unit: "count",
        meaning: "descriptors that this must be at least",
        source: "docs/decisions/0017-context.md",
      },
    },
    docs: {
      what: "process_open_fds close to process_max_fds in /metrics, or on the way there by Prometheus, or a server whose accept fails and is tried again, which is what running out of descriptors looks like from inside.",
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
    const { metrics, goroutines, context, target } = evidence;
    // A process that cannot open /proc/self/fd any more reports none or 0.
    const scraped = metrics === undefined ? undefined : gauge(metrics, "process_open_fds");
    const told = scraped ?? asked(evidence, "open-fds");
    const open = told === 0 ? undefined : told;
    const most =
      (metrics === undefined ? undefined : gauge(metrics, "process_max_fds")) ?? asked(evidence, "max-fds");
    const counter = scraped === undefined ? context?.artifact : metrics?.at(-1)?.artifact;
    const failing = goroutines?.best.groups.filter(retriesAccept) ?? [];
    const isKnown = open !== undefined && most !== undefined && most > 0;
    if (!isKnown && failing.length === 0) {
      if (goroutines === undefined && metrics === undefined) {
        return {
          inconclusive: `no /metrics scrape, no goroutine capture${alsoMissing(context, "open-fds")}`,
        };
      }
      const scrape =
        metrics === undefined ? "no /metrics scrape" : "/metrics has no process_open_fds and process_max_fds";
      return { inconclusive: `${scrape}${alsoMissing(context, "open-fds")}` };
    }
    const used = isKnown ? open / most : 1;
    const soon = isKnown ? runsOut(evidence, open, most, limits) : undefined;
    if (used < limits.used && failing.length === 0 && soon === undefined) return [];

    const opener = descriptorOpener(evidence, open ?? most ?? leastLimit);
    const accepting = failing[0] === undefined ? [] : ownFrames(failing[0].stack, target.own);
    const where = (opener?.where.length ?? 0) > 0 ? (opener?.where ?? []) : accepting;
    return [
      {
        severity:
          used >= limits.usedCritical || failing.length > 0 ? ("critical" as const) : ("warning" as const),
        confidence:
          isKnown && used >= limits.used
            ? ("proven" as const)
            : failing.length > 0 || soon?.growth.usual !== undefined
              ? ("likely" as const)
              : ("possible" as const),
        title:
          isKnown && used < limits.used && failing.length === 0 && soon !== undefined
            ? `File descriptors run out in about ${durationText(soon.leftMs)}: ${countText(open)} of ${countText(most)} are open`
            : isKnown
              ? `${countText(open)} of ${countText(most)} file descriptors are in use`
              : "A server's accept fails again and again, probably out of descriptors",
        summary: [
          isKnown
            ? `The process has ${countText(open)} descriptors open, ${percentText(used)} of its limit of ${countText(most)}.`
            : "",
          soon === undefined ? "" : soonText(soon),
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
          ...(soon === undefined || context === undefined
            ? []
            : [
                figureExcerpt(
                  context.artifact,
                  soon.growth.rise,
                  (value) => `${countText(value * 60)} a minute`,
                ),
                ...(soon.growth.usual?.days ?? []).map((day) =>
                  figureExcerpt(context.artifact, day, countText),
                ),
              ]),
          ...(isKnown && counter !== undefined
            ? [{ artifact: counter, excerpt: `process_open_fds ${open}\nprocess_max_fds ${most}` }]
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
          "See whether they are sockets or files: ls -l /proc/PID/fd | awk '{print $NF}' | sed 's/[0-9]*//g' | sort | uniq -c | sort -rn",
          opener?.where[0] === undefined
            ? "Look for os.newFile and net.newFD: go tool pprof -top -cum -sample_index=inuse_objects heap.pb.gz"
            : `Check that ${opener.where[0].function} closes what it opens on every path.`,
          "Raise the limit (ulimit -n, LimitNOFILE=) only if the load really needs so many.",
        ],
      },
    ];
  },
});

type Asked = Partial<Pick<Evidence, "context">>;

function asked({ context }: Asked, name: FigureName): number | undefined {
  return context === undefined ? undefined : figure(context, name)?.value;
}

/** Descriptors that become more, and when there are none left. */
interface RunsOut {
  readonly growth: SlowGrowth;
  readonly leftMs: number;
}

function runsOut(
  { context }: Asked,
  open: number,
  most: number,
  limits: Readonly<Record<"minutesLeft" | "growthRatio" | "growth", number>>,
): RunsOut | undefined {
  const growth = slowGrowth(context, "open-fds", { ratio: limits.growthRatio, least: limits.growth });
  if (growth === undefined) return undefined;
  const leftMs = Math.max(0, ((most - open) / growth.rise.value) * 1000);
  return leftMs <= limits.minutesLeft * 60_000 ? { growth, leftMs } : undefined;
}

function soonText({ growth: { grownBy, windowMs, usual }, leftMs }: RunsOut): string {
  return [
    `By Prometheus ${countText(grownBy)} were opened and not closed within ${durationText(windowMs)}; at this pace the limit is reached in about ${durationText(leftMs)}.`,
    usual === undefined
      ? "What is usual at this hour is not known."
      : `The hour does not explain it: ${usualText(usual, countText)}.`,
  ].join(" ");
}

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
