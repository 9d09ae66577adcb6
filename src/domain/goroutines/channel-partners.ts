import {
  codeObject,
  declaredFunction,
  entryFrame,
  isMainGoroutine,
  isMethod,
  isRequest,
  startedBy,
} from "../code/code-object.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineGroup, GoroutineSnapshot, WaitReason } from "./goroutine.ts";
import { hasFrame } from "./goroutine-sites.ts";
import { parentIds } from "./group-children.ts";
import { isKnownIdle } from "./known-idle.ts";
import { groupsInPackagesOf } from "./package-groups.ts";
import { sumOf } from "./pile-up.ts";
import { running, stackIndex } from "./stack-index.ts";
import type { WaitSite } from "./wait-sites.ts";

/** Waits in which a goroutine may come back to its channel by itself. */
const atWork: ReadonlySet<WaitReason> = new Set<WaitReason>([
  "active",
  "GC",
  "IO wait",
  "syscall",
  "sleep",
  "select",
  "sync.Mutex.Lock",
  "other",
]);

/**
 * Goroutines that may serve the channel of `site` when they are done with what they do: they run other code of the
 * same type (or another closure of the same function) and are not stuck themselves. A channel prints no address, so
 * this is the nearest to "the other end is still there". The function that started the waiting goroutines does not
 * count: it is their caller, not their partner.
 */
export function partnersAtWork(site: WaitSite, snapshot: GoroutineSnapshot, own: OwnCode): number {
  const members = new Set(site.groups);
  const objects = new Set<string>();
  const starters = new Set<string>();
  const functions = new Set<string>();
  for (const group of site.groups) {
    const frame = group.stack.find((candidate) => own.isOwn(candidate));
    if (frame !== undefined) {
      objects.add(codeObject(frame.function));
      functions.add(frame.function);
    }
    const starter = startedBy(group);
    if (starter !== undefined) starters.add(starter);
  }
  let partners = 0;
  const index = stackIndex(snapshot);
  for (const group of new Set([...objects].flatMap((object) => index.through(object)))) {
    if (members.has(group) || !atWork.has(group.wait) || isKnownIdle(group) || isMainGoroutine(group))
      continue;
    const serves = group.stack.some(
      ({ function: symbol }) =>
        objects.has(codeObject(symbol)) && !functions.has(symbol) && !starters.has(symbol),
    );
    if (serves) partners += group.count;
  }
  return partners;
}

/** Waits that only another goroutine ends, and in which no healthy consumer stands for long. */
const stuckConsumer: ReadonlySet<WaitReason> = new Set<WaitReason>([
  "chan send",
  "chan send (nil chan)",
  "chan receive (nil chan)",
  "sync.Mutex.Lock",
  "sync.RWMutex.Lock",
  "sync.RWMutex.RLock",
  "sync.WaitGroup.Wait",
]);

/**
 * The goroutine that probably should receive what those of `site` send, and is blocked itself: the only one of their
 * type, or else of their package, that is neither a request nor one of them and waits for another goroutine's send,
 * lock or end. Or a crew of their type, smaller than their crowd, that stands at one line and nowhere else. undefined
 * when there is none, or more than one to choose from.
 */
export function blockedConsumer(
  site: WaitSite,
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): GoroutineGroup | undefined {
  const members = new Set(site.groups);
  const senders = site.groups.flatMap(({ stack }) => stack.find((frame) => own.isOwn(frame)) ?? []);
  const objects = new Set(senders.map(({ function: symbol }) => codeObject(symbol)));
  const candidates = groupsInPackagesOf(site.groups, snapshot, own).filter(
    (group) =>
      !members.has(group) &&
      stuckConsumer.has(group.wait) &&
      !isKnownIdle(group) &&
      !isMainGoroutine(group) &&
      !isRequest(group),
  );
  const ofType = candidates.filter(({ stack }) =>
    stack.some((frame) => own.isOwn(frame) && objects.has(codeObject(frame.function))),
  );
  const [only, another] = ofType.length > 0 ? ofType : candidates;
  if (only === undefined || another !== undefined) return undefined;
  return only.count === 1 || (ofType.length > 0 && isWholeCrew(only, site, snapshot)) ? only : undefined;
}

/** All workers of one kind, fewer than those that wait for them: none is seen anywhere else in the same loop. */
function isWholeCrew(crew: GoroutineGroup, site: WaitSite, snapshot: GoroutineSnapshot): boolean {
  const loop = entryFrame(crew.stack)?.function;
  if (loop === undefined || crew.count >= site.count) return false;
  const inLoop = running(snapshot, declaredFunction(loop)).filter((group) => hasFrame(group, loop));
  return inLoop.every((group) => group === crew);
}

/**
 * A goroutine of `site` whose loop is another method of the type on whose channel it sends, and the only one in that
 * loop: if it is the one that receives, it waits for itself.
 */
