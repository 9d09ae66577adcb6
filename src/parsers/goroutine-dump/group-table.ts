import type { Frame } from "../../domain/frame.ts";
import type { Goroutine, GoroutineGroup } from "../../domain/goroutine.ts";
import { waitReason } from "../wait-reason.ts";
import type { CallText, GoroutineText } from "./goroutine-text.ts";
import type { DumpLimits } from "./limits.ts";

/** Goroutines kept as examples of a group. */
const maxExemplars = 4;
/** Live arguments kept of one example. */
const maxPointers = 256;
/** Distinct mutexes counted for one group. */
const maxMutexes = 4096;
/** Smaller words are counts, lengths and flags, not addresses: the first page of an address space is never mapped. */
const lowestPointer = 0x1000;

/** What the header of one goroutine says. */
export interface HeaderText {
  readonly id: number;
  readonly state: string;
  readonly waitMinutes: number;
  readonly lockedToThread: boolean;
  readonly labels?: string;
}

/** A group while goroutines are still added to it. */
export class GroupTally {
  readonly state: string;
  readonly stack: readonly Frame[];
  readonly createdBy: Frame | undefined;
  count = 0;
  elidedFrames = 0;
  lockedToThread = 0;
  minWaitMinutes = Number.POSITIVE_INFINITY;
  maxWaitMinutes = 0;
  readonly exemplars: Goroutine[] = [];
  readonly waitedMutexes = new Map<number, number>();

  constructor(state: string, stack: readonly Frame[], createdBy: Frame | undefined) {
    this.state = state;
    this.stack = stack;
    this.createdBy = createdBy;
  }

  add(waitMinutes: number, lockedToThread: boolean): void {
    this.count++;
    if (lockedToThread) this.lockedToThread++;
    if (waitMinutes < this.minWaitMinutes) this.minWaitMinutes = waitMinutes;
    if (waitMinutes > this.maxWaitMinutes) this.maxWaitMinutes = waitMinutes;
  }

  /** True when a goroutine of that age should be kept as an example. */
  wantsExemplar(waitMinutes: number): boolean {
    if (this.exemplars.length < maxExemplars) return true;
    return (this.exemplars.at(-1)?.waitMinutes ?? 0) < waitMinutes;
  }

  addExemplar(goroutine: Goroutine): void {
    const age = goroutine.waitMinutes ?? 0;
    let at = this.exemplars.length;
    while (at > 0 && (this.exemplars[at - 1]?.waitMinutes ?? 0) < age) at--;
    this.exemplars.splice(at, 0, goroutine);
    if (this.exemplars.length > maxExemplars) this.exemplars.pop();
  }

  addWaitedMutex(address: number): void {
    const waiters = this.waitedMutexes.get(address);
    if (waiters !== undefined) this.waitedMutexes.set(address, waiters + 1);
    else if (this.waitedMutexes.size < maxMutexes) this.waitedMutexes.set(address, 1);
  }

  finish(): GoroutineGroup {
    return {
      state: this.state,
      wait: waitReason(this.state, this.stack),
      count: this.count,
      ...(this.maxWaitMinutes === 0
        ? {}
        : { waitMinutes: { min: this.minWaitMinutes, max: this.maxWaitMinutes } }),
      stack: this.stack,
      elidedFrames: this.elidedFrames,
      ...(this.createdBy === undefined ? {} : { createdBy: this.createdBy }),
      lockedToThread: this.lockedToThread,
      exemplars: this.exemplars,
      waitedMutexes: this.waitedMutexes,
    };
  }
}

/** All groups of a dump, found by what makes them equal, and the frames they share. */
export class GroupTable {
  readonly #limits: DumpLimits;
  readonly #frameIds = new Map<string, number>();
  readonly #frames: Frame[] = [];
  readonly #groups = new Map<string, GroupTally>();

  constructor(limits: DumpLimits) {
    this.#limits = limits;
  }

  /** The bound that kept a group out, in words. */
  get exceeded(): string {
    return this.#groups.size >= this.#limits.maxGroups
      ? `${this.#limits.maxGroups} distinct stacks`
      : `${this.#limits.maxFrames} distinct frames`;
  }

  /**
   * The group of a goroutine: equal state, equal frames (function, file, line), equal creator. Offsets in a function,
   * arguments and ids do not count. Whether frames were elided counts, how many does not: the group keeps the most.
   * Undefined when it would be one group or frame too many.
   */
  groupOf(state: string, body: GoroutineText): GroupTally | undefined {
    const stack = body.calls.map((call) => this.#frameId(call));
    const creator = body.createdBy === undefined ? -1 : this.#frameId(body.createdBy);
    const key = `${state}\n${stack.join()}\n${creator}\n${Math.sign(body.elidedFrames)}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= this.#limits.maxGroups || this.#frames.length > this.#limits.maxFrames) {
        return undefined;
      }
      group = new GroupTally(
        state,
        stack.map((id) => this.#frame(id)),
        creator === -1 ? undefined : this.#frame(creator),
      );
      this.#groups.set(key, group);
    }
    if (body.elidedFrames < 0 || body.elidedFrames > group.elidedFrames)
      group.elidedFrames = body.elidedFrames;
    return group;
  }

  /** Largest first; equal sizes in order of first appearance. */
  finish(): GoroutineGroup[] {
    return [...this.#groups.values()].map((group) => group.finish()).sort((a, b) => b.count - a.count);
  }

  #frameId(call: CallText): number {
    const key = `${call.function}\n${call.file}\n${call.line}`;
    let id = this.#frameIds.get(key);
    if (id === undefined) {
      // Cut out of the key, so that no frame keeps the text of its whole goroutine alive.
      const fileAt = call.function.length + 1;
      id = this.#frames.length;
      this.#frames.push({
        function: key.slice(0, call.function.length),
        file: key.slice(fileAt, fileAt + call.file.length),
        line: call.line,
      });
      this.#frameIds.set(key, id);
    }
    return id;
  }

  #frame(id: number): Frame {
    const frame = this.#frames[id];
    if (frame === undefined) throw new Error(`no frame ${id}`);
    return frame;
  }
}

/** An example goroutine with the arguments that a lock graph can be read from. */
export function exemplarOf(header: HeaderText, body: GoroutineText): Goroutine {
  const pointers: { frame: number; value: number }[] = [];
  for (const [frame, call] of body.calls.entries()) {
    for (const word of call.args.matchAll(/0x([0-9a-f]{4,16})(\??)/g)) {
      const value = Number.parseInt(word[1] ?? "", 16);
      const live = word[2] === "" && value >= lowestPointer && value <= Number.MAX_SAFE_INTEGER;
      if (live && pointers.length < maxPointers) pointers.push({ frame, value });
    }
  }
  return {
    id: header.id,
    ...(header.waitMinutes === 0 ? {} : { waitMinutes: header.waitMinutes }),
    ...(body.parentId === undefined ? {} : { parentId: body.parentId }),
    pointers,
    ...(header.labels === undefined ? {} : { labels: header.labels }),
  };
}

/**
 * The mutex that a goroutine waits for: the live first argument (the receiver) of `(*Mutex).lockSlow`. The other lock
 * functions are inlined or have their argument marked as possibly stale.
 */
export function waitedMutex(body: GoroutineText): number | undefined {
  const call = body.calls.find(({ function: symbol }) => symbol.endsWith("sync.(*Mutex).lockSlow"));
  const receiver = /^0x([0-9a-f]{1,13})(?:,|$)/.exec(call?.args ?? "")?.[1];
  return receiver === undefined ? undefined : Number.parseInt(receiver, 16);
}
