import type { ParseError } from "../../domain/evidence/parse-result.ts";
import type { CrashReport } from "../../domain/goroutines/crash.ts";
import { countText } from "../../domain/units.ts";
import { lineError } from "../text/line-error.ts";
import type { SourceLine } from "../text/source-lines.ts";
import { beginsCrashLine, beginsDetail, readCrashLine } from "./crash-line.ts";
import { DumpAtHand } from "./dump-at-hand.ts";
import { type Place, placeOf } from "./dump-boundary.ts";
import { DumpSeries, type JudgedDumps } from "./dump-series.ts";
import type { TextEnd } from "./goroutine-text.ts";
import { ascii, beginsHeader, emptyHeader, endsInHeaderWord, readHeader, standsAt } from "./header.ts";
import type { InputMemory } from "./input-memory.ts";
import type { DumpLimits } from "./limits.ts";
import type { LineForm } from "./line-form.ts";
import { LineFormSearch, longestLookedAt } from "./line-form-search.ts";
import { type StackWalk, unfinished } from "./stack-walk.ts";
import { tracebackEnd } from "./traceback-end.ts";
import { lineFeedAt } from "./word-scan.ts";

const lineFeed = 0x0a;
/** Stands between what the threads of a process say that dies with GOTRACEBACK=crash (runtime/signal_unix.go). */
const nextThread = ascii("-----");
/** Enough to tell a header or crash line from any other line. */
const lineWordBytes = 16;
/** Instead of an end: more input is needed to tell, or the lines must be restored first (see `form`). */
const stopHere = -1;

/**
 * - `flowing`: more input may follow.
 * - `ended`: this is all there is.
 * - `cut`: this is all there is, and the writer is known to have been cut off.
 */
export type InputEnd = "flowing" | "ended" | "cut";

/** Finds the goroutines in input that begins at a line start, and everything else that a crash log tells. */
export class DumpReader {
  /** The first thing that could not be read. */
  damage: ParseError | undefined;
  /** The input ended within a goroutine; `header` when not even its header was whole. */
  cutIn: "header" | "stack" | undefined;
  /** The bound at which reading stopped, in words. */
  stopReason: string | undefined;
  /** The line (1-based) that is read next. */
  line = 1;
  /** The line of the file that a line comes from. */
  sourceLine: SourceLine = (line) => line;

  readonly #artifact: string;
  readonly #limits: DumpLimits;
  readonly #walk: StackWalk;
  readonly #series = new DumpSeries();
  #dump: DumpAtHand;
  /** Goroutines of the dumps before. */
  #countedBefore = 0;
  readonly #header = emptyHeader();
  readonly #utf8 = new TextDecoder();
  readonly #memory: InputMemory;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #insideLongLine = false;
  #full = false;
  #lastWords: CrashReport | undefined;
  readonly #search: LineFormSearch;

  constructor(artifact: string, limits: DumpLimits, walk: StackWalk) {
    this.#artifact = artifact;
    this.#limits = limits;
    this.#walk = walk;
    this.#memory = walk.memory;
    this.#search = new LineFormSearch(artifact);
    this.#dump = new DumpAtHand(limits, walk);
  }

  /** How many goroutines were counted, in all dumps. */
  get counted(): number {
    return this.#countedBefore + this.#dump.goroutines.counted;
  }

  /** The line (1-based) of the file that is read next. */
  get place(): number {
    return this.sourceLine(this.line);
  }

  /**
   * Set when the lines turn out to be changed, e.g. to begin with the words of a log writer: `read` stops there, and
   * wants the rest as the process wrote it.
   */
  get form(): LineForm | undefined {
    return this.#search.form;
  }

  /** What was read, when nothing follows; to be called once. `incomplete` says why the last dump is. */
  end(incomplete: string | undefined): JudgedDumps | undefined {
    this.#close(incomplete);
    return this.#series.end();
  }

  /** Notes what is the cause of all that is missing behind it, and was not found here. `line` is one of the file. */
  noteDamage(message: string, line: number): void {
    this.#dump.damage = `line ${line}: ${message}`;
    this.damage = lineError("damaged", `${message}.`, line);
  }

