import type { ByteParser, ParseError, ParseResult } from "../../domain/evidence/parse-result.ts";
import type { MemStats } from "../../domain/memory/memstats.ts";
import { headLines, LineCutter, type LineShape } from "../text/line-cutter.ts";
import { lineError } from "../text/line-error.ts";
import { memStatsOf, missingField, type RawMemStats } from "./memstats-fields.ts";

export interface MemStatsOptions {
  readonly takenAtMs?: number;
}

/** PauseNs and PauseEnd are the longest lines that matter: 256 numbers of at most 20 digits. */
const maxLineBytes = 16 << 10;

/**
 * Reads `heap?debug=1` (and `allocs?debug=1`) for its runtime.MemStats trailer; the sampled records in front of it are
 * unscaled in this form and are passed over (Go source: runtime/pprof/pprof.go, writeHeapInternal).
 *
 * A text that breaks off before the trailer is complete is `damaged`: half a MemStats would mislead.
 */
export function heapTextParser(artifact: string, options: MemStatsOptions = {}): ByteParser<MemStats> {
  const reader = new TrailerReader();
  const lines = new LineCutter(maxLineBytes, (bytes, start, end, line, shape) =>
    reader.read(bytes, start, end, line, shape),
  );
  return {
    push: (chunk) => lines.push(chunk),
    end(): ParseResult<MemStats> {
      lines.end();
      const error = reader.problem(lines.lines);
      if (error !== undefined) return { ok: false, error };
      const value = memStatsOf(artifact, options.takenAtMs, reader);
      return reader.damage === undefined ? { ok: true, value } : { ok: true, value, damage: reader.damage };
    },
  };
}

const header = /^heap profile: \d+: \d+ \[\d+: \d+\] @ heap\/\d+$/;

/** True when the first line is the header of a heap profile's text form. */
export function looksLikeHeapText(head: Uint8Array): boolean {
  return header.test(headLines(head, 1)[0] ?? "");
}

const hash = 0x23;
const blank = 0x20;
const trailerTitle = "# runtime.MemStats";
const field = /^# (\w+) = (.*)$/;
const ring = /^\[\d+(?: \d+)*\]$/;
const number = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

class TrailerReader implements RawMemStats {
  readonly numbers = new Map<string, number>();
  pauseNs: readonly number[] = [];
  pauseEnd: readonly number[] = [];
  damage: ParseError | undefined;

  #error: ParseError | undefined;
  #headerSeen = false;
  #inTrailer = false;

  read(bytes: Buffer, start: number, end: number, line: number, shape: LineShape): void {
    if (this.#error !== undefined) return;
    if (!this.#headerSeen) {
      if (end === start) return;
      const text = bytes.toString("latin1", start, end);
      this.#headerSeen = header.test(text);
      if (!this.#headerSeen) {
        this.#error = lineError("not-this-format", "This is not a heap profile in text form.", line, text);
      }
      return;
    }
    // Lines of the records start with "#<tab>" or a digit: most of a large profile ends here.
    if (end - start < 2 || bytes[start] !== hash || bytes[start + 1] !== blank) return;
    const text = bytes.toString("latin1", start, end);
    if (!this.#inTrailer) this.#inTrailer = text === trailerTitle;
    else if (shape === "whole") this.#readField(text, line);
    else this.damage ??= lineError("damaged", "The last line is cut off.", line, text);
  }

  /** What keeps the trailer from being used, if anything. */
  problem(lines: number): ParseError | undefined {
    if (this.#error !== undefined) return this.#error;
    if (!this.#headerSeen) return lineError("empty", "There is nothing in the input.", 1);
    if (!this.#inTrailer) {
      return lineError("damaged", "The text stops before its runtime.MemStats trailer.", lines + 1);
    }
    const missing = missingField(this);
    if (missing === undefined) return undefined;
    return this.damage ?? lineError("damaged", `The runtime.MemStats trailer lacks ${missing}.`, lines + 1);
  }

  #readField(text: string, line: number): void {
    const [, name = "", value = ""] = field.exec(text) ?? [];
    if (name === "PauseNs" || name === "PauseEnd") {
      if (!ring.test(value)) {
        this.#error = lineError("damaged", `${name} is not a list of numbers.`, line, text);
        return;
      }
      const values = value.slice(1, -1).split(" ").map(Number);
      if (name === "PauseNs") this.pauseNs = values;
      else this.pauseEnd = values;
    } else if (name === "Stack") {
      // "in use / obtained from the OS"
      const [inUse = ""] = value.split(" / ");
      if (number.test(inUse)) this.numbers.set("StackInuse", Number(inUse));
    } else if (name !== "" && number.test(value)) {
      this.numbers.set(name, Number(value));
    }
  }
}
