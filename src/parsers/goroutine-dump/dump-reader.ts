import type { CrashReport } from "../../domain/crash.ts";
import type { ParseError } from "../../domain/parse-result.ts";
import { lineError } from "../text/line-error.ts";
import { beginsCrashLine, readCrashLine } from "./crash-line.ts";
import { readGoroutineText, type TextEnd } from "./goroutine-text.ts";
import { exemplarOf, GroupTable, waitedMutex } from "./group-table.ts";
import { emptyHeader, headerWord, isDigit, readHeader, standsAt } from "./header.ts";
import type { DumpLimits } from "./limits.ts";
import { lineFeedAt, tracebackEnd } from "./traceback-end.ts";

/** A line that is looked at as a whole because it may tell of a crash is kept up to this length. */
const longestCrashLine = 4096;
/** Enough to tell a header or crash line from any other line. */
const lineWordBytes = 16;
const longestLabels = 1024;

/**
 * - `flowing`: more input may follow.
 * - `ended`: this is all there is.
 * - `cut`: this is all there is, and the writer is known to have been cut off.
 */
export type InputEnd = "flowing" | "ended" | "cut";

/** Finds the goroutines in bytes that begin at a line start, and everything else that a crash log tells. */
export class DumpReader {
  readonly groups: GroupTable;
  counted = 0;
  crash: CrashReport | undefined;
  /** The first thing that could not be read. */
  damage: ParseError | undefined;
  /** The input ended within a goroutine; `header` when not even its header was whole. */
  cutIn: "header" | "stack" | undefined;
  /** A bound was reached and the rest was not read. */
  stopped = false;
  /** The line (1-based) that is read next. */
  line = 1;

  readonly #artifact: string;
  readonly #limits: DumpLimits;
  readonly #header = emptyHeader();
  readonly #utf8 = new TextDecoder();
  #insideLongLine = false;
  #lastWords: CrashReport | undefined;

  constructor(artifact: string, limits: DumpLimits) {
    this.#artifact = artifact;
    this.#limits = limits;
    this.groups = new GroupTable(limits);
  }

  /** Reads `bytes[from .. to]` and returns where it stopped: the rest is wanted again with more behind it. */
  read(bytes: Uint8Array, from: number, to: number, end: InputEnd): number {
    let at = from;
    while (at < to && !this.stopped) {
      if (this.#insideLongLine) {
        at = this.#passLine(bytes, at, to);
        continue;
      }
      if (end === "flowing" && to - at < lineWordBytes && lineFeedAt(bytes, at, to) === -1) return at;
      let next: number;
      if (beginsHeader(bytes, at, to)) {
        next = this.#readGoroutine(bytes, at, to, end);
      } else if (beginsCrashLine(bytes, at, to)) {
        next = this.#readCrash(bytes, at, to, end);
      } else {
        next = this.#passLine(bytes, at, to);
      }
      if (next === -1) return at;
      at = next;
    }
    return to;
  }

  stop(error: ParseError): void {
    this.damage ??= error;
    this.stopped = true;
  }

  /** Returns where the goroutine ends, or -1 when more input is needed to tell. */
  #readGoroutine(bytes: Uint8Array, start: number, to: number, end: InputEnd): number {
    const tooLong = to - start >= this.#limits.maxGoroutineBytes;
    const mayGrow = end === "flowing" && !tooLong;
    const feed = lineFeedAt(bytes, start, to);
    if (feed === -1) {
      if (mayGrow) return -1;
      if (end !== "flowing") this.cutIn = "header";
      this.#note(
        tooLong ? "too-large" : "damaged",
        "the header of a goroutine does not end",
        bytes,
        start,
        to,
      );
      return this.#passLine(bytes, start, to);
    }
    if (!readHeader(bytes, start, feed, this.#header)) {
      this.#note("damaged", "the header of a goroutine cannot be read", bytes, start, feed);
      return this.#passLine(bytes, start, to);
    }
    const found = tracebackEnd(bytes, feed + 1, to);
    if (found !== -1) {
      this.#addGoroutine(bytes, start, feed, found, "closed");
      return found;
    }
    if (mayGrow) return -1;
    if (tooLong && end === "flowing") {
      const message = `a goroutine is longer than ${this.#limits.maxGoroutineBytes} bytes`;
      this.#note("too-large", message, bytes, start, feed);
      this.#insideLongLine = true;
    }
    this.#addGoroutine(bytes, start, feed, to, end === "cut" ? "cut" : "open");
    return to;
  }

  #addGoroutine(bytes: Uint8Array, start: number, headerEnd: number, end: number, textEnd: TextEnd): void {
    const fields = this.#header;
    const state = this.#utf8
      .decode(bytes.subarray(fields.stateStart, fields.stateEnd))
      .replace(/ \(scan\)$/, "");
    const labelsEnd = Math.min(fields.labelsEnd, fields.labelsStart + longestLabels);
    const header = {
      id: fields.id,
      state,
      waitMinutes: fields.waitMinutes,
      lockedToThread: fields.lockedToThread,
      ...(fields.labelsEnd === 0
        ? {}
        : { labels: this.#utf8.decode(bytes.subarray(fields.labelsStart, labelsEnd)) }),
    };
    const text = this.#utf8.decode(bytes.subarray(headerEnd + 1, end));
    const body = readGoroutineText(text, this.#limits.maxDepth, textEnd);
    const group = this.groups.groupOf(state, body);
    if (group === undefined) {
      this.#note("too-large", `more than ${this.groups.exceeded}`, bytes, start, headerEnd);
      this.stopped = true;
      return;
    }
    group.add(header.waitMinutes, header.lockedToThread);
    if (group.wantsExemplar(header.waitMinutes)) group.addExemplar(exemplarOf(header, body));
    const mutex = waitedMutex(body);
    if (mutex !== undefined) group.addWaitedMutex(mutex);
    if (this.counted++ === 0 || this.#lastWords !== undefined) {
      this.crash = this.#lastWords ?? this.crash;
      this.#lastWords = undefined;
    }
    if (body.cut) {
      this.cutIn = "stack";
      this.#note("damaged", "the input ends within a goroutine", bytes, start, headerEnd);
    } else if (body.brokenLine !== undefined) {
      const message = "a call of this goroutine has no source line";
      this.#note("damaged", message, bytes, start, headerEnd);
    }
    this.line += text.split("\n").length;
  }

  #readCrash(bytes: Uint8Array, start: number, to: number, end: InputEnd): number {
    const feed = lineFeedAt(bytes, start, Math.min(to, start + longestCrashLine));
    if (feed === -1 && end === "flowing" && to - start < longestCrashLine) return -1;
    const lineEnd = feed === -1 ? Math.min(to, start + longestCrashLine) : feed;
    const text = this.#utf8.decode(bytes.subarray(start, lineEnd));
    this.#lastWords = readCrashLine(text, this.#artifact, this.line) ?? this.#lastWords;
    return this.#passLine(bytes, start, to);
  }

  #passLine(bytes: Uint8Array, start: number, to: number): number {
    const feed = lineFeedAt(bytes, start, to);
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
