import type { Frame } from "../../domain/code/frame.ts";
import type { ByteParser, ParseError, ParseResult } from "../../domain/evidence/parse-result.ts";
import type { ContentionProfile, ContentionSite } from "../../domain/profiles/contention.ts";
import { headLines, LineCutter, type LineShape } from "../text/line-cutter.ts";
import { lineError } from "../text/line-error.ts";

export interface ContentionTextOptions {
  readonly takenAtMs?: number;
  readonly bounds?: Partial<ContentionTextBounds>;
}

interface ContentionTextBounds {
  readonly sites: number;
  /** Frames of one stack. The runtime records at most 1024 (Go source: runtime/runtime1.go, maxProfStackDepth). */
  readonly depth: number;
  /** Distinct frames over all stacks. */
  readonly frames: number;
}

const defaultBounds: ContentionTextBounds = { sites: 20_000, depth: 2048, frames: 200_000 };
/** A row lists up to 1024 program counters of about 12 characters. */
const maxLineBytes = 64 << 10;

/**
 * Reads `mutex?debug=1` and `block?debug=1` (Go source: runtime/pprof/pprof.go, writeProfileInternal).
 * Sites come sorted by time lost, so what a bound or a broken tail leaves out is the least.
 */
export function contentionTextParser(
  artifact: string,
  options: ContentionTextOptions = {},
): ByteParser<ContentionProfile> {
  const reader = new ContentionReader({ ...defaultBounds, ...options.bounds });
  const lines = new LineCutter(maxLineBytes, (bytes, start, end, line, shape) => {
    reader.read(bytes.toString("utf8", start, end), line, shape);
  });
  return {
    push: (chunk) => lines.push(chunk),
    end(): ParseResult<ContentionProfile> {
      lines.end();
      reader.endSite();
      const { of, samplingPeriod, damage, sites } = reader;
      const error = reader.problem(lines.lines);
      if (error !== undefined || of === undefined) {
        return { ok: false, error: error ?? lineError("empty", "There is nothing in the input.", 1) };
      }
      const value: ContentionProfile = {
        artifact,
        ...(options.takenAtMs === undefined ? {} : { takenAtMs: options.takenAtMs }),
        of,
        ...(samplingPeriod === undefined ? {} : { samplingPeriod }),
        sites: sites.sort((a, b) => b.delayMs - a.delayMs),
      };
      return { ok: true, value, ...(damage === undefined ? {} : { damage }) };
    },
  };
}

/** True when the first line is the title of a mutex or block profile in text form. */
export function looksLikeContentionText(head: Uint8Array): boolean {
  return title.test(headLines(head, 1)[0] ?? "");
}

const title = /^--- (contention|mutex):$/;
const setting = /^(cycles\/second|sampling period)=(\d+)$/;
const row = /^(-?\d+) (\d+) @(?: 0x[0-9a-f]+)*$/;
const programCounter = /^0x[0-9a-f]+$/;

interface OpenSite extends ContentionSite {
  readonly stack: Frame[];
}

class ContentionReader {
  of: ContentionProfile["of"] | undefined;
  samplingPeriod: number | undefined;
  damage: ParseError | undefined;
  readonly sites: ContentionSite[] = [];

  readonly #bounds: ContentionTextBounds;
  readonly #frames = new Map<string, Frame>();
  #error: ParseError | undefined;
  #cyclesPerSecond = 0;
  #site: OpenSite | undefined;
  #full = false;

  constructor(bounds: ContentionTextBounds) {
    this.#bounds = bounds;
  }

