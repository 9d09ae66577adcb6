/** Chance that a seed decides: the same seed, the same throws. */
export interface Dice {
  /** A whole number from 0 to below `sides`. */
  below(sides: number): number;
  /** True in `percent` of all throws. */
  chance(percent: number): boolean;
  oneOf<T>(choices: readonly T[]): T;
}

/** Mulberry32: good enough to spread, small enough to see that it is right. */
export function dice(seed: number): Dice {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  function below(sides: number): number {
    return Math.floor(next() * sides);
  }

  return {
    below,
    chance: (percent) => next() * 100 < percent,
    oneOf<T>(choices: readonly T[]): T {
      const chosen = choices[below(choices.length)];
      if (chosen === undefined) throw new Error("nothing to choose from");
      return chosen;
    },
  };
}
