import type { ByteParser, ParseError } from "../../domain/evidence/parse-result.ts";
import { LineCutter } from "../text/line-cutter.ts";
import { lineError } from "../text/line-error.ts";
import { type SourceLine, SourceLines } from "../text/source-lines.ts";
import { EntryText } from "./entry-text.ts";
import { type LogEntry, logEntries } from "./log-entry.ts";

/** Longer lines are not read; Docker itself splits what a process writes after 16 KiB. */
const mostLineBytes = 1024 ** 2;
const headLineCount = 8;

/** True when the first line is a JSON object, and text is found in one of the first, outside of lists. */
export function looksLikeJsonLog(head: Uint8Array): boolean {
  return headEntries(head).length > 0;
}

/**
 * Feeds a parser with the text within a JSON log. A line that is no such object is handed on as it is. `parserOf` is told
 * from which line of the log each line of that text comes.
 */
export function jsonLogParser<T>(parserOf: (sourceLine: SourceLine) => ByteParser<T>): ByteParser<T> {
  const sources = new SourceLines();
  const inner = parserOf((line) => sources.of(line));
  let text: EntryText | undefined;
  let damage: ParseError | undefined;

  const lines = new LineCutter(mostLineBytes, (bytes, start, end, line, shape) => {
    if (start === end) return;
    const logged = bytes.toString("utf8", start, end);
    const entries = shape === "too-long" ? undefined : entriesOf(logged);
    if (entries === undefined) {
      const cut = shape !== "whole" && logged.startsWith("{");
      if (cut) damage ??= lineError("damaged", "This line of the log is cut off.", line, logged);
      else text?.addText(`${logged}\n`, line);
      return;
    }
    for (const entry of entries) text?.addEntry(entry, line);
  });
  return {
    push(chunk) {
      text ??= new EntryText(sources, headEntries(chunk), (written) => inner.push(written));
      lines.push(chunk);
      text.flush();
    },
    end() {
      lines.end();
      text?.flush();
      const result = inner.end();
      return damage === undefined || !result.ok ? result : { ...result, damage: result.damage ?? damage };
    },
  };
}

/** The entries of the first lines; none when the very first is no JSON object. */
function headEntries(head: Uint8Array): LogEntry[] {
  if (head[0] !== 0x7b) return [];
  const lines = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("utf8").split(/\r?\n/);
  // The last one may be cut.
  const whole = lines.length > 1 ? lines.slice(0, -1) : lines;
  const entries = whole.slice(0, headLineCount).map(entriesOf);
  return entries[0] === undefined ? [] : entries.flatMap((entry) => entry ?? []);
}

/** What the process wrote, by one line of the log; undefined when it is no JSON object. */
function entriesOf(line: string): LogEntry[] | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return logEntries(JSON.parse(line), false);
  } catch {
    return undefined;
  }
}
