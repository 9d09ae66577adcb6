import { codeObject } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import { append } from "../grouped.ts";
import { memoised, memoisedOfTwo } from "../memoised.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { isRuntimeFrame, isSyncFrame } from "./goroutine-sites.ts";
import { isKnownIdle } from "./known-idle.ts";
import { sumOf } from "./pile-up.ts";
import { stackIndex } from "./stack-index.ts";

/**
 * Goroutines that those of `parent` probably started: a dump names the parent's id or function; elsewhere a closure's
 * name begins with the function that declares it. `own` keeps helpers of libraries between the two out of the way:
 * what errgroup.Go starts runs a closure of the caller.
 */
export function childrenOf(
  parent: GoroutineGroup,
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): readonly GoroutineGroup[] {
  return childrenIn(snapshot, own)(parent);
}

/** Ids of the goroutines that started the examples of `groups`, as far as a dump of Go 1.21 or later names them. */
export function parentIds(groups: readonly GoroutineGroup[]): number[] {
  return groups.flatMap(({ exemplars }) =>
    exemplars.flatMap(({ parentId }) => (parentId === undefined ? [] : [parentId])),
  );
}

const childrenIn = memoisedOfTwo((snapshot: GoroutineSnapshot, own: OwnCode) =>
  memoised((parent: GoroutineGroup) => findChildren(parent, snapshot, own)),
);

function findChildren(parent: GoroutineGroup, snapshot: GoroutineSnapshot, own: OwnCode): GoroutineGroup[] {
  const index = stackIndex(snapshot);
  const functions = new Set(
    parent.stack.filter((frame) => own.isOwn(frame)).map(({ function: symbol }) => symbol),
  );
  const waiting = ownWaitObject(parent, own);
  const closures = groupsInside(snapshot, own);
  const children = new Set([
    ...parent.exemplars.flatMap(({ id }) => index.childrenOf(id)),
    ...[...functions].flatMap((symbol) => index.createdBy(symbol)),
    ...(waiting === undefined ? [] : index.startedByObject(waiting)),
    ...[...functions].flatMap((symbol) => closures.get(symbol) ?? []),
  ]);
  return [...children].filter((group) => group !== parent);
}

/** The groups whose outermost own frame stands inside a function, by that function. */
const groupsInside = memoisedOfTwo((snapshot: GoroutineSnapshot, own: OwnCode) => {
  const groups = new Map<string, GoroutineGroup[]>();
  for (const group of snapshot.groups) {
    const outermost = group.stack.findLast((frame) => own.isOwn(frame))?.function;
    if (outermost === undefined) continue;
    append(groups, enclosingFunction(outermost), group);
  }
  return groups;
});

/** The function, itself perhaps a closure, that a closure or a `go` wrapper stands in. */
function enclosingFunction(symbol: string): string {
  return symbol.replace(/\.(?:func\d+|gowrap\d+|\d+)$/, "");
}

/** Who called what waits: the innermost frame that is neither the runtime's nor package sync's. */
function waitingFrame(stack: GoroutineGroup["stack"]): Frame | undefined {
  return stack.find((frame) => !isRuntimeFrame(frame) && !isSyncFrame(frame));
}

/** The service's own type whose method waits: its other methods start what is waited for, as `Go` does for `Wait`. */
function ownWaitObject({ stack }: GoroutineGroup, own: OwnCode): string | undefined {
  const caller = waitingFrame(stack);
  return caller !== undefined && own.isOwn(caller) && caller.function.includes(".(*")
    ? codeObject(caller.function)
    : undefined;
}

/**
 * Those of golang.org/x/sync/singleflight and its like: whoever comes second waits in a WaitGroup inside this function,
 * whoever came first makes the call from inside it (x/sync source: singleflight/singleflight.go).
 */
const sharedCall = /(?:^|\/)singleflight\.\(\*Group(?:\[[^\]]*\])?\)\.Do$/;

/**
 * True for a goroutine that makes a shared call and waits in it for another one that nobody makes: for itself, when both
 * have the same key.
 */
export function waitsForItself(caller: GoroutineGroup, snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  const calls = caller.stack.filter(({ function: symbol }) => sharedCall.test(symbol)).length;
  const innermost = waitingFrame(caller.stack);
  return (
    calls > 1 &&
    innermost !== undefined &&
    sharedCall.test(innermost.function) &&
    callersForAll(caller, snapshot, own).every((group) => group === caller)
  );
}

/**
 * The goroutines that make the call which those of `waiting` share: they have come past the wait in the same function,
 * called from the same place of the service's own code. That function is singleflight's, or an own one (such a Group
 * written by hand) when those that wait in it have started nothing they could wait for, and are more. Empty when
 * `waiting` shares no call.
 */
export function callersForAll(
  waiting: GoroutineGroup,
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): GoroutineGroup[] {
  const known = waiting.stack.find(({ function: symbol }) => sharedCall.test(symbol));
  const shared = known ?? ownWaitingFunction(waiting, snapshot, own);
  if (shared === undefined) return [];
  const at = waiting.stack.indexOf(shared);
  const caller = waiting.stack.find(
    (frame, index) => own.isOwn(frame) && (known !== undefined || index > at),
  );
  if (caller === undefined) return [];
  const places = stackIndex(snapshot).places(codeObject(caller.function));
  const here = places.filter(({ frame }) => frame.function === caller.function && frame.line === caller.line);
  const calling = [...new Set(here.map(({ group }) => group))].filter(({ stack }) =>
    stack.some((frame) => frame.function === shared.function && frame.line !== shared.line),
  );
  return known !== undefined || sumOf(calling) < waiting.count ? calling : [];
}

/** The own method that waits in a WaitGroup itself, having started nothing; undefined when there is none. */
function ownWaitingFunction(waiting: GoroutineGroup, snapshot: GoroutineSnapshot, own: OwnCode) {
  const innermost = waitingFrame(waiting.stack);
  if (innermost === undefined || !own.isOwn(innermost) || ownWaitObject(waiting, own) === undefined)
    return undefined;
  return childrenOf(waiting, snapshot, own).every(isKnownIdle) ? innermost : undefined;
}
