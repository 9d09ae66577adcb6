import { declaredFunction, entryFrame, isMainGoroutine } from "../code/code-object.ts";
import { type Frame, packagePath } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { Goroutine, GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";
import { isRuntimeFrame, isSyncFrame } from "../goroutines/goroutine-sites.ts";
import { isKnownIdle } from "../goroutines/known-idle.ts";
import { stackIndex } from "../goroutines/stack-index.ts";
import { memoised, memoisedOfTwo } from "../memoised.ts";
import type { LockQueue } from "./lock-queues.ts";
import { type MutexReference, mutexReferences, waitedAddress } from "./mutex-references.ts";

/**
 * A goroutine that probably holds a lock. No capture says who holds a `sync.Mutex`; this is read from where the
 * goroutine stands and, in a dump, from what its arguments point at.
 */
export interface LockHolder {
  readonly group: GoroutineGroup;
  /** The one goroutine, when the dump shows it. */
  readonly goroutine?: Goroutine;
  /** The frame by which it stands in code that takes the lock, or that points at it. */
  readonly passes: Frame;
  /** - `address`: it has the lock's object among its live arguments. - `function`, `object`: it runs the same code. */
  readonly reason: "address" | "function" | "object";
  /** Higher is more telling; only meant for comparison. */
  readonly score: number;
}

/**
 * Who probably holds the lock that `queue` waits for, the most telling first; crowds that cannot all hold one are left
 * out. `queue` is one of the snapshot's.
 */
export const lockHolders = memoisedOfTwo(findHolders);

function findHolders(queue: LockQueue, snapshot: GoroutineSnapshot): readonly LockHolder[] {
  const callers = callersOf(queue);
  const references = new Map<GoroutineGroup, MutexReference>();
  const pointing = new Map<string, Set<Goroutine>>();
  for (const reference of referencesTo(queue, snapshot)) {
    if (!references.has(reference.group)) references.set(reference.group, reference);
    const symbol = functionOf(reference);
    const others = pointing.get(symbol);
    if (others === undefined) pointing.set(symbol, new Set([reference.goroutine]));
    else others.add(reference.goroutine);
  }
  const holders: LockHolder[] = [];
  for (const group of snapshot.groups) {
    const reference = references.get(group);
    if ((reference === undefined && !canHold(group, queue)) || isKnownIdle(group)) continue;
    const byCode = callers.groups.has(group) ? undefined : holderByCode(callers, group, snapshot);
    // Where several in one function point at the one mutex, they cannot all have it: only a line tells one from the others.
    if (reference !== undefined && byCode?.reason !== "function") {
      if ((pointing.get(functionOf(reference))?.size ?? 0) > 1) continue;
    }
    const holder = reference === undefined ? byCode : holderByAddress(callers, reference, byCode);
    if (holder !== undefined) holders.push(holder);
  }
  return holders.sort((a, b) => b.score - a.score || a.group.count - b.group.count);
}

function functionOf({ group, frame }: MutexReference): string {
  return group.stack[frame]?.function ?? "";
}

/**
 * One goroutine can hold a mutex: as many holders as mutexes are one for each. Where the mutexes are not known, as many
 * holders as waiters are taken for pairs. Any other crowd has probably left the lock again.
 */
function canHold({ count }: GoroutineGroup, queue: LockQueue): boolean {
  return count === 1 || isOneForEach(count, queue);
}

/** Within a tenth as many as the locks of the queue. */
function isOneForEach(count: number, queue: LockQueue): boolean {
  const locks = queue.mutexes ?? queue.count;
  return Math.abs(count - locks) <= 0.1 * locks;
}

const answersAbout = memoised((_queue: LockQueue) => new Map<GoroutineGroup, boolean>());

/**
 * Whether goroutines of the group stand where they may hold the lock, however many they are. Found once: all waiters are
 * asked about each other.
 */
export function isHolder(group: GoroutineGroup, queue: LockQueue, snapshot: GoroutineSnapshot): boolean {
  const answers = answersAbout(queue);
  let answer = answers.get(group);
  if (answer === undefined) {
    answer = mayHold(group, queue, snapshot);
    answers.set(group, answer);
  }
  return answer;
}

function mayHold(group: GoroutineGroup, queue: LockQueue, snapshot: GoroutineSnapshot): boolean {
  const { groups, frames, objects } = callersOf(queue);
  if (isKnownIdle(group)) return false;
  if (referencesTo(queue, snapshot).some((reference) => reference.group === group)) return true;
  if (groups.has(group)) return false;
  const lifelong = isLifelong(group);
  return stackIndex(snapshot)
    .placesOf(group)
    .some(
      ({ frame, object, declared }) =>
        objects.has(object) &&
        !isSyncFrame(frame) &&
        !(lifelong && !frames.has(declared)) &&
        frames.get(declared)?.every((caller) => standsBefore(frame, caller)) !== true,
    );
}

/** Live arguments of goroutines that do not wait for the queue's mutex themselves. */
const referencesTo = memoisedOfTwo(({ address }: LockQueue, snapshot: GoroutineSnapshot) => {
  const references = address === undefined ? undefined : mutexReferences(snapshot).get(address);
  return references?.filter(({ group, goroutine }) => waitedAddress(group, goroutine) !== address) ?? [];
});

/** The groups and functions that ask for the lock, these by how they stand in the source, and the types they belong to. */
interface Callers {
  readonly groups: ReadonlySet<GoroutineGroup>;
  readonly frames: ReadonlyMap<string, readonly Frame[]>;
  readonly objects: ReadonlySet<string>;
}

const callersOf = memoised(findCallers);

function findCallers({ waits }: LockQueue): Callers {
  const frames = new Map<string, Frame[]>();
  for (const { caller } of waits) {
    const declared = declaredFunction(caller.function);
    const others = frames.get(declared);
    if (others === undefined) frames.set(declared, [caller]);
    else if (!others.some((other) => other.function === caller.function && other.line === caller.line))
      others.push(caller);
  }
  return {
    groups: new Set(waits.map(({ group }) => group)),
    frames,
    objects: new Set(waits.map(({ object }) => object)),
  };
}

function holderByAddress(
  callers: Callers,
  { group, goroutine, frame }: MutexReference,
  byCode: LockHolder | undefined,
): LockHolder | undefined {
  const passes = group.stack[frame];
  if (passes === undefined) return undefined;
  const sameFunction = callers.frames.has(declaredFunction(passes.function));
  const score = 3 + (byCode?.score ?? (sameFunction || passes !== messageLoop(group) ? 0 : -loopPenalty));
  return { group, goroutine, passes, reason: "address", score };
}

/** The most telling place of the group: the innermost of several that tell the same. */
function holderByCode(
  callers: Callers,
  group: GoroutineGroup,
  snapshot: GoroutineSnapshot,
): LockHolder | undefined {
  const loop = messageLoop(group);
  let passes: Frame | undefined;
  let reason: LockHolder["reason"] = "object";
  let score = Number.NEGATIVE_INFINITY;
  for (const { frame, object, declared } of stackIndex(snapshot).placesOf(group)) {
    if (!callers.objects.has(object) || isSyncFrame(frame)) continue;
    const asking = callers.frames.get(declared);
    const byCode = asking === undefined ? 2 : scoreBeyond(asking, frame);
    const waitsForEnd = asking === undefined && isLifelong(group);
    const here = frame === loop || waitsForEnd ? byCode - loopPenalty : byCode;
    if (here <= score) continue;
    passes = frame;
    reason = asking === undefined ? "object" : "function";
    score = here;
  }
  return passes === undefined ? undefined : { group, passes, reason, score };
}

/** In a function that asks for the lock: how far beyond its Lock calls, -Infinity for a frame before all of them. */
function scoreBeyond(asking: readonly Frame[], frame: Frame): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const caller of asking) {
    if (standsBefore(frame, caller)) continue;
    const beyond = caller.function === frame.function && frame.line > caller.line ? 1 : 0;
    best = Math.max(best, 3 + beyond - (isStarter(frame, caller) ? 2 : 0));
  }
  return best;
}

