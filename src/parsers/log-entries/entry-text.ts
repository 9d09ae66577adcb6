import { lineFeedsIn, type SourceLines } from "../text/source-lines.ts";

const outputBytes = 64 * 1024;

/** Writes out the texts of a log's entries, a line each at least, and which line of the log each line of them comes from. */
export class EntryText {
  readonly #sources: SourceLines;
  readonly #sink: (chunk: Uint8Array) => void;
  /** Fields whose texts end with a line feed where the line does, so that one without is a part (Docker, 16 KiB). */
  readonly #ownLineFeeds: Set<string | undefined>;
  /** The line that is written next, or written on. */
  #written = 1;
  #begun = false;
  #output = Buffer.alloc(outputBytes);
  #used = 0;

  /** `first` are entries that stand at the beginning. `sink` may keep no chunk: they are overwritten. */
  constructor(
    sources: SourceLines,
    first: readonly { readonly field?: string; readonly text: string }[],
    sink: (chunk: Uint8Array) => void,
  ) {
    this.#sources = sources;
    this.#sink = sink;
    this.#ownLineFeeds = new Set(first.flatMap(({ field, text }) => (text.endsWith("\n") ? [field] : [])));
  }

  /** `line` is that of the log. */
  addEntry({ field, text }: { readonly field?: string; readonly text: string }, line: number): void {
    if (text.endsWith("\n")) this.#ownLineFeeds.add(field);
    this.addText(this.#ownLineFeeds.has(field) || text.endsWith("\n") ? text : `${text}\n`, line);
  }

  addText(text: string, line: number): void {
    const lineFeeds = lineFeedsIn(text);
    const first = this.#begun ? this.#written + 1 : this.#written;
    if (lineFeeds > 0 || !this.#begun) {
      this.#sources.add(first, line, this.#begun ? lineFeeds - 1 : lineFeeds);
    }
    this.#written += lineFeeds;
    this.#begun = !text.endsWith("\n");
    const most = 3 * text.length;
    if (this.#used + most > this.#output.length) this.flush();
    if (most > this.#output.length) this.#output = Buffer.alloc(most);
    this.#used += this.#output.write(text, this.#used);
  }

  flush(): void {
    if (this.#used > 0) this.#sink(this.#output.subarray(0, this.#used));
    this.#used = 0;
  }
}
