import type { Frame } from "../../domain/code/frame.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { countText } from "../../domain/units.ts";
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
   * The group of a goroutine: equal state, equal frames (function, file, line), equal creator (-1 for none). Offsets
   * in a function, arguments and ids do not count. Whether frames were elided counts, how many does not: the group
   * keeps the most. Undefined when it would be one group or frame too many.
   */
  groupOf(
    state: string,
    stack: readonly number[],
    creator: number,
    elidedFrames: number,
  ): GroupTally | undefined {
    const key = `${state}\n${stack.join()}\n${creator}\n${Math.sign(elidedFrames)}`;
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
    if (elidedFrames < 0 || elidedFrames > group.elidedFrames) group.elidedFrames = elidedFrames;
    return group;
  }

  /** A group of running goroutines without a stack. */
  get stackless(): GroupTally | undefined {
    return [...this.#groups.values()].find(
      ({ state, stack, count }) => count > 0 && stack.length === 0 && state.startsWith("running"),
    );
  }

  /** In order of first appearance. */
  finish(): GoroutineGroup[] {
    return [...this.#groups.values()].filter(({ count }) => count > 0).map((group) => group.finish());
  }

  /** The number of a frame; equal frames have one. */
  frameId(symbol: string, file: string, line: number): number {
    const key = `${symbol}\n${file}\n${line}`;
    let id = this.#frameIds.get(key);
    if (id === undefined) {
      // Cut out of the key, so that no frame keeps the text it was read from alive.
      const fileAt = symbol.length + 1;
      id = this.#frames.length;
      this.#frames.push({
        function: key.slice(0, symbol.length),
        file: key.slice(fileAt, fileAt + file.length),
        line,
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
