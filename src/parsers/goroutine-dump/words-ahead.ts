import { lineFeedAt } from "./word-scan.ts";

/** Tells cheaply which lines have one of some words in them: each word is looked for in one native search. */
export class WordsAhead {
  readonly #words: readonly string[];
  /** Where each word stands next: at or behind the last line asked about, or -1 for not looked for yet. */
  readonly #next: number[];

  constructor(words: readonly string[]) {
    this.#words = words;
    this.#next = words.map(() => -1);
  }

  /** To be called whenever the bytes are others than before. */
  forget(): void {
    this.#next.fill(-1);
  }

  /** Whether a word begins in the first `most` bytes of the line at `at`; lines must be asked about in their order. */
  standInLine(bytes: Uint8Array, view: DataView, at: number, to: number, most: number): boolean {
    let nearest = to;
    for (const [index, word] of this.#words.entries()) {
      let next = this.#next[index] ?? -1;
      if (next < at) {
        const found = Buffer.from(bytes.buffer, bytes.byteOffset, to).indexOf(word, at, "latin1");
        next = found === -1 ? to : found;
        this.#next[index] = next;
      }
      if (next < nearest) nearest = next;
    }
    const end = Math.min(to, at + most);
    const feed = lineFeedAt(bytes, view, at, end);
    return nearest < (feed === -1 ? end : feed);
  }
}
