import type { CrashReport } from "../../domain/crash.ts";
import type { GoroutineGroup } from "../../domain/goroutine.ts";
import type { ParseError } from "../../domain/parse-result.ts";
import { countText } from "../../domain/units.ts";
import { lineError } from "../text/line-error.ts";
import { beginsCrashLine, readCrashLine } from "./crash-line.ts";
import { GoroutineCounter } from "./goroutine-counter.ts";
import type { TextEnd } from "./goroutine-text.ts";
import { emptyHeader, headerWord, isDigit, readHeader, standsAt } from "./header.ts";
import type { InputMemory } from "./input-memory.ts";
import type { DumpLimits } from "./limits.ts";
import type { LineForm } from "./line-form.ts";
import { LineFormSearch, longestLookedAt } from "./line-form-search.ts";
import { type StackWalk, unfinished } from "./stack-walk.ts";
import { tracebackEnd } from "./traceback-end.ts";
import { lineFeedAt } from "./word-scan.ts";

const lineFeed = 0x0a;
/** The id of the goroutine that runs main (Go source: runtime/proc.go, main starts as the first goroutine). */
const mainGoroutine = 1;
/** Enough to tell a header or crash line from any other line. */
const lineWordBytes = 16;

/**
 * - `flowing`: more input may follow.
 * - `ended`: this is all there is.
 * - `cut`: this is all there is, and the writer is known to have been cut off.
 */
export type InputEnd = "flowing" | "ended" | "cut";

/** Finds the goroutines in input that begins at a line start, and everything else that a crash log tells. */
export class DumpReader {
  crash: CrashReport | undefined;
  /** The first thing that could not be read. */
  damage: ParseError | undefined;
  /** The input ended within a goroutine; `header` when not even its header was whole. */
  cutIn: "header" | "stack" | undefined;
  /** The bound at which reading stopped, in words. */
  stopReason: string | undefined;
  /** The line (1-based) that is read next. */
  line = 1;

  readonly #artifact: string;
  readonly #limits: DumpLimits;
  readonly #goroutines: GoroutineCounter;
  readonly #header = emptyHeader();
  readonly #utf8 = new TextDecoder();
  readonly #memory: InputMemory;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #insideLongLine = false;
  #full = false;
  /** Where goroutine 1 was first seen. Every whole dump has it, once. */
  #mainLine: number | undefined;
  #lastWords: CrashReport | undefined;
  readonly #search: LineFormSearch;

  constructor(artifact: string, limits: DumpLimits, walk: StackWalk) {
    this.#artifact = artifact;
    this.#limits = limits;
    this.#memory = walk.memory;
    this.#search = new LineFormSearch(artifact);
    this.#goroutines = new GoroutineCounter(limits, walk);
  }

  /** How many goroutines are in the groups. */
  get counted(): number {
    return this.#goroutines.counted;
  }

  /**
   * Set when the lines turn out to be changed, e.g. to begin with the words of a log writer: `read` stops there, and
   * wants the rest as the process wrote it.
   */
  get form(): LineForm | undefined {
    return this.#search.form;
  }

  groups(): GoroutineGroup[] {
    return this.#goroutines.finish();
  }

  /** Reads the memory's `[from .. to]` and returns where it stopped: the rest is wanted again with more behind it. */
  read(from: number, to: number, end: InputEnd): number {
    const { bytes, view } = this.#memory;
    this.#view = view;
    this.#search.forget();
    let at = from;
    while (at < to && !this.#full) {
      if (this.#insideLongLine) {
        at = this.#passLine(bytes, at, to);
        continue;
      }
      // The first goroutine behind last words is read by itself: it tells that these came true.
      if (this.#lastWords === undefined) {
        at = this.#goroutines.countMany(at, to);
        this.line += this.#goroutines.lines;
        if (at === to) break;
      }
      if (bytes[at] === lineFeed) {
        at++;
        this.line++;
        continue;
      }
      const looksForWords = this.counted === 0 && !this.#search.settled;
      const keptBytes = looksForWords ? longestLookedAt : lineWordBytes;
      if (end === "flowing" && to - at < keptBytes && lineFeedAt(bytes, this.#view, at, to) === -1) {
        return at;
      }
      if (end !== "flowing" && this.counted > 0 && endsInHeaderWord(bytes, at, to)) this.cutIn = "header";
      let next: number;
      if (beginsHeader(bytes, at, to)) {
        if (!this.#search.settled) {
          const told = this.#search.seeHeader(bytes, this.#view, at, to, end === "flowing");
          if (!told || this.form !== undefined) return this.#stopAt(at);
          this.#lastWords ??= this.#search.lastWords;
        }
        next = this.#readGoroutine(bytes, at, to, end);
      } else if (beginsCrashLine(bytes, at, to)) {
        next = this.#readCrash(bytes, at, to, end);
      } else if (looksForWords && this.#search.mayHold(bytes, this.#view, at, to)) {
        const look = this.#search.seeLine(bytes, this.#view, at, to, end === "flowing", this.line);
        if (look === "more input" || look === "form") return this.#stopAt(at);
        next =
          look === "nothing"
            ? this.#passLine(bytes, at, to)
            : this.#readGoroutine(bytes, look.headerAt, to, end);
      } else {
        next = this.#passLine(bytes, at, to);
      }
      if (next === -1) return at;
      at = next;
    }
    return to;
  }

  #stopAt(at: number): number {
    if (this.form !== undefined) this.#lastWords ??= this.#search.lastWords;
    return at;
  }

