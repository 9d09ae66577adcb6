import { isRequest } from "../../domain/code/code-object.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import type { FindingDraft } from "../../domain/findings/analyzer.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { ageSentence } from "../../domain/findings/leak-signs.ts";
import { type CallSite, callSites } from "../../domain/goroutines/call-sites.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { tellsAges } from "../../domain/goroutines/goroutine-evidence.ts";
import { hasFrame } from "../../domain/goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { growthText, isInEach, isOld, type PileUp, pileExcerpt } from "../../domain/goroutines/pile-up.ts";
import { stuckCrewOf, taskRunner } from "../../domain/goroutines/task-runners.ts";
import { blamedFrames } from "../../domain/goroutines/wait-sites.ts";
import { httpServerRole } from "../../domain/http/http-server-roles.ts";
import { areWatched } from "../../domain/http/request-clients.ts";
import { counted } from "../../domain/units.ts";

const ours = "docs/decisions/0003-default-thresholds.md";

export const goroutineWaitsOutside = defineAnalyzer({
  meta: {
    id: "goroutine/waits-outside",
    title: "Requests or tasks wait for something outside of Go, and no other rule explains it",
    severity: "info",
    scope: "catch-all",
    needs: ["goroutines"],
    uses: [],
    symptomOf: [],
    thresholds: {
      requests: {
        default: 10,
        unit: "goroutines",
        meaning:
          "requests at one own function that have waited for a minute by a dump; for information, where some of them are younger, and where they are there in every capture and none tells ages",
        source: ours,
      },
      crew: {
        default: 5,
        unit: "goroutines",
        meaning: "tasks of a task queue, all that it runs, at one own function in every capture",
        source: ours,
      },
      sites: { default: 10, unit: "count", meaning: "functions that are listed", source: ours },
    },
    docs: {
      what: "Own functions in which requests, or all the tasks of a task queue, wait for the network or a pipe, stand in a system call or in C code, or sleep.",
      why: "A peer that is silent, a file lock that somebody keeps, a C library that hangs and a retry with a long pause show in no lock and in no channel.",
      next: "Find out what the line waits for, and give it a deadline: SetDeadline on a connection, a context, a time limit on the lock.",
      falsePositives:
        "Websockets, tunnels, streams, long conversions in C and requests that are slowed down on purpose look the same, so it is `possible` and never fails a verdict. It leaves one open when the goroutines have waited for a minute and are no connections that a handler may have taken over, or when they are all the tasks that a task queue runs, in every capture.",
      references: [
        "https://pkg.go.dev/net#Conn",
        "https://go.dev/src/runtime/mgcmark.go (waitsince, also for system calls)",
        "https://go.dev/src/net/http/server.go (connReader.backgroundRead)",
      ],
    },
  },
  analyze({ goroutines, target }, limits) {
    return kinds
      .flatMap(({ wait, ...kind }) =>
        callSites(
          goroutines,
          (group) => group.wait === wait && isAtWork(group),
          (group) => blamedFrames(group, target.own),
        ).map((site) => ({ site, kind })),
      )
      .flatMap(({ site, kind }) => findingOf(site, kind, { goroutines, own: target.own, limits }) ?? [])
      .slice(0, limits.sites);
  },
});

/** What goroutines wait for outside of Go, in words. */
interface Kind {
  /** Behind "24 requests ", without the place. */
  readonly doing: string;
  readonly looksTheSame: string;
  readonly question: string;
}

const kinds = [
  {
    wait: "syscall",
    doing: "in a system call or C code",
    looksTheSame: "Work that takes long in C or in the kernel looks the same.",
    question:
      "Read the line: which system call or C function is it, and what may keep it (a lock on a file, a disk, a library that waits)?",
  },
  {
    wait: "IO wait",
    doing: "waiting for the network or a pipe",
    looksTheSame: "A stream without news looks the same.",
    question:
      "Read the line: who is to answer, and is there a deadline? Without SetDeadline, a timeout or a context that closes the connection, a silent peer keeps a request for ever.",
  },
  {
    wait: "sleep",
    doing: "sleeping",
    looksTheSame: "Requests that are slowed down on purpose look the same.",
    question:
      "Read the line: for how long does it sleep, and why? time.Sleep heeds no context, so a client that has gone leaves its request here.",
  },
] as const satisfies readonly (Kind & { readonly wait: GoroutineGroup["wait"] })[];

/** Runs a request or a task, and waits neither for the next one nor for the client of that request. */
function isAtWork(group: GoroutineGroup): boolean {
  return (
    (isRequest(group) || taskRunner(group) !== undefined) &&
    httpServerRole(group) === undefined &&
    !isKnownIdle(group) &&
    !hasFrame(group, readsRequestBody)
  );
}

const readsRequestBody = "net/http.(*body).Read";

interface Surroundings {
  readonly goroutines: GoroutineEvidence;
  readonly own: OwnCode;
  readonly limits: Readonly<Record<"requests" | "crew", number>>;
}

function findingOf(
  { where, pile }: CallSite,
  { doing, looksTheSame, question }: Kind,
  { goroutines, own, limits }: Surroundings,
): FindingDraft | undefined {
  const [group] = pile.groups;
  const [frame] = where;
  if (group === undefined || frame === undefined || !own.isOwn(frame)) return undefined;
  const queue =
    pile.count >= limits.crew
      ? stuckCrewOf({ where, groups: pile.groups, count: pile.count }, goroutines, own)
      : undefined;
  const lasts = pile.count >= limits.requests && isOld(pile, limits.requests);
  if (queue === undefined && !lasts && !mayStay(pile, goroutines, limits.requests)) return undefined;

  const who = counted(pile.count, pile.groups.every(isRequest) ? "request" : "task");
  const mayBeTakenOver = group.wait === "IO wait" && !areWatched(pile.groups, goroutines.best);
  const lasting = lasts ? ageSentence(pile.oldestMinutes) : `Each capture has many: ${growthText(pile)}.`;
  return {
    severity: queue !== undefined || (pile.aged >= limits.requests && !mayBeTakenOver) ? "warning" : "info",
    confidence: "possible",
    title: `${who} ${doing} in ${shortName(frame.function)}`,
    summary: `${lasting} ${reasonText(queue, group.wait, mayBeTakenOver, looksTheSame)}`,
    where,
    measured: {
      value: pile.count,
      limit: queue === undefined ? limits.requests : limits.crew,
      unit: "goroutines",
    },
    waitReason: group.wait,
    groups: pile.groups,
    evidence: [pileExcerpt(goroutines.best.artifact, pile.groups, () => frame)],
    next: [
      question,
      "Take a dump (debug=2) some minutes later: ages tell what is stuck from what is only slow.",
    ],
  };
}

/** So many in each of several captures, where none tells ages: what is told to be young is on the move. */
function mayStay(pile: PileUp, { best, series }: GoroutineEvidence, least: number): boolean {
  return !tellsAges(best) && series.length > 1 && isInEach(pile, least);
}

function reasonText(
  queue: string | undefined,
  wait: GoroutineGroup["wait"],
  mayBeTakenOver: boolean,
  looksTheSame: string,
): string {
  if (queue !== undefined)
    return `They are all the tasks that ${queue} runs here, as many in every capture: it probably gets on with nothing else (inferred; tasks that take long look the same).`;
  if (mayBeTakenOver)
    return "A websocket, a tunnel or another connection that a handler took over looks the same.";
  const clients =
    wait === "IO wait"
      ? "net/http watches a client's connection for each of them, so a client still waits for an answer. "
      : "";
  return `${clients}${looksTheSame}`;
}