  read(text: string, line: number, shape: LineShape): void {
    if (this.#error !== undefined || this.#full) return;
    if (this.of === undefined) this.#readTitle(text, line);
    else if (text === "") this.endSite();
    else if (shape !== "whole") this.#breakOff(text, line, shape);
    else if (text.startsWith("#\t")) this.#readFrame(text, line);
    else this.#readRow(text, line);
  }

  /** A site ends at an empty line or with the input. */
  endSite(): void {
    if (this.#site !== undefined) this.sites.push(this.#site);
    this.#site = undefined;
  }

  /** What keeps the profile from being used, if anything. */
  problem(lines: number): ParseError | undefined {
    if (this.#error !== undefined) return this.#error;
    if (this.of === undefined) return undefined;
    if (this.#cyclesPerSecond > 0) return undefined;
    return this.damage ?? lineError("damaged", "The text stops before its line cycles/second.", lines + 1);
  }

  #readTitle(text: string, line: number): void {
    if (text === "") return;
    const kind = title.exec(text)?.[1];
    if (kind === undefined) {
      const message = "This is not a mutex or block profile in text form.";
      this.#error = lineError("not-this-format", message, line, text);
    } else {
      this.of = kind === "mutex" ? "mutex" : "block";
    }
  }

  #readRow(text: string, line: number): void {
    const [, name, value] = setting.exec(text) ?? [];
    if (name === "cycles/second") {
      this.#cyclesPerSecond = Number(value);
      return;
    }
    if (name !== undefined) {
      this.samplingPeriod = Number(value);
      return;
    }
    const [, cycles, count] = row.exec(text) ?? [];
    if (cycles === undefined || this.#cyclesPerSecond === 0) {
      this.#site = undefined;
      this.damage ??= lineError("damaged", "The line is not a row of a contention profile.", line, text);
      return;
    }
    this.endSite();
    if (this.sites.length >= this.#bounds.sites) {
      this.#stop(`There are more than ${this.#bounds.sites} stacks`, line);
      return;
    }
    const delayMs = (Number(cycles) / this.#cyclesPerSecond) * 1000;
    this.#site = { stack: [], contentions: Number(count), delayMs };
  }

  #stop(why: string, line: number): void {
    this.#full = true;
    this.damage ??= lineError("too-large", `${why}; the rest is left out.`, line);
  }

  #readFrame(text: string, line: number): void {
    if (this.#site === undefined) return; // of a row that was not readable
    if (this.#site.stack.length >= this.#bounds.depth) {
      const message = `A stack is deeper than ${this.#bounds.depth} frames; its outer frames are left out.`;
      this.damage ??= lineError("too-large", message, line);
      return;
    }
    if (this.#frames.size >= this.#bounds.frames) {
      this.#site = undefined;
      this.#stop(`There are more than ${this.#bounds.frames} frames`, line);
      return;
    }
    const frame = this.#frame(text);
    if (frame !== undefined) {
      this.#site.stack.push(frame);
    } else {
      this.#site = undefined;
      this.damage ??= lineError("damaged", "The line is not a frame.", line, text);
    }
  }

  /** `#\t0xPC\tfunction+0xOFFSET\tfile:line`, padded with more tabs; `#\t0xPC` when there are no symbols. */
  #frame(text: string): Frame | undefined {
    const [, pc = "", symbol, place, ...rest] = text.split(/\t+/);
    if (!programCounter.test(pc) || rest.length > 0) return undefined;
    if (symbol === undefined) return this.#shared(pc, "", 0);
    const offset = symbol.lastIndexOf("+0x");
    const colon = place?.lastIndexOf(":") ?? -1;
    if (offset <= 0 || place === undefined || colon === -1) return undefined;
    const line = Number(place.slice(colon + 1));
    if (!Number.isInteger(line) || line < 0) return undefined;
    return this.#shared(symbol.slice(0, offset), place.slice(0, colon), line);
  }

  #shared(symbol: string, file: string, line: number): Frame {
    const key = `${symbol}\t${file}:${line}`;
    let frame = this.#frames.get(key);
    if (frame === undefined) {
      // Cut out of the key, so that no frame keeps the line it was read from alive.
      const fileAt = symbol.length + 1;
      frame = { function: key.slice(0, symbol.length), file: key.slice(fileAt, fileAt + file.length), line };
      this.#frames.set(key, frame);
    }
    return frame;
  }

  /** A stack whose end is missing would be taken for another one: its site is left out. */
  #breakOff(text: string, line: number, shape: LineShape): void {
    this.#site = undefined;
    this.damage ??=
      shape === "too-long"
        ? lineError("too-large", `The line is longer than ${maxLineBytes} bytes.`, line, text)
        : lineError("damaged", "The last line is cut off.", line, text);
  }
}
