import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { ownFrames } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import type { NonEmpty } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { isProvenLeak, leakFinding } from "../../domain/findings/leak-report.ts";
import { anyCrowd, leakSign, leakThresholds } from "../../domain/findings/leak-signs.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { type WaitSite, waitSites } from "../../domain/goroutines/wait-sites.ts";
import type { Profile } from "../../domain/profiles/profile.ts";
import { sampleIndexOf } from "../../domain/profiles/profile.ts";
import { siteTotals } from "../../domain/profiles/profile-totals.ts";

export const goroutineContextLeak = defineAnalyzer({
  meta: {
    id: "goroutine/context-leak",
    title: "Contexts that are never cancelled keep a goroutine each",
    severity: "warning",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["goroutineLeak", "heap"],
    symptomOf: [],
    thresholds: leakThresholds,
    docs: {
      what: "Goroutines of package context that watch a parent of a foreign type (context.(*cancelCtx).propagateCancel.func2) and become more. Such a goroutine ends when its child context is cancelled; somebody drops the cancel function.",
      why: "Each one keeps the context, its values and its parent alive until the parent ends, which is often never.",
      next: "Call the cancel function on every path, usually with defer right after creating the context.",
      falsePositives:
        "Contexts whose parent is one of package context's own cost no goroutine, only heap (heap/timer-leak, heap/growth). A constant number of watchers belongs to long-lived contexts. The goroutine's stack has no own frame; the line that creates the contexts is taken from a heap profile and is named as inferred.",
      references: ["https://go.dev/src/context/context.go", "https://pkg.go.dev/context#WithCancel"],
    },
  },
  analyze({ goroutines, goroutineLeak, heap, target }, limits) {
    const watchers = goroutines.best.groups.filter(isWatcher);
    return asOneSite(waitSites(watchers, target.own)).flatMap((site) => {
      const sign = leakSign(goroutines, site, target.own, limits);
      const proven = isProvenLeak(site, goroutineLeak);
      if (!proven && sign?.kind !== "grows") return [];
      const maker = heap === undefined ? undefined : contextMaker(heap, site.count, target.own);
      const named = maker?.reason ?? "Their stacks do not show who created the contexts; a heap profile may.";
      return [
        leakFinding(
          {
            site: maker === undefined ? site : { ...site, where: maker.where },
            sign: sign ?? anyCrowd,
            confidence: proven ? "proven" : sign?.kind === "grows" && sign.clear ? "likely" : "possible",
            doing: "watching contexts that nobody cancels",
            why: `Each watches the parent of a context and ends when that context is cancelled. ${named}`,
            next: [
              "Call cancel on every path: ctx, cancel := context.WithCancel(parent); defer cancel()",
              "Who creates them: go tool pprof -sample_index=inuse_objects -peek 'context.With|propagateCancel' heap.pb.gz",
              "go vet (lostcancel) finds cancel functions that are dropped on some path.",
            ],
          },
          goroutines,
          limits,
        ),
      ];
    });
  },
});

/** The goroutine that package context starts for a parent whose type it does not know; func1 before Go 1.21. */
const watcher = /^context\.(?:\(\*cancelCtx\)\.)?propagateCancel\.func\d+$/;

function isWatcher(group: GoroutineGroup): boolean {
  return group.stack.some(({ function: symbol }) => watcher.test(symbol));
}

/** They stand at one or two lines of package context, whoever made them: the stack does not tell contexts apart. */
function asOneSite(sites: readonly WaitSite[]): WaitSite[] {
  const [first] = sites;
  if (first === undefined) return [];
  const oldest = Math.max(0, ...sites.map(({ oldestMinutes }) => oldestMinutes ?? 0));
  return [
    {
      where: first.where,
      groups: sites.flatMap(({ groups }) => groups),
      count: sites.reduce((sum, { count }) => sum + count, 0),
      ...(oldest === 0 ? {} : { oldestMinutes: oldest }),
    },
  ];
}

const creation =
  /^context\.(?:With(?:Cancel|Deadline|Timeout)|withCancel|\(\*cancelCtx\)\.propagateCancel|propagateCancel)/;

interface Maker {
  readonly where: readonly Frame[];
  /** Why this line, as a sentence. */
  readonly reason: string;
}

/** Sampling of a few large objects is that coarse (about one sample per 512 KiB, Go source: runtime/mprof.go). */
const samplingError = 3;

/**
 * The own line that probably creates the contexts. A context is too small for every one to be sampled, so without a
 * sample inside package context the line counts that gained the most memory, in about as many objects as there are
 * watchers: what a request keeps alive is allocated beside its context.
 */
function contextMaker(heaps: NonEmpty<Profile>, watchers: number, own: OwnCode): Maker | undefined {
  const [first] = heaps;
  const last = heaps.at(-1) ?? first;
  const byObjects = siteTotals(last, sampleIndexOf(last, "inuse_objects"), own);
  const created = byObjects.find(({ stack }) => stack.some(({ function: symbol }) => creation.test(symbol)));
  if (created !== undefined) {
    return {
      where: ownFrames(created.stack, own),
      reason: `Inferred from the heap profile: most live contexts were created in ${placeOf(created.frame)}.`,
    };
  }
  const alike = new Set(
    byObjects
      .filter(({ value }) => value >= watchers / samplingError && value <= watchers * samplingError)
      .map(({ frame }) => keyOf(frame)),
  );
  const before = new Map<string, number>();
  if (first !== last)
    for (const { frame, value } of siteTotals(first, sampleIndexOf(first, "inuse_space"), own))
      before.set(keyOf(frame), value);
  const [beside] = siteTotals(last, sampleIndexOf(last, "inuse_space"), own)
    .filter(({ frame }) => alike.has(keyOf(frame)))
    .map((site) => ({ site, gained: site.value - (before.get(keyOf(site.frame)) ?? 0) }))
    .filter(({ gained }) => gained > 0)
    .sort((a, b) => b.gained - a.gained);
  return beside === undefined
    ? undefined
    : {
        where: ownFrames(beside.site.stack, own),
        reason: `Inferred from the heap profile: objects in about the same number as the watchers are alive that were allocated in ${placeOf(beside.site.frame)}; the contexts themselves are too small to be sampled.`,
      };
}

function keyOf({ function: symbol, line }: Frame): string {
  return `${symbol}:${line}`;
}

function placeOf(frame: Frame): string {
  return `${shortName(frame.function)} (${shortFile(frame.file)}:${frame.line})`;
}
