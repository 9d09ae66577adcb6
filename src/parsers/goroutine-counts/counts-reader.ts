import type { Frame } from "../../domain/code/frame.ts";
import type { ParseError } from "../../domain/evidence/parse-result.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { recordedDepths } from "../recorded-depths.ts";
import type { LineShape } from "../text/line-cutter.ts";
import { lineError } from "../text/line-error.ts";
import { stateFromStack, type WaitState } from "../wait-reason.ts";

export interface CountsBounds {
  /** Distinct stacks. */
  readonly groups: number;
  /** Distinct lists of program counters. */
  readonly rows: number;
  /** Distinct frames over all stacks. */
  readonly frames: number;
  /** Frames of one stack. */
  readonly depth: number;
}

/** The goroutineleak profile (Go 1.26 experiment) has the same form. */
const title = /^(.{0,200}?)\b(goroutine|goroutineleak) profile: total (\d{1,15})\s*$/;
/** Lines in which the title must stand: a shell or a proxy may have written some before it. */
export const titleLines = 32;

const row = /^(\d{1,15}) @((?: 0x[0-9a-f]+)*)\s*$/;
/** Columns are filled up with tabs (text/tabwriter), so several stand between two; terminals turn them into blanks. */
const frameRow = /^#[\t ]+(0x[0-9a-f]+)(?:[\t ]+(.+?)\+0x[0-9a-f]+[\t ]+(.+):(\d+))?\s*$/;
const labelsRow = /^# +[^0 ]/;

const hash = 0x23;
const space = 0x20;
const digitZero = 0x30;
const digitNine = 0x39;

/** The title of the profile when it stands in one of these first lines. */
export function countsTitle(lines: readonly string[]): boolean {
  return lines.slice(0, titleLines).some((line) => title.test(line));
}

interface Tally {
  count: number;
  readonly stack: readonly Frame[];
  readonly waiting: WaitState;
  readonly programCounters: number;
  readonly cut: boolean;
}

interface OpenRow {
  readonly line: number;
  readonly count: number;
  readonly programCounters: string;
  readonly frames: Frame[];
  firstShown?: string;
}

/** Whether a line is the title of a profile, wherever it stands. */
export function isCountsTitle(bytes: Buffer, start: number, end: number): boolean {
  // A frame begins with `#` and a row with its count: all lines but a few end here.
  const first = start === end ? hash : (bytes[start] ?? hash);
  if (first === hash || (first >= digitZero && first <= digitNine)) return false;
  return title.test(bytes.toString("utf8", start, Math.min(end, start + 400)));
}

/** Reads line after line. A stack is read once; further rows with the same program counters only add to its count. */
export class CountsReader {
  total: number | undefined;
  /** The line (1-based) of the title. */
  titleLine = 1;
  leaked = false;
  counted = 0;
  firstLine = "";
  damage: ParseError | undefined;

  readonly #bounds: CountsBounds;
  readonly #byProgramCounters = new Map<string, Tally>();
  readonly #byFrames = new Map<string, Tally>();
  readonly #frames = new Map<string, Frame>();
  #open: OpenRow | undefined;
  /** What stands before every line, e.g. the blanks or "> " of a quotation. */
  #lead = "";
  #deepest = 0;
  #stopped = false;

  readonly #firstLineNumber: number;

  /** `firstLineNumber` is the line (1-based) that is read first. */
  constructor(bounds: CountsBounds, firstLineNumber = 1) {
    this.#bounds = bounds;
    this.#firstLineNumber = firstLineNumber;
  }

