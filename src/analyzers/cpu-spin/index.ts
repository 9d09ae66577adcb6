import { ownFrames } from "../../domain/code/own-code.ts";
import { defineAnalyzer, type FindingDraft } from "../../domain/findings/analyzer.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { cpuTime } from "../../domain/profiles/sample-work.ts";
import { percentText } from "../../domain/units.ts";
import { type GoroutinesAt, goroutinesAt, runsInEach } from "./goroutines-at.ts";
import { type SpinningLoop, spinningLoops } from "./loops.ts";

export const cpuSpin = defineAnalyzer({
  meta: {
    id: "cpu/spin",
    title: "A loop asks again and again instead of waiting",
    severity: "warning",
    scope: "specific",
    needs: ["cpu"],
    uses: ["goroutines"],
    symptomOf: [],
    thresholds: {
      cores: {
        default: 0.25,
        unit: "count",
        meaning:
          "cores that one function keeps busy with nothing but looking; one per goroutine, less on a crowded host",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      coresOfMost: {
        default: 0.1,
        unit: "count",
        meaning:
          "the same where that is most of what the process uses: on a crowded host even a spinning goroutine gets no more",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      coresWhenSeen: {
        default: 0.02,
        unit: "count",
        meaning:
          "the same where, besides, each of two goroutine captures or more shows it ready to run and none shows it waiting: a host too crowded to give it more",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      mostOfProcess: {
        default: 0.5,
        unit: "ratio",
        meaning: "part of the process's CPU time that counts as most of it",
        source: "docs/decisions/0003-default-thresholds.md",
      },
      polling: {
        default: 0.25,
        unit: "ratio",
        meaning: "part of that time in channel operations with a default, select, Gosched or atomic loads",
        source: "docs/decisions/0003-default-thresholds.md",
      },
    },
    docs: {
      what:
        "An own function that spends a quarter of a core or more, or most of what the process uses, on itself, on non-blocking channel operations (select with " +
        "default), on runtime.Gosched or on atomic loads, and on nothing else: no library, no allocation, no system call.",
      why:
        "It uses a whole core per goroutine for waiting, which under a CPU limit is taken from the requests, and it keeps the " +
        "scheduler and the channel's lock busy for everybody else.",
      next: "Remove the default case so that select blocks; wait on a channel, a sync.Cond or a timer instead of a flag.",
      falsePositives:
        "Batch computation also keeps a core busy in one function: without polling calls the finding is not made. Workers that " +
        "pass many small items through a blocking select look similar, and are told apart because some of them are seen waiting " +
        "in the goroutine captures; without such a capture they are reported as possible.",
      corrections: [
        {
          claim: "a select with default explains too many goroutines",
          fact: "Such a select never blocks, so it leaks nothing: it shows in a CPU profile as a busy loop.",
          source: "https://go.dev/ref/spec#Select_statements",
        },
      ],
      references: [
        "https://go.dev/ref/spec#Select_statements",
        "https://go.dev/src/runtime/chan.go (selectnbrecv)",
        "https://pkg.go.dev/runtime#Gosched",
      ],
    },
  },
  analyze({ cpu, goroutines, target: { own } }, limits) {
    const time = cpuTime(cpu);
    if (time === undefined)
      return { inconclusive: "the CPU profile holds no samples: the process used no CPU" };
    const { durationMs } = cpu;
    if (durationMs === undefined || durationMs <= 0) {
      return { inconclusive: "the CPU profile does not tell how long it took, so cores cannot be counted" };
    }
    const loops = spinningLoops(cpu, own, goroutines)
      .map((loop) => ({ ...loop, cores: loop.ns / 1e6 / durationMs }))
      .filter(({ cores, frame, ns, polling }) => {
        const isMost = ns >= time.totalNs * limits.mostOfProcess;
        const least = !isMost
          ? limits.cores
          : runsInEach(goroutines, frame.function, own)
            ? limits.coresWhenSeen
            : limits.coresOfMost;
        return cores >= least && polling >= limits.polling;
      });
    return loops.slice(0, 3).flatMap((loop): FindingDraft[] => {
      const place = loop.frame.function;
      const at = goroutines === undefined ? undefined : goroutinesAt(goroutines.series, place, own);
      // A loop whose goroutines are mostly seen waiting does block; it is only busy.
      if (at !== undefined && loop.kind !== "yield" && at.waiting > at.active) return [];
      const where = ownFrames(loop.stack, own);
      return [
        {
          confidence: isNonBlocking(loop, at) ? "likely" : "possible",
          title: `${place} spins: ${loop.cores.toFixed(1)} cores for waiting`,
          summary: [
            `${percentText(loop.ns / time.totalNs)} of the CPU time goes into ${place} itself and ${asking[loop.kind]}, and into nothing that does work.`,
            at === undefined
              ? ""
              : at.waiting === 0 && at.active > 0
                ? `Its goroutines were seen running and never waiting (${at.active} times in the captures).`
                : "",
            loop.kind === "select" ? "Whether the select has a default case is inferred." : "",
          ]
            .filter((sentence) => sentence !== "")
            .join(" "),
          measured: {
            value: loop.cores,
            limit: Math.min(limits.cores, loop.cores),
            unit: "cores",
          },
          where,
          evidence: [
            {
              artifact: cpu.artifact,
              excerpt:
                `${place} ${shortFile(loop.frame.file)}:${loop.frame.line}: ${(loop.ns / 1e9).toFixed(2)} s of CPU in ${(durationMs / 1000).toFixed(1)} s, ` +
                `${percentText(loop.polling)} of it in ${asking[loop.kind]}`,
            },
          ],
          next: [
            advice[loop.kind],
            `See the loop, where the source is at hand: go tool pprof -list '${place.replaceAll(/[()*[\]]/g, "\\$&")}' ${cpu.artifact}`,
          ],
        },
      ];
    });
  },
});

const asking: Readonly<Record<SpinningLoop["kind"], string>> = {
  tryChannel: "channel operations that do not block",
  select: "select",
  yield: "runtime.Gosched",
  atomicRead: "atomic loads",
};

const advice: Readonly<Record<SpinningLoop["kind"], string>> = {
  tryChannel: "Remove the default case, so that select blocks until there is something to do.",
  select:
    "Remove the default case, so that select blocks; add a timer case where something must happen regularly.",
  yield: "Replace runtime.Gosched in a loop by something that blocks: a channel, sync.Cond, sync.WaitGroup.",
  atomicRead:
    "Replace the loop over a flag by something that blocks: close a channel when the flag would be set.",
};

/** A select of several cases and atomic loads are also what busy code does that blocks or computes. */
function isNonBlocking({ kind }: SpinningLoop, at: GoroutinesAt | undefined): boolean {
  if (kind === "yield" || (kind === "tryChannel" && at?.active !== 0)) return true;
  return at !== undefined && at.active > 0 && at.waiting === 0;
}
