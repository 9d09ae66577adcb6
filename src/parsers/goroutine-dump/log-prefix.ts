import { LineCutter } from "../text/line-cutter.ts";

/**
 * What a log puts before every line of a process: some words, then blanks, e.g. `2026-11-23T10:00:00.1Z stderr F `
 * (container runtimes), `Nov 23 10:00:00 host shop[312]: ` (journald), `shop-1  | ` (compose). Words differ from line
 * to line; how many there are does not.
 */
export interface LogPrefix {
  readonly words: number;
  /** Blanks between the last word and the process's own text, which may begin with a tab. */
  readonly blanks: number;
}

const prefixedHeader = /^(\S.{0,200}?)(\s+)goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[[^\]]+\].*:\s*$/;
const call = /^[^\s(]+\(.*\)\s*$/;
const unavailable = /^\tgoroutine running on other thread/;

/**
 * The prefix of a goroutine's header, if the line behind it has it too. A header can also stand behind the words of
 * one log message, with the rest of the traceback written plainly.
 */
export function logPrefix(header: string, nextLine: string): LogPrefix | undefined {
  const match = prefixedHeader.exec(header);
  if (match === null) return undefined;
  const prefix = { words: (match[1] ?? "").split(/\s+/).length, blanks: (match[2] ?? "").length };
  if (call.test(nextLine)) return undefined;
  const bytes = Buffer.from(nextLine);
  const rest = bytes.toString("utf8", skipPrefix(bytes, 0, bytes.length, prefix));
  return call.test(rest) || unavailable.test(rest) ? prefix : undefined;
}

const outputBytes = 64 * 1024;

/** Hands on the lines of a log without their prefix. Line numbers stay as they are. */
export class PrefixRemover {
  readonly #lines: LineCutter;
  readonly #sink: (chunk: Uint8Array) => void;
  #output = Buffer.alloc(outputBytes);
  #used = 0;

  /** `sink` may keep no chunk: they are overwritten. Longer lines than `maxLineBytes` are cut. */
  constructor(prefix: LogPrefix, maxLineBytes: number, sink: (chunk: Uint8Array) => void) {
    this.#sink = sink;
    this.#lines = new LineCutter(maxLineBytes, (bytes, start, end, _line, shape) => {
      this.#add(bytes, skipPrefix(bytes, start, end, prefix), end, shape !== "unterminated");
    });
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
    this.#flush();
  }

  end(): void {
    this.#lines.end();
    this.#flush();
  }

  #add(bytes: Buffer, start: number, end: number, lineFeed: boolean): void {
    if (this.#used + end - start + 1 > this.#output.length) this.#flush();
    if (end - start + 1 > this.#output.length) this.#output = Buffer.alloc(2 * (end - start));
    this.#used += bytes.copy(this.#output, this.#used, start, end);
    if (lineFeed) this.#output[this.#used++] = 0x0a;
  }

  #flush(): void {
    this.#sink(this.#output.subarray(0, this.#used));
    this.#used = 0;
  }
}

function skipPrefix(bytes: Uint8Array, start: number, end: number, { words, blanks }: LogPrefix): number {
  let at = start;
  for (let word = 1; ; word++) {
    while (at < end && !isBlank(bytes[at])) at++;
    if (word === words) break;
    while (at < end && isBlank(bytes[at])) at++;
  }
  for (let blank = 0; blank < blanks && at < end && isBlank(bytes[at]); blank++) at++;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}
