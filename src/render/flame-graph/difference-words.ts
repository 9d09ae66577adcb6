/** How the two captures of a difference are told apart in words. */
export interface DifferenceWords {
  /** After a figure of the first and of the second: `199 before, 12 now`. */
  readonly first: string;
  readonly second: string;
  /** Before the call with the largest gain, and with the largest loss. */
  readonly gained: string;
  readonly lost: string;
  readonly same: string;
  /** The second against the first: three times or more, more, alike, less, a third or less. */
  readonly legend: readonly [string, string, string, string, string];
  readonly both: string;
}

/** Two captures of one process, the earlier one first. */
export const overTime: DifferenceWords = {
  first: "before",
  second: "now",
  gained: "Grew most",
  lost: "Shrank most",
  same: "Nothing changed",
  legend: ["grew to 3 × or more", "grew", "same ± 10 %", "shrank", "shrank to a third or less"],
  both: "both captures together",
};

/** Captures of two processes at about the same time; their names. */
export function ofProcesses(first: string, second: string): DifferenceWords {
  return {
    first: `in ${first}`,
    second: `in ${second}`,
    gained: `Most in ${second} beyond ${first}`,
    lost: `Most in ${first} beyond ${second}`,
    same: "No difference",
    // Names are as long as pods' names are: they stand where lines are broken.
    legend: ["3 × or more", "more", "same ± 10 %", "less", "a third or less"],
    both: `both together; colours say how ${second} compares with ${first}`,
  };
}
