import type { Frame } from "../../domain/frame.ts";
import type { GoroutineGroup } from "../../domain/goroutine.ts";
import type { Profile } from "../../domain/profile.ts";

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
  };
}

/** Two captures as one: the stacks of `before`, then those of `now`. */
export function joinedStacks(before: Stacks, now: Stacks): { stacks: Stacks; earlier: number } {
  const names = functionNames();
  const ids = [before, now].map(({ functions }) => Uint32Array.from(functions, (frame) => names.idOf(frame)));
  const earlier = before.weights.length;
  const weights = new Float64Array(earlier + now.weights.length);
  weights.set(before.weights);
  weights.set(now.weights, earlier);
  return {
    earlier,
    stacks: {
      functions: names.functions,
      weights,
      walk() {
        const walks = [before.walk(), now.walk()];
        return (stack) => {
          const which = stack < earlier ? 0 : 1;
          const id = walks[which]?.(which === 0 ? stack : stack - earlier) ?? -1;
          return id === -1 ? -1 : (ids[which]?.[id] ?? -1);
        };
      },
    },
  };
}

/** What stacks that pass through a function called `symbol` weigh together. */
export function weightThrough({ functions, weights, walk }: Stacks, symbol: string): number {
  const wanted = functions.findIndex((frame) => frame.function === symbol);
  if (wanted === -1) return 0;
  const next = walk();
  let total = 0;
  for (const [stack, weight] of weights.entries()) {
    if (!(weight > 0)) continue;
    for (let call = next(stack); call !== -1; call = next(stack)) {
      if (call !== wanted) continue;
      total += weight;
      break;
    }
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
