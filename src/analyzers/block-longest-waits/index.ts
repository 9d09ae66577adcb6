import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import { defineAnalyzer, type FindingDraft } from "../../domain/findings/analyzer.ts";
import { unrecordedWaits } from "../../domain/profiles/block-profile.ts";
import { type BlockWindow, type WaitedSite, waitedSites } from "../../domain/profiles/block-window.ts";
import { counted, durationText } from "../../domain/units.ts";

const ours = "docs/decisions/0029-block-profile-lease.md";

export const blockLongestWaits = defineAnalyzer({
  meta: {
    id: "block/longest-waits",
    title: "Where goroutines waited longest",
    severity: "info",
    scope: "specific",
    needs: ["block"],
    uses: ["blockWindow"],
    symptomOf: [],
    thresholds: {
      waiting: {
        default: 1,
        unit: "goroutines",
        meaning: "goroutines that were waiting at one line at any moment, on average over the window",
        source: ours,
      },
      sites: {
        default: 3,
        unit: "count",
        meaning: "lines that are listed; those that idle workers look like come last",
        source: ours,
      },
    },
    docs: {
      what:
        "Own lines at which goroutines waited for a lock, a channel or each other within a window in which the process recorded waits, " +
        "by the time waited: the sum over all goroutines, how often, and how long on average. The sum divided by the window is how many were " +
        "waiting at any moment. Receivers outside of requests are left out: they wait for work.",
      why: "A dump shows who waits at one moment. This shows what the waiting costs, also where each wait is too short to be seen.",
      next: "Open the difference with go tool pprof -base and read the line: what is done while the lock is held, who is slow to receive?",
      falsePositives:
        "Waiting may be meant: a limit on concurrency, a long poll, a pipeline that runs at the speed of its slowest part. So this is " +
        "`possible` and for information, and fails no verdict. The figures are estimates: short waits are recorded by chance and scaled up by the runtime.",
      corrections: [
        {
          claim:
            "Set the block profile's rate to 1, restart, and wait: goroutines that hang for ever show up.",
          fact: "A restart destroys the evidence, and the rate takes effect at once without one. A wait is recorded when it ends: one that never ends is in no block profile, and the goroutine profile shows it. Rate 1 records every wait, which can double what a channel operation takes.",
          source: "https://go.dev/src/runtime/mprof.go (SetBlockProfileRate, blockevent)",
        },
      ],
      references: [
        "https://pkg.go.dev/runtime#SetBlockProfileRate",
        "https://go.dev/src/runtime/mprof.go",
        "https://github.com/felixge/go-profiler-notes/blob/main/block.md",
      ],
    },
  },
  analyze({ block, blockWindow, target }, limits) {
    const unrecorded = unrecordedWaits({ block, ...(blockWindow === undefined ? {} : { blockWindow }) });
    if (unrecorded !== undefined) return { inconclusive: unrecorded };
    if (blockWindow === undefined) {
      return {
        inconclusive:
          "only one block profile, which counts since the process started: what is waited for now shows between two",
      };
    }
    const waiting = ({ waitedMs }: WaitedSite) => waitedMs / blockWindow.lengthMs;
    const sites = waitedSites(blockWindow, target.own).filter((site) => waiting(site) >= limits.waiting);
    return (["late", "perhaps-idle"] as const)
      .flatMap((meaning) => sites.filter((site) => site.meaning === meaning))
      .slice(0, limits.sites)
      .map((site) => findingOf(site, waiting(site), blockWindow, target.own, limits.waiting));
  },
});

function findingOf(
  { frame, stack, waitReason, meaning, waitedMs, waits }: WaitedSite,
  waiting: number,
  { before, after, lengthMs, lease }: BlockWindow,
  own: OwnCode,
  limit: number,
): FindingDraft {
  const length = durationText(lengthMs);
  const value = waiting < 10 ? Math.round(waiting * 10) / 10 : Math.round(waiting);
  const sum = `${durationText(waitedMs)} in ${counted(waits, "wait")}`;
  const mean = durationText(waitedMs / waits);
  const base = before === undefined ? "" : `-base ${before.artifact} `;
  return {
    confidence: "possible",
    title: `${value} goroutines were waiting at any moment${forWhat(waitReason)} in ${shortName(frame.function)}`,
    summary:
      `Within ${length} goroutines waited here for ${sum}, ${mean} each on average: so many at any moment, on average. ` +
      (meaning === "late" ? "" : "They may have had nothing to do but wait. ") +
      `Waits that began before or have not ended are not among them${lease === undefined ? "" : `; recorded at a rate of ${durationText(lease.rateNs / 1e6)}`}.`,
    measured: { value, limit, unit: "goroutines" },
    where: stack.filter((each) => own.isOwn(each)),
    ...(waitReason === undefined ? {} : { waitReason }),
    evidence: [{ artifact: after.artifact, excerpt: `${sum}: ${chain(stack, own)}` }],
    next: [
      `See who waits for what: go tool pprof -http=: ${base}${after.artifact}`,
      waitReason?.startsWith("sync.") === true
        ? "Read what is done while the lock is held: keep I/O, channels and other locks out of it, or split it."
        : "Read who is to answer here, and what that one waits for.",
    ],
  };
}

function forWhat(waitReason: string | undefined): string {
  return waitReason === undefined ? "" : ` (${waitReason})`;
}

/** "sync.(*Mutex).Lock ← ledger.(*Store).Post ← handlers.(*Checkout).Pay": what waits, and who of the service called it. */
function chain(stack: readonly Frame[], own: OwnCode): string {
  const [leaf, ...callers] = stack;
  const named = callers.filter((each) => own.isOwn(each)).slice(0, 4);
  return [...(leaf === undefined ? [] : [leaf]), ...named]
    .map(({ function: symbol }) => shortName(symbol))
    .join(" ← ");
}
