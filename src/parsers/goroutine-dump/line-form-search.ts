import type { CrashReport } from "../../domain/goroutines/crash.ts";
import { readCrashLine } from "./crash-line.ts";
import { holdsEscapedTraceback } from "./escaped-text.ts";
import { isNewestFirst, type LineForm, lineForm, wordCount } from "./line-form.ts";
import { lineFeedAt } from "./word-scan.ts";
import { WordsAhead } from "./words-ahead.ts";

/** A line that is looked at as a whole is looked at up to this length. */
export const longestLookedAt = 4096;

/** The only header of its kind: behind the words of one message, with the calls below it as they were. */
const headerOfMessage = /(?<=[\s"'`>])goroutine \d+ \[[^\]]+\]:\s*$/;
/** Where last words begin behind other words; "^\\" is what a terminal shows of the key that asks for SIGQUIT. */
const wordsWithin = /(?<=[\s`"'\\])(?<!\[signal )(?=panic: |fatal error: |SIG[A-Z0-9]+: )/;
const call = /^[^\s(]+\(.*\)\s*$/;

/** Where a line with something in front of a goroutine's header leads. */
export type Look = "more input" | "nothing" | "form" | { readonly headerAt: number };

/** Finds out by the first goroutine of an input whether its lines are as the process wrote them. */
export class LineFormSearch {
  /** How the lines are changed, once that is seen. */
  form: LineForm | undefined;
  /** The lines stand in reverse order. */
  newestFirst = false;
  /** Last words of a process that stood in front of the traceback, behind as many words as its header. */
  lastWords: CrashReport | undefined;

  readonly #artifact: string;
  readonly #utf8 = new TextDecoder();
  readonly #words = new WordsAhead(["goroutine ", "panic: ", "fatal error: ", "SIG"]);
  /** What looked like last words behind the words of a log writer, and how many these were. */
  #wordsSeen: { readonly before: number; readonly crash: CrashReport } | undefined;
  /** The form is found, or a place was seen behind its tab. */
  #settled = false;

  constructor(artifact: string) {
    this.#artifact = artifact;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** To be called whenever the bytes are others than before. */
  forget(): void {
    this.#words.forget();
  }

  /** Whether the line has words in it that may begin a traceback; lines must be asked about in their order. */
  mayHold(bytes: Uint8Array, view: DataView, start: number, to: number): boolean {
    return this.#words.standInLine(bytes, view, start, to, longestLookedAt);
  }

  /** Looks at a goroutine whose header begins its line. False when more input is needed to tell. */
  seeHeader(bytes: Uint8Array, view: DataView, start: number, to: number, flowing: boolean): boolean {
    const lines = this.#linesFrom(bytes, view, start, to, flowing);
    if (lines === undefined) return false;
    const [header, callLine, placeLine] = lines;
    this.form = lineForm(header, callLine, placeLine);
    this.newestFirst = this.form === undefined && isNewestFirst(header, callLine, placeLine);
    if (this.form !== undefined || placeLine.startsWith("\t")) this.#settle(0);
    return true;
  }

  /** Looks at a line with something in front of a header or of last words. `line` is its number. */
  seeLine(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    to: number,
    flowing: boolean,
    line: number,
  ): Look {
    const lines = this.#linesFrom(bytes, view, start, to, flowing);
    if (lines === undefined) return "more input";
    const [text, callLine, placeLine] = lines;
    this.form = holdsEscapedTraceback(text) ? "escaped" : lineForm(text, callLine, placeLine);
    if (this.form !== undefined) {
      this.#settle(this.form === "escaped" ? 0 : this.form.words);
      return "form";
    }
    this.newestFirst = isNewestFirst(text, callLine, placeLine);
    const headerAt = call.test(callLine) ? text.search(headerOfMessage) : -1;
    if (headerAt !== -1) return { headerAt: start + Buffer.byteLength(text.slice(0, headerAt)) };
    this.#seeCrash(text.slice(0, longestLookedAt), line);
    return "nothing";
  }

  #seeCrash(text: string, line: number): void {
    const [before = "", words = ""] = text.split(wordsWithin, 2);
    const crash = readCrashLine(words, this.#artifact, line);
    if (crash === undefined) return;
    this.#wordsSeen = { before: wordCount(before.replace(/[`"']+$|\^\\$/, "")), crash };
  }

  #settle(wordsBefore: number): void {
    this.#settled = true;
    if (this.#wordsSeen?.before === wordsBefore) this.lastWords = this.#wordsSeen.crash;
  }

  /** The line at `start` and the next two, undefined when more input is needed for them. */
  #linesFrom(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    to: number,
    flowing: boolean,
  ): readonly [string, string, string] | undefined {
    const most = start + 3 * longestLookedAt;
    let feed = start - 1;
    for (let line = 0; line < 3 && (line === 0 || feed !== -1); line++) {
      feed = lineFeedAt(bytes, view, feed + 1, to);
    }
    if (feed === -1 && flowing && to < most) return undefined;
    const textEnd = Math.min(feed === -1 ? to : feed, most);
    const text = this.#utf8.decode(bytes.subarray(start, textEnd));
    const [first = "", second = "", third = ""] = text.split("\n", 3);
    return [first, second, third];
  }
}