/** Above the Lock call in the same function: it has not come to the lock yet. */
function standsBefore(frame: Frame, caller: Frame): boolean {
  return caller.function === frame.function && frame.line < caller.line;
}

/** The function around a closure that takes the lock runs other code; it may hold the lock all the same. */
function isStarter(frame: Frame, caller: Frame): boolean {
  return frame.function !== caller.function && declaredFunction(caller.function) === frame.function;
}

/** What a place counts less in a background loop, and in main that waits for the end, which rarely hold a lock while they wait. */
const loopPenalty = 2;

const waitsForOthers = /^(?:chan |select|sync\.|semacquire)/;

/** Main waits for the process's end, in a method of the service's type as often as in main itself. */
function isLifelong(group: GoroutineGroup): boolean {
  return isMainGoroutine(group) && waitsForOthers.test(group.wait);
}

/**
 * The first function of a goroutine, where that is a background loop that waits for messages right there. The select inside an
 * HTTP client's call is no wait for messages.
 */
function messageLoop({ wait, stack }: GoroutineGroup): Frame | undefined {
  if (wait !== "select" && wait !== "chan receive" && wait !== "sleep") return undefined;
  return stack.some(({ function: symbol }) => symbol === "net/http.(*Client).do")
    ? undefined
    : entryFrame(stack);
}

/** True for a goroutine that waits itself; `active` ones are merely busy under the lock, debug=1 may not tell. */
export function isBlocked({ group }: LockHolder): boolean {
  return group.wait !== "active" && group.wait !== "GC" && group.state !== "unknown";
}

/**
 * Waits for something outside of the process, in a library perhaps. A service that spends its time in such calls is seen
 * in them in every capture, so that a lock that moves looks as still as one that does not.
 */
export function waitsOutside({ group: { wait, stack } }: LockHolder, own: OwnCode): boolean {
  if (wait === "IO wait" || wait === "syscall" || wait === "sleep") return true;
  const innermost = stack.find((frame) => !isRuntimeFrame(frame));
  return wait === "select" && innermost !== undefined && !own.isOwn(innermost);
}

/**
 * Goroutines beside the queue that run code of the same package, wait for other goroutines, and are as many as the
 * locks. Nothing says that they hold one, but nothing says that they do not. Loops that wait for messages are left out.
 */
export function bystanders(queue: LockQueue, snapshot: GoroutineSnapshot, own: OwnCode): GoroutineGroup[] {
  const waiting = new Set(queue.waits.map(({ group }) => group));
  const packages = new Set(queue.waits.map(({ caller }) => packagePath(caller.function)));
  return snapshot.groups.filter((group) => {
    if (waiting.has(group) || !waitsForOthers.test(group.wait)) return false;
    const fits = isOneForEach(group.count, queue) || (group.count === 1 && (queue.mutexes ?? 1) === 1);
    if (!fits || isKnownIdle(group) || isMainGoroutine(group)) return false;
    const innermost = group.stack.find((frame) => own.isOwn(frame));
    const isLoop = group.wait !== "chan send" && innermost === entryFrame(group.stack);
    return (
      !isLoop && group.stack.some((frame) => own.isOwn(frame) && packages.has(packagePath(frame.function)))
    );
  });
}