  read(bytes: Buffer, lineStart: number, end: number, line: number, shape: LineShape): void {
    if (this.total === undefined) {
      if (line < this.#firstLineNumber + titleLines)
        this.#readTitle(bytes.toString("utf8", lineStart, Math.min(end, lineStart + 400)), line);
      return;
    }
    if (this.#stopped) return;
    const start = this.#lead === "" ? lineStart : this.#afterLead(bytes, lineStart, end);
    if (end === start) {
      this.#close(false);
      return;
    }
    if (bytes[start] === hash) {
      // Labels do not make another group; frames of a stack that is known need not be read again.
      if (this.#open === undefined) return;
      if (bytes[start + 1] === space && labelsRow.test(bytes.toString("latin1", start, start + 80))) return;
      this.#readFrame(this.#open, bytes.toString("utf8", start, end), line, shape);
    } else {
      this.#close(false);
      if (this.#stopped) return;
      this.#readRow(bytes.toString("latin1", start, end), line, shape);
    }
  }

  /** Largest first; equal sizes in order of first appearance. */
  finish(): GoroutineGroup[] {
    // A whole capture ends with a blank line, so a row that is still open may lack frames.
    this.#close(true);
    return [...this.#byFrames.values()]
      .map((tally) => this.#groupOf(tally))
      .sort((a, b) => b.count - a.count);
  }

  #readTitle(text: string, line: number): void {
    if (this.firstLine === "") this.firstLine = text;
    const words = title.exec(text);
    if (words === null) return;
    this.#lead = words[1] ?? "";
    this.titleLine = line;
    this.leaked = words[2] === "goroutineleak";
    this.total = Number(words[3]);
  }

  /** A blank line of a quotation may lack the blanks that end its lead. */
  #afterLead(bytes: Buffer, start: number, end: number): number {
    const text = bytes.toString("utf8", start, Math.min(end, start + 4 * this.#lead.length));
    if (text.startsWith(this.#lead)) return start + Buffer.byteLength(this.#lead);
    return text.trim() === this.#lead.trim() ? end : start;
  }

  #readRow(text: string, line: number, shape: LineShape): void {
    const words = shape === "whole" ? row.exec(text) : null;
    if (words === null && this.counted === this.total) return; // the end of a quotation
    if (words === null) {
      const message =
        shape === "unterminated" ? "The input ends within a row." : "This is no row of a profile.";
      this.damage ??= lineError(shape === "too-long" ? "too-large" : "damaged", message, line, text);
      return;
    }
    const count = Number(words[1]);
    const programCounters = words[2] ?? "";
    const known = this.#byProgramCounters.get(programCounters);
    if (known !== undefined) {
      known.count += count;
      this.counted += count;
    } else if (this.#byProgramCounters.size >= this.#bounds.rows) {
      this.#stop(line);
    } else {
      this.#open = { line, count, programCounters, frames: [] };
    }
  }

  #stop(line: number): void {
    this.#stopped = true;
    this.damage ??= lineError("too-large", "There are more distinct stacks or frames than are read.", line);
  }

  #readFrame(open: OpenRow, text: string, line: number, shape: LineShape): void {
    if (shape !== "whole" || open.frames.length >= this.#bounds.depth) {
      const code = shape === "unterminated" ? "damaged" : "too-large";
      const message =
        shape === "unterminated" ? "The input ends within a stack." : "This stack is too large.";
      this.damage ??= lineError(code, message, line, text);
      return;
    }
    const words = frameRow.exec(text);
    if (words === null) {
      this.damage ??= lineError("damaged", "This is no frame of a stack.", line, text);
      return;
    }
    if (this.#frames.size >= this.#bounds.frames) {
      this.#open = undefined;
      this.#stop(line);
      return;
    }
    const [, address = "", symbol, file = "", lineNumber] = words;
    open.firstShown ??= address;
    open.frames.push(this.#frame(symbol ?? address, file, Number(lineNumber ?? 0)));
  }

  #frame(symbol: string, file: string, line: number): Frame {
    const key = `${symbol}\n${file}\n${line}`;
    let frame = this.#frames.get(key);
    if (frame === undefined) {
      // Cut out of the key, so that no frame keeps the text it was read from alive.
      const fileAt = symbol.length + 1;
      frame = { function: key.slice(0, symbol.length), file: key.slice(fileAt, fileAt + file.length), line };
      this.#frames.set(key, frame);
    }
    return frame;
  }

  #close(cut: boolean): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const waiting = stateOf(open);
    const key = `${waiting.state}\n${open.frames.map((f) => `${f.function}\n${f.file}\n${f.line}`).join("\n")}`;
    let tally = this.#byFrames.get(key);
    if (tally === undefined) {
      if (this.#byFrames.size >= this.#bounds.groups) {
        this.#stop(open.line);
        return;
      }
      const programCounters = open.programCounters.split("0x").length - 1;
      if (programCounters > this.#deepest) this.#deepest = programCounters;
      tally = { count: 0, stack: open.frames, waiting, programCounters, cut };
      this.#byFrames.set(key, tally);
    }
    tally.count += open.count;
    this.counted += open.count;
    this.#byProgramCounters.set(open.programCounters, tally);
  }

  #groupOf({ count, stack, waiting, programCounters, cut }: Tally): GoroutineGroup {
    const atLimit = programCounters === this.#deepest && recordedDepths.includes(programCounters);
    return {
      ...waiting,
      count,
      stack,
      elidedFrames: cut || atLimit ? -1 : 0,
      lockedToThread: 0,
      exemplars: [],
      waitedMutexes: new Map(),
    };
  }
}

const unknownState: WaitState = { state: "unknown", wait: "other" };

/**
 * Leading runtime frames are not printed, so a goroutine that seems to run may as well wait for a channel: only when
 * the innermost program counter belongs to the first frame shown it does run. Go prints a frame one byte before its
 * return address.
 */
function stateOf({ programCounters, frames, firstShown }: OpenRow): WaitState {
  const derived = stateFromStack(frames);
  if (derived.wait !== "active" || firstShown === undefined) return derived;
  const innermost = Number.parseInt(programCounters.trimStart().slice(2), 16);
  const shown = Number.parseInt(firstShown.slice(2), 16);
  return innermost - shown <= 1 && innermost >= shown ? derived : unknownState;
}
