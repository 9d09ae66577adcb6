import { isRequest } from "../../domain/code/code-object.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { Confidence } from "../../domain/findings/finding.ts";
import { leakFinding } from "../../domain/findings/leak-report.ts";
import type { LeakSign } from "../../domain/findings/leak-signs.ts";
import { anyCrowd, leakSign, leakThresholds } from "../../domain/findings/leak-signs.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { tellsAges } from "../../domain/goroutines/goroutine-evidence.ts";
import { countIn } from "../../domain/goroutines/pile-up.ts";
import type { WaitSite } from "../../domain/goroutines/wait-sites.ts";
import { siteGrowth, waitSites } from "../../domain/goroutines/wait-sites.ts";
import { clientsOf } from "../../domain/http/request-clients.ts";

const ours = "docs/decisions/0003-default-thresholds.md";

export const execWaitStuck = defineAnalyzer({
  meta: {
    id: "exec/wait-stuck",
    title: "Goroutines wait for a child process or a pipe that does not end",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      ...leakThresholds,
      agedMinutes: {
        default: 1,
        unit: "minutes",
        meaning:
          "age from which waiting for the output of a child that has exited counts as stuck, and requests that wait for a child are worth a look",
        source: ours,
      },
      abandoned: {
        default: 20,
        unit: "goroutines",
        meaning:
          "requests whose clients have gone, from which their growth is no longer taken for a rise of the load",
        source: ours,
      },
      stale: {
        default: 10,
        unit: "goroutines",
        meaning:
          "goroutines at one end of an io.Pipe, the oldest for oldMinutes; or requests that wait for a child, the oldest for agedMinutes, possible only",
        source: ours,
      },
    },
    docs: {
      what: "Goroutines in exec.Cmd.Wait (also Run, Output, CombinedOutput) or os.Process.Wait for a child that does not exit, or that has exited while somebody still holds its output open; and goroutines at one end of an io.Pipe whose other end is gone.",
      why: "Each one keeps a goroutine, descriptors and often a child process (or a zombie's parent) for ever.",
      next: "exec.CommandContext with WaitDelay ends both waits; close the reading end of an io.Pipe with CloseWithError on every path.",
      falsePositives:
        "A supervisor waits for its child as long as that lives: a constant number in Wait is not reported, except many requests that have waited for a minute, as possible. A child's output that is still being copied shows for a moment only.",
      references: [
        "https://pkg.go.dev/os/exec#Cmd",
        "https://github.com/golang/go/issues/23019",
        "https://pkg.go.dev/io#Pipe",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    return [...waits].flatMap(([kind, wait]) => {
      const members = goroutines.best.groups.filter(wait.belongs);
      return waitSites(members, target.own).flatMap((site) => {
        const sign = leakSign(goroutines, site, target.own, limits) ?? staleSign(kind, site, limits);
        const growth = siteGrowth(goroutines, site, target.own);
        const lasts = growth !== undefined && growth.counts.every((count) => count > 0);
        const isAbandoned =
          site.count >= limits.abandoned && clientsOf(site, goroutines.best) === "gone" && lasts;
        const confidence =
          kind === "output" && sign === undefined
            ? outputConfidence(site, goroutines, limits.agedMinutes)
            : confidenceOf(kind, site, sign, isAbandoned, limits);
        if (confidence === undefined) return [];
        const { doing, why, next } = wait;
        return [
          leakFinding(
            { site, sign: sign ?? crowdSign(kind, limits.stale), confidence, doing, why, next },
            goroutines,
            limits,
          ),
        ];
      });
    });
  },
});

type Kind = "output" | "child" | "pipe";

interface Wait {
  readonly belongs: (group: GoroutineGroup) => boolean;
  readonly doing: string;
  readonly why: string;
  readonly next: readonly string[];
}

function passes(group: GoroutineGroup, match: RegExp): boolean {
  return group.stack.some(({ function: symbol }) => match.test(symbol));
}

/** Go source: os/exec/exec.go, Cmd.Wait waits for the process and then in awaitGoroutines for the copied output. */
const waits: ReadonlyMap<Kind, Wait> = new Map<Kind, Wait>([
  [
    "output",
    {
      belongs: (group) =>
        passes(group, /^os\/exec\.\(\*Cmd\)\.awaitGoroutines$/) ||
        (group.wait === "chan receive" && passes(group, /^os\/exec\.\(\*Cmd\)\.Wait$/)),
      doing: "waiting for the output of a child that has exited",
      why: "The child itself is gone: Wait reaches this point only after it has exited. Somebody who inherited its output, usually a grandchild, keeps it open.",
      next: [
        "Set cmd.WaitDelay (Go 1.20+): Wait then closes the pipes some time after the child has exited.",
        "Or start the child in its own process group and kill the group.",
      ],
    },
  ],
  [
    "child",
    {
      belongs: (group) =>
        group.wait !== "chan receive" && passes(group, /^os\.\(\*Process\)\.(?:Wait|wait)$/),
      doing: "waiting for a child process",
      why: "The child does not exit. Without a deadline nobody ends it.",
      next: [
        "Start it with exec.CommandContext and a deadline, and set cmd.WaitDelay.",
        "Look at the children: ps -o pid,ppid,stat,etime,args --ppid PID",
      ],
    },
  ],
  [
    "pipe",
    {
      belongs: (group) => group.wait === "select" && passes(group, /^io\.\(\*pipe\)\.(?:read|write)$/),
      doing: "at one end of an io.Pipe",
      why: "An io.Pipe has no buffer: a write waits until somebody reads, a read until somebody writes or closes. The other end has probably been dropped.",
      next: [
        "Close the other end on every path: defer pr.CloseWithError(err) for the reader, pw.CloseWithError for the writer.",
        "If the reader stops early, it must close the pipe or drain it.",
      ],
    },
  ],
]);

function staleSign(
  kind: Kind,
  site: WaitSite,
  limits: { readonly stale: number; readonly oldMinutes: number },
): LeakSign | undefined {
  const minutes = site.oldestMinutes ?? 0;
  return kind === "pipe" && site.count >= limits.stale && minutes >= limits.oldMinutes
    ? { kind: "old", minutes, limit: limits.stale }
    : undefined;
}

/** Any number that waits for the output of a child that has gone is stuck. */
function crowdSign(kind: Kind, stale: number): LeakSign {
  return kind === "child" ? { kind: "crowd", limit: stale } : anyCrowd;
}

function confidenceOf(
  kind: Kind,
  site: WaitSite,
  sign: LeakSign | undefined,
  isAbandoned: boolean,
  limits: { readonly agedMinutes: number; readonly stale: number },
): Confidence | undefined {
  if (sign !== undefined) return sign.kind === "grows" && !sign.clear && !isAbandoned ? "possible" : "likely";
  return kind === "child" && isHeldUp(site, limits) ? "possible" : undefined;
}

/**
 * Of a child that has just exited the last output is copied for a moment, and a service that runs many children shows
 * that in each capture: stuck is what is old, or what outnumbers the children that run at each look.
 */
function outputConfidence(
  site: WaitSite,
  { best, series }: GoroutineEvidence,
  agedMinutes: number,
): Confidence | undefined {
  if ((site.oldestMinutes ?? 0) >= agedMinutes) return "likely";
  if (series.length < 2) return "possible";
  const here = site.where[0]?.function;
  const counts = series.map((snapshot) => {
    const inWait = (kind: Kind) =>
      countIn(snapshot, (group) => waits.get(kind)?.belongs(group) === true && passesFunction(group, here));
    return { output: inWait("output"), child: inWait("child") };
  });
  if (counts.some(({ output }) => output === 0)) return undefined;
  if (counts.every(({ output, child }) => output > child)) return "likely";
  return tellsAges(best) ? undefined : "possible";
}

function passesFunction({ stack }: GoroutineGroup, symbol: string | undefined): boolean {
  return stack.some((frame) => frame.function === symbol);
}

/** Users wait for children that may be slow by design, but not many people build a page that takes minutes. */
function isHeldUp(
  site: WaitSite,
  { agedMinutes, stale }: { readonly agedMinutes: number; readonly stale: number },
): boolean {
  return site.count >= stale && (site.oldestMinutes ?? 0) >= agedMinutes && site.groups.every(isRequest);
}