export function sendingLoop(
  site: WaitSite,
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): GoroutineGroup | undefined {
  return site.groups.find((group) => {
    const sender = group.stack.find((frame) => own.isOwn(frame))?.function;
    const loop = entryFrame(group.stack)?.function;
    return (
      group.count === 1 &&
      sender !== undefined &&
      loop !== undefined &&
      declaredFunction(loop) !== declaredFunction(sender) &&
      isMethod(loop) &&
      codeObject(loop) === codeObject(sender) &&
      running(snapshot, declaredFunction(loop)).every((other) => other === group)
    );
  });
}

/**
 * True when somebody in the same package may move the channel of `site`: a goroutine that sleeps, computes or waits for
 * I/O between two rounds. Wider than `partnersAtWork`: a consumer may be another plain function, and the holder of a
 * token runs the very function that the waiting ones are in.
 */
export function hasNeighboursAtWork(site: WaitSite, snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  const members = new Set(site.groups);
  return groupsInPackagesOf(site.groups, snapshot, own).some(
    (group) =>
      !members.has(group) && atWork.has(group.wait) && !isKnownIdle(group) && !isMainGoroutine(group),
  );
}

/**
 * How many goroutines run the function that started `groups`. A worker's or a connection's helper has its starter
 * beside it; a leaked goroutine has outlived it. undefined when the starter is not known.
 */
export function livingStarters(
  groups: readonly GoroutineGroup[],
  snapshot: GoroutineSnapshot,
): number | undefined {
  return groups.some((group) => startedBy(group) !== undefined)
    ? sumOf(startersAlive(groups, snapshot))
    : undefined;
}

/**
 * How many goroutines beside those of `site` wait for a connection's bytes: of the same type, or started by the same
 * function. A connection's writer waits for messages for as long as its reader waits for the peer, and what started both
 * has usually returned.
 */
export function readersBeside(site: WaitSite, snapshot: GoroutineSnapshot, own: OwnCode): number {
  const index = stackIndex(snapshot);
  const beside = site.groups.flatMap(({ stack, createdBy }) => {
    const frame = stack.find((candidate) => own.isOwn(candidate));
    return [
      ...(frame === undefined ? [] : index.through(codeObject(frame.function))),
      ...(createdBy === undefined ? [] : index.createdBy(createdBy.function)),
    ];
  });
  const members = new Set(site.groups);
  return sumOf(
    [...new Set(beside)].filter(
      (group) => group.wait === "IO wait" && !members.has(group) && !isKnownIdle(group),
    ),
  );
}

/** The groups that run the functions which started `groups`, as far as they are known; none of `groups` itself. */
export function startersAlive(
  groups: readonly GoroutineGroup[],
  snapshot: GoroutineSnapshot,
): readonly GoroutineGroup[] {
  const members = new Set(groups);
  const living = new Set(groups.flatMap((group) => runningStarter(group, snapshot)));
  return [...living].filter((group) => !members.has(group));
}

/**
 * A dump names the very closure whose `go` statement it was: that main, which declares the handlers of an HTTP server,
 * still runs does not say that one of them does.
 */
function runningStarter(group: GoroutineGroup, snapshot: GoroutineSnapshot): readonly GoroutineGroup[] {
  const starter = startedBy(group);
  if (starter === undefined) return [];
  const living = running(snapshot, starter);
  const creator = group.createdBy?.function;
  return creator === undefined || creator === starter
    ? living
    : living.filter((other) => hasFrame(other, creator));
}

/**
 * True when somebody may just be filling a crew of workers: one goroutine started all examples and its function still
 * runs; or, where the capture names no parents, a background goroutine runs other code of the same type. A
 * dispatcher that leaks one goroutine per message looks the same, so growth alone is no proof then.
 */
export function mayBeFilling(site: WaitSite, snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  // A server starts the goroutines of all its requests, and is no crew that somebody fills.
  if (site.groups.some(isRequest)) return false;
  const parents = distinctParents(site.groups);
  if (parents !== undefined) return parents === 1 && (livingStarters(site.groups, snapshot) ?? 0) > 0;
  const members = new Set(site.groups);
  const workers = new Set(site.groups.map(({ stack }) => entryFrame(stack)?.function));
  const objects = new Set([...workers].map((symbol) => (symbol === undefined ? "" : codeObject(symbol))));
  const index = stackIndex(snapshot);
  return [...objects]
    .flatMap((object) => index.through(object))
    .some(
      (group) =>
        !members.has(group) &&
        !isMainGoroutine(group) &&
        !isRequest(group) &&
        group.stack.some(
          (frame) =>
            own.isOwn(frame) && !workers.has(frame.function) && objects.has(codeObject(frame.function)),
        ),
    );
}

/**
 * How many different goroutines started the examples of `groups` (Go 1.21+): a pool has one parent, goroutines that
 * requests left behind have one each. undefined when fewer than two examples name their parent.
 */
export function distinctParents(groups: readonly GoroutineGroup[]): number | undefined {
  const parents = parentIds(groups);
  return parents.length < 2 ? undefined : new Set(parents).size;
}