  #close(incomplete?: string): void {
    const dump = this.#dump.end(incomplete);
    if (dump === undefined) return;
    this.#countedBefore += dump.counted;
    this.#series.add(dump);
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
        at = this.#dump.goroutines.countMany(at, to);
        this.line += this.#dump.goroutines.lines;
        if (at === to) break;
        if (end === "flowing" && this.#dump.goroutines.wantsMore) return at;
      }
      if (bytes[at] === lineFeed) {
        at++;
        this.line++;
        continue;
      }
      const next = this.#readLine(bytes, at, to, end);
      if (next === stopHere) return at;
      at = next;
    }
    return to;
  }

  /** Reads what begins in the line at `start`. Returns where that ends, or `stopHere`. */
  #readLine(bytes: Uint8Array, start: number, to: number, end: InputEnd): number {
    const looksForWords = this.counted === 0 && !this.#search.settled;
    const keptBytes = looksForWords ? longestLookedAt : lineWordBytes;
    if (end === "flowing" && to - start < keptBytes && lineFeedAt(bytes, this.#view, start, to) === -1) {
      return stopHere;
    }
    if (end !== "flowing" && this.counted > 0 && endsInHeaderWord(bytes, start, to)) this.cutIn = "header";
    if (beginsHeader(bytes, start, to)) {
      return this.#search.settled
        ? this.#readGoroutine(bytes, start, to, end)
        : this.#readUnsettledHeader(bytes, start, to, end);
    }
    if (beginsCrashLine(bytes, start, to)) return this.#readCrash(bytes, start, to, end);
    if (looksForWords && this.#search.mayHold(bytes, this.#view, start, to)) {
      return this.#readUnsettledLine(bytes, start, to, end);
    }
    if (standsAt(bytes, start, to, nextThread)) this.#dump.threads = true;
    return this.#passLine(bytes, start, to);
  }

  /** Reads a goroutine whose header begins its line, while it is not settled how lines were changed. */
  #readUnsettledHeader(bytes: Uint8Array, start: number, to: number, end: InputEnd): number {
    const told = this.#search.seeHeader(bytes, this.#view, start, to, end === "flowing");
    this.#lastWords ??= this.#search.lastWords;
    if (this.#search.newestFirst) return this.#refuse(bytes, start, to);
    if (!told || this.form !== undefined) return stopHere;
    return this.#readGoroutine(bytes, start, to, end);
  }

  /** Reads a line that has words of a traceback behind other ones, while it is not settled how lines were changed. */
  #readUnsettledLine(bytes: Uint8Array, start: number, to: number, end: InputEnd): number {
    const look = this.#search.seeLine(bytes, this.#view, start, to, end === "flowing", this.place);
    this.#lastWords ??= this.#search.lastWords;
    if (this.#search.newestFirst) return this.#refuse(bytes, start, to);
    if (look === "more input" || look === "form") return stopHere;
    return look === "nothing"
      ? this.#passLine(bytes, start, to)
      : this.#readGoroutine(bytes, look.headerAt, to, end);
  }

  /** Every call would get the place of its caller. */
  #refuse(bytes: Uint8Array, start: number, to: number): number {
    const message =
      "The lines stand newest first, as journalctl -r and some log viewers have them, and no stack can be read so: " +
      "turn them round (tac FILE | gofire analyze -).";
    this.stopReason = "its lines stand newest first";
    const feed = lineFeedAt(bytes, this.#view, start, to);
    const text = this.#utf8.decode(bytes.subarray(start, feed === -1 ? to : feed));
    this.damage = lineError("damaged", message, this.place, text);
    this.#full = true;
    return to;
  }

  /** Returns where the goroutine ends, or `stopHere`. */
  #readGoroutine(bytes: Uint8Array, start: number, end: number, inputEnd: InputEnd): number {
    const longest = start + this.#limits.maxGoroutineBytes;
    const to = Math.min(end, longest);
    const mayGrow = inputEnd === "flowing" && to < longest;
    const feed = lineFeedAt(bytes, this.#view, start, to);
    if (feed === -1) {
      if (mayGrow) return stopHere;
      if (to < longest) this.cutIn = "header";
      const code = to < longest ? "damaged" : "too-large";
      this.#note(code, "The header of a goroutine does not end.", bytes, start, to);
      return this.#passLine(bytes, start, to);
    }
    if (!readHeader(bytes, start, feed, this.#header)) {
      this.#note("damaged", "The header of a goroutine cannot be read.", bytes, start, feed);
      return this.#passLine(bytes, start, to);
    }
    if (this.#dump.goroutines.counted > 0) {
      const place = this.#placeOf(bytes, feed + 1, to, mayGrow);
      if (place === "more input") return stopHere;
      if (place === "another dump") this.#beginDump();
      else if (place === "told before") return this.#passGoroutine(bytes, feed + 1, to);
    }
    const known = this.#dump.goroutines.countKnown(this.#header, feed + 1, to);
    if (known >= 0) {
      this.#counted();
      return known;
    }
    if (known === unfinished && mayGrow) return stopHere;
    const found = tracebackEnd(bytes, this.#view, feed + 1, to);
    if (found !== -1) {
      this.#count(bytes, start, feed, found, "closed");
      return found;
    }
    if (mayGrow) return stopHere;
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

  /** What the goroutine whose header was read, and whose lines begin at `from`, is to the dump at hand. */
  #placeOf(bytes: Uint8Array, from: number, to: number, mayGrow: boolean): Place {
    const dump = this.#dump;
    // Every thread of a dying process says the signal again, which begins no other dump.
    if (dump.threads && this.#lastWords?.kind === "signal") this.#lastWords = undefined;
    if (this.#lastWords !== undefined && dump.hasGoroutines) return "another dump";
    return placeOf(this.#header, dump, bytes, this.#view, from, to, mayGrow);
  }

  #beginDump(): void {
    this.#close();
    this.#walk.forget();
    this.#dump = new DumpAtHand(this.#limits, this.#walk);
  }

  #passGoroutine(bytes: Uint8Array, from: number, to: number): number {
    const found = tracebackEnd(bytes, this.#view, from, to);
    const end = found === -1 ? to : found;
    this.line++;
    for (let at = from; ; this.line++) {
      const feed = lineFeedAt(bytes, this.#view, at, end);
      if (feed === -1) return end;
      at = feed + 1;
    }
  }

  #count(
    bytes: Uint8Array,
    start: number,
    headerEnd: number,
    end: number,
    textEnd: TextEnd,
    inputEnds = false,
  ): void {
    const body = this.#dump.goroutines.count(this.#header, headerEnd + 1, end, textEnd);
    if (body === undefined) {
      this.stopReason = `there are more than ${this.#dump.goroutines.groups.exceeded}`;
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
    const dump = this.#dump;
    dump.line ??= this.place;
    dump.see(this.#header.id, this.place);
    this.line += 1 + dump.goroutines.lines;
    dump.crash ??= this.#lastWords;
    this.#lastWords = undefined;
  }

  #readCrash(bytes: Uint8Array, start: number, to: number, end: InputEnd): number {
    const feed = lineFeedAt(bytes, this.#view, start, Math.min(to, start + longestLookedAt));
    if (feed === -1 && end === "flowing" && to - start < longestLookedAt) return stopHere;
    const lineEnd = feed === -1 ? Math.min(to, start + longestLookedAt) : feed;
    const text = this.#utf8.decode(bytes.subarray(start, lineEnd));
    const words = readCrashLine(text, this.#artifact, this.place);
    if (this.#lastWords === undefined || !beginsDetail(bytes, start, lineEnd)) {
      this.#lastWords = words ?? this.#lastWords;
    }
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
    this.#dump.damage ??= `line ${this.place}: ${message.replace(/\.$/, "")}`;
    if (this.damage !== undefined) return;
    const text = this.#utf8.decode(bytes.subarray(start, Math.min(lineEnd, start + 160)));
    this.damage = lineError(code, message, this.place, text);
  }
}