  /** Returns where the goroutine ends, or -1 when more input is needed to tell. */
  #readGoroutine(bytes: Uint8Array, start: number, end: number, inputEnd: InputEnd): number {
    const longest = start + this.#limits.maxGoroutineBytes;
    const to = Math.min(end, longest);
    const mayGrow = inputEnd === "flowing" && to < longest;
    const feed = lineFeedAt(bytes, this.#view, start, to);
    if (feed === -1) {
      if (mayGrow) return -1;
      if (to < longest) this.cutIn = "header";
      const code = to < longest ? "damaged" : "too-large";
      this.#note(code, "The header of a goroutine does not end.", bytes, start, to);
      return this.#passLine(bytes, start, to);
    }
    if (!readHeader(bytes, start, feed, this.#header)) {
      this.#note("damaged", "The header of a goroutine cannot be read.", bytes, start, feed);
      return this.#passLine(bytes, start, to);
    }
    if (this.#header.id === mainGoroutine) this.#seeMain(bytes, start, feed);
    const known = this.#goroutines.countKnown(this.#header, feed + 1, to);
    if (known >= 0) {
      this.#counted();
      return known;
    }
    if (known === unfinished && mayGrow) return -1;
    const found = tracebackEnd(bytes, this.#view, feed + 1, to);
    if (found !== -1) {
      this.#count(bytes, start, feed, found, "closed");
      return found;
    }
    if (mayGrow) return -1;
    if (to === longest) {
      const message = `A goroutine is longer than ${countText(this.#limits.maxGoroutineBytes)} bytes.`;
      this.#note("too-large", message, bytes, start, feed);
      this.#insideLongLine = bytes[to - 1] !== lineFeed;
      this.#count(bytes, start, feed, to, "open");
    } else {
      this.#count(bytes, start, feed, to, inputEnd === "cut" ? "cut" : "open", true);
    }
    return to;
  }

  /** May be called again for the same goroutine when more of it has come. */
  #seeMain(bytes: Uint8Array, start: number, headerEnd: number): void {
    this.#mainLine ??= this.line;
    if (this.#mainLine === this.line) return;
    const message =
      "Goroutine 1 stands here again: there are several dumps, or a crash that several threads report, " +
      "and all are counted together.";
    this.#note("damaged", message, bytes, start, headerEnd);
  }

  #count(
    bytes: Uint8Array,
    start: number,
    headerEnd: number,
    end: number,
    textEnd: TextEnd,
    inputEnds = false,
  ): void {
    const body = this.#goroutines.count(this.#header, headerEnd + 1, end, textEnd);
    if (body === undefined) {
      this.stopReason = `there are more than ${this.#goroutines.groups.exceeded}`;
      const message = `${this.stopReason.replace("there", "There")}.`;
      this.#note("too-large", message, bytes, start, headerEnd);
      this.#full = true;
      return;
    }
    if (body.cut && inputEnds) {
      this.cutIn = "stack";
      this.#note("damaged", "The input ends within a goroutine.", bytes, start, headerEnd);
    } else if (body.brokenLine !== undefined) {
      this.#note("damaged", "A call of this goroutine has no source line.", bytes, start, headerEnd);
    }
    this.#counted();
  }

  #counted(): void {
    this.line += 1 + this.#goroutines.lines;
    if (this.#lastWords === undefined) return;
    // With GOTRACEBACK=crash every thread says it again.
    const again = this.crash?.kind === this.#lastWords.kind && this.crash.message === this.#lastWords.message;
    if (!again) this.crash = this.#lastWords;
    this.#lastWords = undefined;
  }

  #readCrash(bytes: Uint8Array, start: number, to: number, end: InputEnd): number {
    const feed = lineFeedAt(bytes, this.#view, start, Math.min(to, start + longestLookedAt));
    if (feed === -1 && end === "flowing" && to - start < longestLookedAt) return -1;
    const lineEnd = feed === -1 ? Math.min(to, start + longestLookedAt) : feed;
    const text = this.#utf8.decode(bytes.subarray(start, lineEnd));
    this.#lastWords = readCrashLine(text, this.#artifact, this.line) ?? this.#lastWords;
    return this.#passLine(bytes, start, to);
  }

  #passLine(bytes: Uint8Array, start: number, to: number): number {
    const feed = lineFeedAt(bytes, this.#view, start, to);
    this.#insideLongLine = feed === -1;
    if (feed === -1) return to;
    this.line++;
    return feed + 1;
  }

  #note(
    code: "damaged" | "too-large",
    message: string,
    bytes: Uint8Array,
    start: number,
    lineEnd: number,
  ): void {
    if (this.damage !== undefined) return;
    const text = this.#utf8.decode(bytes.subarray(start, Math.min(lineEnd, start + 160)));
    this.damage = lineError(code, message, this.line, text);
  }
}

/** The first letters of "goroutine " and nothing more: some of them, so that no stray letter is taken for it. */
function endsInHeaderWord(bytes: Uint8Array, start: number, to: number): boolean {
  const length = to - start;
  return (
    length >= 4 && length <= headerWord.length && standsAt(headerWord, 0, length, bytes.subarray(start, to))
  );
}

/** `goroutine 12 [` or `goroutine 12 gp=`: a sentence that begins with "goroutine" is not a header. */
export function beginsHeader(bytes: Uint8Array, start: number, to: number): boolean {
  if (!standsAt(bytes, start, to, headerWord)) return false;
  let at = start + headerWord.length;
  if (!isDigit(bytes[at])) return false;
  while (at < to && isDigit(bytes[at])) at++;
  if (at === to) return true;
  if (bytes[at] !== 0x20) return false;
  return at + 1 >= to || bytes[at + 1] === 0x5b || bytes[at + 1] === 0x67;
}
