import { capitalised } from "../../domain/capitalised.ts";
import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import type { EvidenceExcerpt } from "../../domain/findings/finding.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { isAlsoIn, shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import { nothingRuns } from "../../domain/goroutines/process-stillness.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import type { LockCycle, LockCycleMember } from "../../domain/locks/lock-cycles.ts";
import { lockCycles } from "../../domain/locks/lock-cycles.ts";
import { lockWait } from "../../domain/locks/lock-waits.ts";
import { shortName } from "../../domain/locks/lock-words.ts";
import { counted, countText } from "../../domain/units.ts";

export const goroutineLockCycle = defineAnalyzer({
  meta: {
    id: "goroutine/lock-cycle",
    title: "Goroutines wait for each other's locks",
    severity: "critical",
    scope: "specific",
    needs: ["goroutines"],
    uses: ["dump"],
    symptomOf: [],
    thresholds: {},
    docs: {
      what: "Two goroutines, each waiting for a lock that the other one probably holds (AB-BA). In a dump: the address that each waits for stands among the other's live arguments, or each has come past the line at which others wait for what the other one asks for. From a profile: each waits for a lock of a type that the other's stack runs through.",
      why: "Neither can ever go on, nor can anybody who needs one of the two locks. Only a restart ends it, until the next time.",
      next: "Take the two locks in one order everywhere, or release the first before taking the second.",
      falsePositives:
        "Who holds a lock is recorded nowhere; the circle is inferred. That a goroutine's own stack contains the address it waits for proves nothing and is not used. A third goroutine that touches one of the locks makes it `possible` only.",
      references: [
        "https://go.dev/src/internal/sync/mutex.go",
        "https://github.com/cockroachdb/cockroach/issues/10214",
        "https://github.com/moby/moby/pull/4951",
      ],
    },
  },
  analyze({ goroutines, dump, target }) {
    const snapshot = dump ?? goroutines.best;
    const still = nothingRuns(goroutines, target.own);
    return lockCycles(snapshot, target.own).flatMap((cycle) => {
      const [first, second] = cycle.members;
      if (first === undefined || second === undefined) return [];
      const groups = cycle.members.map(({ group }) => group);
      const lasting =
        groups.every((group) => (group.waitMinutes?.max ?? 0) > 0) || wasThere(groups, goroutines);
      if (cycle.reason === "elimination" && !(still && lasting)) return [];
      const likely = !cycle.contested && (cycle.reason === "addresses" || lasting);
      const deadlocks = Math.min(...groups.map(({ count }) => count));
      const blocked = snapshot.groups.filter((group) => !groups.includes(group) && isBehind(group, cycle));
      return [
        {
          severity: likely ? "critical" : "warning",
          confidence: likely ? "likely" : "possible",
          // What it is before where: names are long, and a card cuts its title.
          title: `${deadlocksText(deadlocks, likely ? "probable" : "possible")}: ${whoWaits(first)} and ${whoWaits(second)} wait for each other's locks`,
          summary: summaryOf(cycle, first, second, blocked),
          where: [
            ...new Set(cycle.members.flatMap(({ group }) => blamedFrames(group, target.own).slice(0, 2))),
          ],
          waitReason: first.group.wait,
          groups,
          blocks: [...groups, ...blocked],
          evidence: cycle.members.map((member) => memberExcerpt(member, snapshot.artifact, target.own)),
          next: [
            `Decide on one order for the two locks and keep it in ${place(first)} and ${place(second)}.`,
            "Or release the first lock before calling into the other type.",
            "Restarting the process frees it for now; the deadlock will come back.",
          ],
        },
      ];
    });
  },
});

function wasThere(groups: readonly GoroutineGroup[], { series }: GoroutineEvidence): boolean {
  return series.length > 1 && series.every((snapshot) => groups.every((group) => isAlsoIn(snapshot, group)));
}

/** Waits for one of the circle's mutexes, or without addresses for a lock of one of its types. */
function isBehind(group: GoroutineGroup, cycle: LockCycle): boolean {
  const wait = lockWait(group);
  if (wait === undefined) return false;
  return cycle.members.some(({ waitsFor, group: member }) =>
    waitsFor === undefined || group.waitedMutexes.size === 0
      ? lockWait(member)?.object === wait.object || hasComePast(member, wait.caller)
      : group.waitedMutexes.has(waitsFor),
  );
}

/** It stands further on in the function that asks for the lock, so it probably has it. */
function hasComePast({ stack }: GoroutineGroup, caller: Frame): boolean {
  return stack.some((frame) => frame.function === caller.function && frame.line > caller.line);
}

function summaryOf(
  cycle: LockCycle,
  first: LockCycleMember,
  second: LockCycleMember,
  blocked: readonly GoroutineGroup[],
): string {
  const how =
    cycle.reason === "addresses"
      ? "Inferred from the dump: each waits for a mutex whose object is among the other one's arguments."
      : cycle.reason === "lines"
        ? "Inferred from the dump: each has come past the line at which others wait for the very mutex that the other one asks for."
        : cycle.reason === "code" || cycle.reason === "elimination"
          ? cycle.reason === "code"
            ? "Inferred: nobody else runs the code that takes the two locks, so each is the only one in sight that can hold the other one's."
            : "Inferred: they are the only two that have come past one lock and wait for another, and nothing else of the service runs."
          : "Inferred from the stacks: each waits for a lock of a type that the other one's stack runs through.";
  const third = cycle.contested
    ? " A third goroutine touches one of the locks and may be the real holder."
    : " Such a circle never opens by itself.";
  const behind = blocked.reduce((sum, group) => sum + group.count, 0);
  const crowd =
    behind === 0 ? "" : ` ${countText(behind)} more ${behind === 1 ? "waits" : "wait"} behind them.`;
  return `${place(first)} waits for a lock that ${place(second)} probably holds, and the other way round. ${how}${third}${crowd}`;
}

function deadlocksText(count: number, sure: "probable" | "possible"): string {
  return count === 1 ? capitalised(`${sure} deadlock`) : `${countText(count)} ${sure} deadlocks`;
}

function whoWaits({ caller }: LockCycleMember): string {
  return shortName(caller.function);
}

function place({ caller }: LockCycleMember): string {
  return `${shortName(caller.function)} (${shortFile(caller.file)}:${caller.line})`;
}

function memberExcerpt(
  { group, goroutine, waitsFor, caller }: LockCycleMember,
  artifact: string,
  own: OwnCode,
): EvidenceExcerpt {
  const who = goroutine === undefined ? counted(group.count, "goroutine") : `goroutine ${goroutine.id}`;
  const mutex = waitsFor === undefined ? "" : `, waits for mutex 0x${waitsFor.toString(16)}`;
  const frames = blamedFrames(group, own).map(
    (frame) => `  ${frame.function} ${shortFile(frame.file)}:${frame.line}`,
  );
  return {
    artifact,
    excerpt: [`${who} [${group.state}]${mutex} in ${caller.function}`, ...frames.slice(0, 3)].join("\n"),
  };
}
