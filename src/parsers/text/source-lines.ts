/** The line (1-based) of a file that a line comes from which was made out of it. */
export type SourceLine = (line: number) => number;

/**
 * Where lines come from that were written out of the lines of a file: several out of one, one out of several, or each
 * out of its own. An error names the line that a person sees.
 */
export class SourceLines {
  /** Per stretch: the line made that it begins with, the line of the file, and whether each comes from the next. */
  readonly #firsts: number[] = [];
  readonly #sources: number[] = [];
  readonly #stepped: boolean[] = [];

  /** `count` lines, from line `first` on, were made out of line `source`. To be called in the order of the lines. */
  add(first: number, source: number, count: number): void {
    const last = this.#firsts.length - 1;
    const goesOn =
      count <= 1 &&
      this.#stepped[last] === true &&
      source - (this.#sources[last] ?? 0) === first - (this.#firsts[last] ?? 0);
    if (goesOn) return;
    this.#firsts.push(first);
    this.#sources.push(source);
    this.#stepped.push(count <= 1);
  }

  /** The line of the file that `line` comes from; the same where nothing was said of it. */
  of(line: number): number {
    let below = 0;
    let above = this.#firsts.length;
    while (below < above) {
      const middle = (below + above) >>> 1;
      if ((this.#firsts[middle] ?? 0) <= line) below = middle + 1;
      else above = middle;
    }
    const at = below - 1;
    const source = this.#sources[at];
    if (source === undefined) return line;
    return this.#stepped[at] === true ? source + line - (this.#firsts[at] ?? 0) : source;
  }
}

/** How many line feeds the text has, one at its end among them. */
export function lineFeedsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
