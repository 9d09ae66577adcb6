import type { ByteParser, ParseError } from "../domain/evidence/parse-result.ts";
import { LineCutter } from "./text/line-cutter.ts";
import { lineError } from "./text/line-error.ts";
import { lineFeedsIn, type SourceLine, SourceLines } from "./text/source-lines.ts";

/**
 * Where writers of one JSON object a line put what the process wrote, nearest first: `log` (Docker json-file,
 * fluent-bit), `MESSAGE` (journalctl -o json; a list of bytes when it is no UTF-8), `textPayload` (Google Cloud), `line`
 * (logcli -o jsonl), `Output` (go test -json), `message`, `msg` and `_msg` (stern -o json, most shippers).
 */
const textFields = ["log", "MESSAGE", "textPayload", "message", "msg", "_msg", "line", "Output"] as const;

/** Longer lines are not read; Docker itself splits what a process writes after 16 KiB. */
const mostLineBytes = 1024 ** 2;
const outputBytes = 64 * 1024;
const headLineCount = 8;

/** A stack that a program logged with its own message (runtime/debug.Stack, a panic) stands in a field of its own. */
const loggedStack = /^(?:(?:panic|fatal error): [^]{0,4096}?\n)?goroutine \d+ \[/;

/** What one line of the log holds of what the process wrote. */
interface Entry {
  /** Where it stood; absent for a stack that stood elsewhere. */
  readonly field?: string;
  readonly text: string;
}

/** True when the first line is a JSON object, and text is found in one of the first. */
export function looksLikeJsonLog(head: Uint8Array): boolean {
  return headTexts(head).length > 0;
}

/**
 * Feeds a parser with the text within a JSON log. A line that is no such object is handed on as it is. `parserOf` is told
 * from which line of the log each line of that text comes.
 */
export function jsonLogParser<T>(parserOf: (sourceLine: SourceLine) => ByteParser<T>): ByteParser<T> {
  const sources = new SourceLines();
  const inner = parserOf((line) => sources.of(line));
  /** The line that is written next, or written on. */
  let written = 1;
  let begun = false;
  let output = Buffer.alloc(outputBytes);
  let used = 0;
  /** Fields whose texts end with a line feed where the line does, so that one without is a part (Docker, 16 KiB). */
  let ownLineFeeds: Set<string | undefined> | undefined;
  let damage: ParseError | undefined;

  function flush(): void {
    if (used > 0) inner.push(output.subarray(0, used));
    used = 0;
  }
  function write(text: string, line: number): void {
    const lineFeeds = lineFeedsIn(text);
    const first = begun ? written + 1 : written;
    if (lineFeeds > 0 || !begun) sources.add(first, line, begun ? lineFeeds - 1 : lineFeeds);
    written += lineFeeds;
    begun = !text.endsWith("\n");
    const most = 3 * text.length;
    if (used + most > output.length) flush();
    if (most > output.length) output = Buffer.alloc(most);
    used += output.write(text, used);
  }
  const lines = new LineCutter(mostLineBytes, (bytes, start, end, line, shape) => {
    if (start === end) return;
    const logged = bytes.toString("utf8", start, end);
    const entry = shape === "too-long" ? undefined : entryOf(logged);
    if (entry === undefined) {
      const cut = shape !== "whole" && logged.startsWith("{");
      if (cut) damage ??= lineError("damaged", "This line of the log is cut off.", line, logged);
      else write(`${logged}\n`, line);
      return;
    }
    for (const { field, text } of entry) {
      if (text.endsWith("\n")) ownLineFeeds?.add(field);
      write(ownLineFeeds?.has(field) === true || text.endsWith("\n") ? text : `${text}\n`, line);
    }
  });
  return {
    push(chunk) {
      ownLineFeeds ??= new Set(
        headTexts(chunk).flatMap(({ field, text }) => (text.endsWith("\n") ? [field] : [])),
      );
      lines.push(chunk);
      flush();
    },
    end() {
      lines.end();
      flush();
      const result = inner.end();
      return damage === undefined || !result.ok ? result : { ...result, damage: result.damage ?? damage };
    },
  };
}

/** The texts within the first lines; none when the very first is no JSON object. */
function headTexts(head: Uint8Array): Entry[] {
  if (head[0] !== 0x7b) return [];
  const lines = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("utf8").split(/\r?\n/);
  // The last one may be cut.
  const whole = lines.length > 1 ? lines.slice(0, -1) : lines;
  const entries = whole.slice(0, headLineCount).map(entryOf);
  return entries[0] === undefined ? [] : entries.flatMap((entry) => entry ?? []);
}

/** What the process wrote, by one line of the log; undefined when it is no JSON object. */
function entryOf(line: string): Entry[] | undefined {
  if (!line.startsWith("{")) return undefined;
  let object: unknown;
  try {
    object = JSON.parse(line);
  } catch {
    return undefined;
  }
  const fields = new Map(Object.entries(object ?? {}));
  const name = textFields.find((field) => textOf(fields.get(field)) !== undefined);
  const text = name === undefined ? undefined : textOf(fields.get(name));
  const stacks = [...fields]
    .filter(([field, value]) => field !== name && typeof value === "string" && loggedStack.test(value))
    .map(([, stack]) => ({ text: `\n${String(stack)}\n` }));
  return name === undefined || text === undefined ? stacks : [{ field: name, text }, ...stacks];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value) || !value.every(isByte)) return undefined;
  return Buffer.from(value).toString("utf8");
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}
