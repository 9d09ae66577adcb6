import type { Frame } from "../../domain/frame.ts";
import type { GoroutineGroup } from "../../domain/goroutine.ts";
import { countText } from "../../domain/units.ts";
import type { CallText, GoroutineText } from "./goroutine-text.ts";
import { GroupTally } from "./group-tally.ts";
import type { DumpLimits } from "./limits.ts";

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
      ? `${countText(this.#limits.maxGroups)} distinct stacks`
      : `${countText(this.#limits.maxFrames)} distinct frames`;
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
