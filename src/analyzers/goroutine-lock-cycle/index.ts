import { capitalised } from "../../domain/capitalised.ts";
import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
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
      what: "Two goroutines, each waiting for a lock that the other one probably holds (AB-BA), or a ring of more, in which each waits for the next one's. In a dump: the address that each waits for stands among the next one's live arguments, or each has come past the line at which others wait for what the one before it asks for. From a profile: each waits for a lock of a type that the next one's stack runs through.",
      why: "None of them can ever go on, nor can anybody who needs one of their locks. Only a restart ends it, until the next time.",
      next: "Take the locks in one order everywhere, or release the first before taking the second.",
      falsePositives:
        "Who holds a lock is recorded nowhere; the circle is inferred. That a goroutine's own stack contains the address it waits for proves nothing and is not used. Another goroutine that touches one of the locks makes it `possible` only, and so does a ring of three and more in a process that moves.",
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
      const groups = [...new Set(cycle.members.map(({ group }) => group))];
      const lasting =
        groups.every((group) => (group.waitMinutes?.max ?? 0) > 0) || wasThere(groups, goroutines);
      if (cycle.reason === "elimination" && !(still && lasting)) return [];
      const isRing = cycle.members.length > 2;
      const likely =
        !cycle.contested && (isRing ? still && lasting : cycle.reason === "addresses" || lasting);
      const deadlocks = deadlocksOf(cycle);
      const sure = likely ? "probable" : "possible";
      const blocked = snapshot.groups.filter((group) => !groups.includes(group) && isBehind(group, cycle));
      return [
        {
          severity: likely ? "critical" : "warning",
          confidence: likely ? "likely" : "possible",
          // What it is before where: names are long, and a card cuts its title.
          title: `${deadlocksText(deadlocks, sure)}: ${whoWait(cycle.members)} wait for each other's locks${isRing ? ` in a ring of ${cycle.members.length}` : ""}`,
          summary: summaryOf(cycle, blocked),
          where: [
            ...new Set(cycle.members.flatMap(({ group }) => blamedFrames(group, target.own).slice(0, 2))),
          ],
          waitReason: first.group.wait,
          groups,
          blocks: [...groups, ...blocked],
          evidence: cycle.members.map((member) => memberExcerpt(member, snapshot.artifact, target.own)),
          next: [
            `Decide on one order for the ${isRing ? "" : "two "}locks and keep it in ${listed(cycle.members.map(place))}.`,
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

/** As many as its members' groups are large: in one group there may stand several members of each. */
function deadlocksOf({ members }: LockCycle): number {
  const each = members.map(({ group }) => {
    const alike = members.filter((member) => member.group === group).length;
    return Math.floor(group.count / alike);
  });
  return Math.max(1, Math.min(...each));
}

function summaryOf(cycle: LockCycle, blocked: readonly GoroutineGroup[]): string {
  const next = cycle.members.length > 2 ? "the next one" : "the other one";
  const how =
    cycle.reason === "addresses"
      ? `Inferred from the dump: each waits for a mutex whose object is among ${next}'s arguments.`
      : cycle.reason === "lines"
        ? `Inferred from the dump: each has come past the line at which others wait for the very mutex that ${cycle.members.length > 2 ? "the one before it" : "the other one"} asks for.`
        : cycle.reason === "code" || cycle.reason === "elimination"
          ? cycle.reason === "code"
            ? "Inferred: nobody else runs the code that takes the two locks, so each is the only one in sight that can hold the other one's."
            : "Inferred: they are the only two that have come past one lock and wait for another, and nothing else of the service runs."
          : `Inferred from the stacks: each waits for a lock of a type that ${next}'s stack runs through.`;
  const third = cycle.contested
    ? " Another goroutine touches one of the locks and may be the real holder."
    : " Such a circle never opens by itself.";
  const behind = blocked.reduce((sum, group) => sum + group.count, 0);
  const crowd =
    behind === 0 ? "" : ` ${countText(behind)} more ${behind === 1 ? "waits" : "wait"} behind them.`;
  return `${whoHolds(cycle.members)} ${how}${third}${crowd}`;
}

function deadlocksText(count: number, sure: "probable" | "possible"): string {
  return count === 1 ? capitalised(`${sure} deadlock`) : `${countText(count)} ${sure} deadlocks`;
}

/** The functions in which they wait, in the order of the circle. */
function whoWait(members: readonly LockCycleMember[]): string {
  const names = members.map(({ caller }) => shortName(caller.function));
  const different = [...new Set(names)];
  if (different.length === 1 && members.length > 2) return `${members.length} goroutines in ${different[0]}`;
  return listed(members.length > 2 ? different : names);
}

function whoHolds(members: readonly LockCycleMember[]): string {
  const [first, second, ...more] = members;
  if (first === undefined || second === undefined) return "";
  if (more.length === 0)
    return `${place(first)} waits for a lock that ${place(second)} probably holds, and the other way round.`;
  const links = [second, ...more].map((member, index) => {
    const next = [...more, first][index] ?? first;
    return `${participant(member)} for one of ${participant(next)}`;
  });
  return `${participant(first)} waits for a lock that ${participant(second)} probably holds, ${listed(links)}.`;
}

/** A member by what tells it from the others, and the function that it waits in and who called that. */
function participant(member: LockCycleMember): string {
  return member.goroutine === undefined
    ? place(member)
    : `goroutine ${member.goroutine.id} in ${place(member)}`;
}

function listed(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
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
