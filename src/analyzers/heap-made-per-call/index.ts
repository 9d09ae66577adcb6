import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { defineAnalyzer, type FindingDraft } from "../../domain/findings/analyzer.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { firstAndLast } from "../../domain/memory/heap-sites.ts";
import { type Profile, sampleIndexOf } from "../../domain/profiles/profile.ts";
import { profileTotal } from "../../domain/profiles/profile-totals.ts";
import { bytesText, durationText, percentText } from "../../domain/units.ts";
import { type MadeOnce, madeOnce, makers } from "./makers.ts";

type Limits = Readonly<Record<"bytes" | "share" | "bytesPerSecond" | "bytesSinceStart", number>>;

export const heapMadePerCall = defineAnalyzer({
  meta: {
    id: "heap/made-per-call",
    title: "What should be made once is made again and again",
    severity: "warning",
    scope: "specific",
    needs: ["heap"],
    uses: ["cpu"],
    symptomOf: [],
    thresholds: {
      bytes: {
        default: 4 * 2 ** 20,
        unit: "bytes",
        meaning: "allocated by making them between the first and the last heap profile; about eight samples",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      share: {
        default: 0.2,
        unit: "ratio",
        meaning: "the same as part of all that was allocated, for what costs nothing but memory and CPU time",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      bytesPerSecond: {
        default: 4 * 2 ** 20,
        unit: "bytes",
        meaning: "the same in a second, below which it hurts nobody and is context",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      bytesSinceStart: {
        default: 64 * 2 ** 20,
        unit: "bytes",
        meaning: "allocated by making them since the process started, where there is one heap profile only",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "Allocations below functions that make what a process should make once and share: clients of Redis (go-redis), which are pools of " +
        "connections, and compiled regular expressions. A heap profile has every allocation since the start, so between two of " +
        "them shows what is made now. Regular expressions are left to cpu/regexp-compile where there is a CPU profile.",
      why:
        "A Redis client of its own for each request dials, greets and hangs up each time, and its pool never serves a second request: " +
        "latency, load on the server and garbage, while no socket or goroutine stays behind that would tell. A pattern compiled for each call costs " +
        "many times what matching does.",
      next: "Make it once, when the process starts, and hand it to whoever needs it; both are safe for concurrent use.",
      falsePositives:
        "Package initialisation and what main itself makes are left out; a start-up in goroutines is not told apart. A client for each tenant or patterns that " +
        "really differ must be made; then keep them in a bounded cache. One profile shows the sum since the start only, and is " +
        "reported as possible.",
      references: [
        "https://pkg.go.dev/github.com/redis/go-redis/v9#Client",
        "https://pkg.go.dev/regexp#Regexp",
        "https://go.dev/src/runtime/mprof.go",
      ],
    },
  },
  analyze({ heap, cpu, target: { own } }, limits) {
    const ends = firstAndLast(heap);
    const last = heap.at(-1) ?? heap[0];
    if (sampleIndexOf(last, "alloc_space") === -1) {
      return { inconclusive: "the heap profile does not tell what was allocated" };
    }
    return madeOnce.flatMap((what) => {
      if (what.byCpuToo && cpu !== undefined) return [];
      const draft = draftOf(what, ends?.[0], last, own, limits);
      return draft === undefined ? [] : [draft];
    });
  },
});

/** What of a kind was made between the profiles, or since the start where there is no first one. */
function draftOf(
  what: MadeOnce,
  first: Profile | undefined,
  last: Profile,
  own: OwnCode,
  limits: Limits,
): FindingDraft | undefined {
  const before = first === undefined ? undefined : makers(what, first, own);
  const sites = [...makers(what, last, own)]
    .map(([name, { where, bytes }]) => ({ where, bytes: bytes - (before?.get(name)?.bytes ?? 0) }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  const [site] = sites;
  const bytes = sites.reduce((sum, each) => sum + each.bytes, 0);
  const share = bytes / Math.max(1, allocated(last) - (first === undefined ? 0 : allocated(first)));
  const least = first === undefined ? limits.bytesSinceStart : limits.bytes;
  if (site === undefined || bytes < least || (what.byCpuToo && share < limits.share)) return undefined;
  const windowMs =
    first?.timeMs === undefined || last.timeMs === undefined ? undefined : last.timeMs - first.timeMs;
  const speed = windowMs === undefined || windowMs <= 0 ? undefined : (bytes / windowMs) * 1000;
  const [maker] = site.where;
  const place = maker?.function ?? "";
  const when = first === undefined ? "since the process started" : `in ${windowText(windowMs)}`;
  return {
    ...(what.byCpuToo && speed !== undefined && speed < limits.bytesPerSecond
      ? { severity: "info" as const }
      : {}),
    confidence: first === undefined ? "possible" : "likely",
    title: `${what.title} are made again and again in ${place}`,
    summary: [
      `Making ${what.many} allocated ${bytesText(bytes)} ${when}, ${percentText(share)} of all that was allocated; ${percentText(site.bytes / bytes)} of that below ${place}.`,
      what.cost,
      first === undefined ? "Whether that goes on, only a second profile tells." : "",
      "That one would do for all is inferred from the place: neither package initialisation nor main made them.",
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
    measured: { value: bytes, limit: least, unit: "bytes" },
    where: site.where,
    evidence: [{ artifact: last.artifact, excerpt: excerptOf(what, maker, site.bytes) }],
    next: [
      ...what.next,
      `See all callers: go tool pprof -peek '${what.peek}' -sample_index=alloc_space ${last.artifact}`,
    ],
  };
}

function windowText(windowMs: number | undefined): string {
  return windowMs === undefined || windowMs <= 0 ? "the time between the profiles" : durationText(windowMs);
}

function excerptOf({ many }: MadeOnce, maker: Frame | undefined, bytes: number): string {
  const place = maker === undefined ? "" : `, below ${maker.function} ${shortFile(maker.file)}:${maker.line}`;
  return `alloc_space ${bytesText(bytes)} for ${many}${place}`;
}

function allocated(profile: Profile): number {
  return profileTotal(profile, sampleIndexOf(profile, "alloc_space"));
}
