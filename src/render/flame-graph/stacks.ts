import type { Frame } from "../../domain/code/frame.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import type { Profile } from "../../domain/profiles/profile.ts";

/** What goes through a call: in the capture that is drawn, and in an earlier one it is compared with. */
export interface Weight {
  readonly now: number;
  /** 0 when nothing is compared. */
  readonly before: number;
}

/** Stacks and what each weighs, whatever capture they come from. Functions are told apart by name alone. */
export interface Stacks {
  /** A frame of each function: the first one that was met. Its index is what `walk` returns. */
  readonly functions: readonly Frame[];
  /** One for each stack; what is not above 0 is not drawn. */
  readonly weights: Float64Array;
  /**
   * Begins at the outermost calls. Each call of the returned function goes one call inward on that stack, and returns
   * -1 past its innermost one.
   */
  readonly walk: () => (stack: number) => number;
  /** Whether a stack has a call of the function with this index. */
  readonly passes: (id: number) => (stack: number) => boolean;
}

/** The stacks of a profile by one of its sample types; inlined calls are calls. */
export function profileStacks(profile: Profile, sampleIndex: number): Stacks {
  const { sampleCount, sampleStart, sampleLocations, locationStart, locationFrames } = profile;
  const names = functionNames();
  const functionOfFrame = Uint32Array.from(profile.frames, (frame) => names.idOf(frame));
  return {
    functions: names.functions,
    weights: profile.values[sampleIndex]?.subarray(0, sampleCount) ?? new Float64Array(0),
    walk() {
      // Both count down: the file has the innermost call first.
      const location = Uint32Array.from({ length: sampleCount }, (_, sample) => sampleStart[sample + 1] ?? 0);
      const frame = new Uint32Array(sampleCount);
      const innermost = new Uint32Array(sampleCount);
      return (sample) => {
        let at = frame[sample] ?? 0;
        while (at === (innermost[sample] ?? 0)) {
          const next = location[sample] ?? 0;
          if (next === (sampleStart[sample] ?? 0)) return -1;
          location[sample] = next - 1;
          const id = sampleLocations[next - 1] ?? 0;
          innermost[sample] = locationStart[id] ?? 0;
          at = locationStart[id + 1] ?? 0;
        }
        frame[sample] = at - 1;
        return functionOfFrame[locationFrames[at - 1] ?? 0] ?? -1;
      };
    },
    passes(id) {
      const has = new Uint8Array(locationStart.length);
      for (let location = 0; location + 1 < locationStart.length; location++) {
        const end = locationStart[location + 1] ?? 0;
        for (let at = locationStart[location] ?? 0; at < end; at++) {
          if (functionOfFrame[locationFrames[at] ?? 0] === id) has[location] = 1;
        }
      }
      return (sample) => {
        const end = sampleStart[sample + 1] ?? 0;
        for (let at = sampleStart[sample] ?? 0; at < end; at++) {
          if (has[sampleLocations[at] ?? 0] === 1) return true;
        }
        return false;
      };
    },
  };
}

/** One stack for each group, as heavy as it has goroutines. */
export function goroutineStacks(groups: readonly GoroutineGroup[]): Stacks {
  const names = functionNames();
  const stacks = groups.map(({ stack }) => Uint32Array.from(stack, (frame) => names.idOf(frame)));
  return {
    functions: names.functions,
    weights: Float64Array.from(groups, ({ count }) => count),
    walk() {
      const left = Uint32Array.from(stacks, ({ length }) => length);
      return (stack) => {
        const at = left[stack] ?? 0;
        if (at === 0) return -1;
        left[stack] = at - 1;
        return stacks[stack]?.[at - 1] ?? -1;
      };
    },
    passes: (id) => (stack) => stacks[stack]?.includes(id) ?? false,
  };
}

/**
 * Two captures as one: the stacks of `before`, then those of `now`, whose number is `weights.length` less `earlier`.
 */
export function joinedStacks(before: Stacks, now: Stacks): Stacks & { readonly earlier: number } {
  const names = functionNames();
  const sides = [before, now].map((side) => ({
    ...side,
    ids: Uint32Array.from(side.functions, (frame) => names.idOf(frame)),
  }));
  const earlier = before.weights.length;
  const weights = new Float64Array(earlier + now.weights.length);
  weights.set(before.weights);
  weights.set(now.weights, earlier);
  return {
    earlier,
    functions: names.functions,
    weights,
    walk() {
      const walks = sides.map(({ ids, walk }) => ({ ids, next: walk() }));
      return (stack) => {
        const side = walks[stack < earlier ? 0 : 1];
        const id = side?.next(stack < earlier ? stack : stack - earlier) ?? -1;
        return id === -1 ? -1 : (side?.ids[id] ?? -1);
      };
    },
    passes(id) {
      const tests = sides.map(({ ids, passes }) => {
        const own = ids.indexOf(id);
        return own === -1 ? () => false : passes(own);
      });
      return (stack) => tests[stack < earlier ? 0 : 1]?.(stack < earlier ? stack : stack - earlier) ?? false;
    },
  };
}

/** What stacks that pass through a function called `symbol` weigh together. */
export function weightThrough({ functions, weights, passes }: Stacks, symbol: string, earlier = 0): Weight {
  const total = { now: 0, before: 0 };
  const id = functions.findIndex((frame) => frame.function === symbol);
  if (id === -1) return total;
  const isThrough = passes(id);
  for (const [stack, weight] of weights.entries()) {
    if (weight > 0 && isThrough(stack)) total[stack < earlier ? "before" : "now"] += weight;
  }
  return total;
}

function functionNames() {
  const functions: Frame[] = [];
  const ids = new Map<string, number>();
  return {
    functions,
    idOf(frame: Frame): number {
      let id = ids.get(frame.function);
      if (id === undefined) {
        id = functions.push(frame) - 1;
        ids.set(frame.function, id);
      }
      return id;
    },
  };
}
