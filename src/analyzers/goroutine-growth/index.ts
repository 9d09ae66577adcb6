import { entryFrame, isRequest, startedBy } from "../../domain/code/code-object.ts";
import type { Frame } from "../../domain/code/frame.ts";
import { packagePath } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import type { GoroutineEvidence } from "../../domain/evidence/evidence.ts";
import { defineAnalyzer } from "../../domain/findings/analyzer.ts";
import { leakFinding } from "../../domain/findings/leak-report.ts";
import { type GrowingLimits, growingThresholds, growthSign } from "../../domain/findings/leak-signs.ts";
import { mayBeFilling, startersAlive } from "../../domain/goroutines/channel-partners.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../../domain/goroutines/goroutine.ts";
import { tellsAges } from "../../domain/goroutines/goroutine-evidence.ts";
import { isRuntimeFrame } from "../../domain/goroutines/goroutine-sites.ts";
import { idleRole, isKnownIdle } from "../../domain/goroutines/known-idle.ts";
import { sumOf } from "../../domain/goroutines/pile-up.ts";
import type { WaitSite } from "../../domain/goroutines/wait-sites.ts";
import { waitSites } from "../../domain/goroutines/wait-sites.ts";
import { clientsOf, mayBeLongPoll } from "../../domain/http/request-clients.ts";
import { libraryOf, libraryUser } from "../../domain/profiles/library-users.ts";
import { slowFinding } from "./slow.ts";

/**
 * Loops of which a process has a handful: so many are no handful, and a hundredth more is no coming and going. A leak at an
 * unchanging rate grows by a fifth within 15 s only while it is younger than 75 s (docs/decisions/0003-default-thresholds.md).
 */
const manyLoops = { count: 1000, growthRatio: 0.01 } as const;

/** More lines than this grow only when everything does; the largest name the cause. */
const mostFindings = 5;

export const goroutineGrowth = defineAnalyzer({
  meta: {
    id: "goroutine/growth",
    title: "The number of goroutines at one line grows",
    severity: "warning",
    scope: "general",
    needs: ["goroutines"],
    uses: ["heap", "context"],
    symptomOf: [],
    thresholds: {
      ...growingThresholds,
      slowGrowth: {
        default: 200,
        unit: "goroutines",
        meaning:
          "growth of the whole process within an hour, or a quarter of one, by Prometheus, above what is usual",
        source: "docs/decisions/0017-context.md",
      },
    },
    docs: {
      what: "Goroutines at one own line (or in one library loop) whose number rises between captures, whatever they wait for, where no more specific rule explains it. Where the stacks are a library's alone, the heap profile may tell who makes the library start them. Where none grows between the captures, and Prometheus was asked: their number within the last hour.",
      why: "What is started and never stopped ends in memory exhaustion; long before that every garbage collection has more stacks to scan.",
      next: "Look at who starts them (the creator in a dump, the outermost frames of the stack) and at what should end them.",
      falsePositives:
        "Rising load, a start, or a pool that is being filled look the same for a while. The first capture must have had some, request handlers must grow faster than load explains, and runnable goroutines count as overload: else `possible`. A library's loops of which a process has a handful count too; a process that opens many clients on purpose looks alike, so where they are a thousand and grow by less than growthRatio it is `possible`. Growth over an hour is `likely` only above what every known day had at this hour.",
      references: [
        "https://www.uber.com/blog/leakprof-featherlight-in-production-goroutine-leak-detection/",
        "https://go.dev/doc/diagnostics",
      ],
    },
  },
  analyze({ goroutines, heap, target, context }, limits) {
    const slow = () =>
      slowFinding({ goroutines, ...(context === undefined ? {} : { context }) }, target.own, limits);
    if (goroutines.series.length < 2) {
      const found = slow();
      return found === undefined ? { inconclusive: whyUnknown(goroutines.best) } : [found];
    }
    const { best } = goroutines;
    const libraries = new Set<string>();
    const findings = waitSites(best.groups.filter(mayGrow), target.own).flatMap((site) => {
      const growth = growthOf(site, goroutines, target.own, limits);
      if (growth === undefined) return [];
      const { sign, isClear } = growth;
      const [frame] = site.where;
      const isLibrary = frame !== undefined && !site.groups.some((group) => hasOwnCode(group, target.own));
      if (isLibrary) {
        // One client that is made again and again has several loops: the largest stands for all.
        const library = libraryOf(frame.function);
        if (libraries.has(library)) return [];
        libraries.add(library);
      }
      const user = isLibrary ? libraryUser(site.groups, heap?.at(-1), target.own) : [];
      const running =
        best.form !== "counts" && site.groups.every(({ wait }) => wait === "active" || wait === "GC");
      const filling = mayBeFilling(site, best, target.own);
      const attended =
        mayBeLongPoll(site, best, target.own) ||
        readsForRequests(site, best, target.own) ||
        (clientsOf(site, best) !== "gone" &&
          site.groups.every((group) => awaitsItsClient(group, target.own)));
      return [
        leakFinding(
          {
            site,
            blame: user,
            sign,
            confidence: isClear && !running && !filling && !attended ? "likely" : "possible",
            doing: `more and more [${site.groups[0]?.state ?? "?"}]`,
            why: isLibrary
              ? `${userText(user, site.groups.some(isKnownIdle))}${isClear ? "" : ` ${unclear}`}`
              : reasonText({ running, attended, filling, clear: sign.clear }),
            next: [
              ...(isLibrary
                ? [
                    "Find who makes a client, connection, stream or watcher of this library and does not close or cancel it: make one and share it, or close it on every path.",
                  ]
                : []),
              "Look at who starts them and what should end them: a context, a closed channel, a deadline.",
              ...comparison(goroutines.series),
            ],
          },
          goroutines,
          limits,
        ),
      ];
    });
    if (findings.length > 0) return findings.slice(0, mostFindings);
    const found = slow();
    return found === undefined ? [] : [found];
  },
});

/** How a site grows, and whether that leaves no doubt: by the limit of many loops it always does. */
interface Growth {
  readonly sign: NonNullable<ReturnType<typeof growthSign>>;
  readonly isClear: boolean;
}

function growthOf(
  site: WaitSite,
  goroutines: GoroutineEvidence,
  own: OwnCode,
  limits: GrowingLimits,
): Growth | undefined {
  const usual = growthSign(goroutines, site, own, limits);
  if (usual !== undefined) return { sign: usual, isClear: usual.clear };
  if (site.count < manyLoops.count || !site.groups.every(isKnownIdle)) return undefined;
  const sign = growthSign(goroutines, site, own, { ...limits, growthRatio: manyLoops.growthRatio });
  return sign === undefined ? undefined : { sign, isClear: false };
}

/** pprof does not read dumps. */
function comparison(series: readonly GoroutineSnapshot[]): readonly string[] {
  const [first, last] = [series[0], series.at(-1)];
  if (first === undefined || last === undefined || last.form === "dump") return [];
  return [`Compare the captures: go tool pprof -top -base ${first.artifact} ${last.artifact}`];
}

function whyUnknown(best: GoroutineSnapshot): string {
  const wanted = "growth needs two goroutine captures of one form, at least 15 s apart";
  return best.form === "dump" && !tellsAges(best)
    ? `${wanted}, and nobody in the dump has waited for a minute yet, as far as the garbage collector has seen`
    : wanted;
}

const unclear = "The load may have risen, or the process may have just started: a third capture tells.";

interface Doubts {
  readonly running: boolean;
  readonly attended: boolean;
  readonly filling: boolean;
  readonly clear: boolean;
}

function reasonText({ running, attended, filling, clear }: Doubts): string {
  if (running) return "They are ready to run, so the processors may simply not keep up with the load.";
  if (attended)
    return "They are requests whose handlers wait by themselves while their clients do, or websockets: users who connect and stay (long polls, streams) look the same.";
  if (filling) return "Somebody may just be filling a crew of workers: a third capture tells.";
  return clear
    ? "Load alone rarely does that at one line within so short a time; a third capture that shows fewer would refute it."
    : unclear;
}

/** Copies input or output of a child process, or watches its context: exec/wait-stuck judges who waits for the child. */
function servesCommand({ stack }: GoroutineGroup): boolean {
  return entryFrame(stack)?.function.startsWith("os/exec.(*Cmd).") === true;
}

/** Loops of which a process has a handful, whatever its load, are counted too: a client per request brings one each. */
function mayGrow(group: GoroutineGroup): boolean {
  if (servesCommand(group)) return false;
  if (!isKnownIdle(group)) return true;
  return idleRole(group)?.per === "process" && group.stack.some((frame) => !isRuntimeFrame(frame));
}

function hasOwnCode({ stack, createdBy }: GoroutineGroup, own: OwnCode): boolean {
  return stack.some((frame) => own.isOwn(frame)) || (createdBy !== undefined && own.isOwn(createdBy));
}

function userText([user]: readonly Frame[], isIdle: boolean): string {
  const what = isIdle
    ? "A process has a handful of such loops, one for each client or watcher of the library that is open."
    : "Their stacks are the library's alone.";
  return user === undefined
    ? `${what} Who makes the library start them the captures do not tell.`
    : `${what} Probably ${shortName(user.function)} makes the library start them: inferred from the heap profile, in which objects of the library are in use on its behalf.`;
}

/**
 * A reader, as of a websocket, beside the request that started it: both are there for as long as the client is. Where no
 * capture tells who started them, as many waiting requests in the same package are taken for it.
 */
function readsForRequests(site: WaitSite, snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  if (!site.groups.every(({ wait }) => wait === "IO wait")) return false;
  const packages = new Set(site.where.map(({ function: symbol }) => packagePath(symbol)));
  const starters = site.groups.some((group) => startedBy(group) !== undefined)
    ? startersAlive(site.groups, snapshot)
    : snapshot.groups.filter(
        ({ wait, stack }) =>
          wait !== "active" &&
          stack.some((frame) => own.isOwn(frame) && packages.has(packagePath(frame.function))),
      );
  return sumOf(starters.filter(isRequest)) >= site.count / 2;
}

/** A handler that selects in its own code, or reads a websocket, is there for as long as its client is. */
function awaitsItsClient(group: GoroutineGroup, own: OwnCode): boolean {
  if (!isRequest(group)) return false;
  const innermost = group.stack.find((frame) => !isRuntimeFrame(frame));
  if (group.wait === "select") return innermost !== undefined && own.isOwn(innermost);
  return group.wait === "IO wait" && group.stack.some((frame) => /websocket/i.test(frame.function));
}
