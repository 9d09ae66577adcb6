import type { ByteParser, ParseError, ParseResult } from "../../domain/evidence/parse-result.ts";
import { bytesText } from "../../domain/units.ts";
import { type SourceLine, SourceLines } from "../text/source-lines.ts";
import { asWritten } from "./entry-order.ts";
import { EntryText } from "./entry-text.ts";
import type { LogEntry } from "./log-entry.ts";

/** What is read as a whole, because its entries may stand in any order: as much as Go's own dumps have at most. */
const mostBytes = 64 * 1024 ** 2;
const headEntryCount = 8;
/** What is worth reading out of the entries: a goroutine of a dump or a panic, or the first line of debug=1. */
const sought = /goroutine (?:\d+ |profile: total )/;

/** The entries that were found in a text, in its order. */
export interface FoundEntries {
  readonly entries: readonly LogEntry[];
  /** The line (1-based) of the text on which an entry begins. */
  readonly lineOf: (entry: LogEntry) => number;
  /** Where the text breaks off. */
  readonly damage?: ParseError;
}

/** How log stores and viewers write a log that they hand over. */
export interface LogFormat {
  /** Behind "it is". */
  readonly what: string;
  /** What makes plain text of it, for whoever has it. */
  readonly toText: string;
  readonly looksLike: (head: Uint8Array) => boolean;
  readonly find: (text: string) => FoundEntries;
}

/**
 * Feeds a parser with the lines of a log that are entries of another text, in the order in which they were written. `parserOf`
 * is told from which line of that text each comes. Where no goroutine is found among them, and where the text is larger than
 * 64 MiB, it is read as it is.
 */
export function wholeLogParser<T>(
  { what, toText, find }: LogFormat,
  parserOf: (sourceLine: SourceLine) => ByteParser<T>,
  asItIsParser: () => ByteParser<T>,
): ByteParser<T> {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let asItIs: ByteParser<T> | undefined;

  function passOn(): ByteParser<T> {
    asItIs ??= asItIsParser();
    for (const chunk of gathered) asItIs.push(chunk);
    gathered = [];
    return asItIs;
  }

  function readEntries({ entries, lineOf, damage }: FoundEntries): ParseResult<T> {
    const sources = new SourceLines();
    const inner = parserOf((line) => sources.of(line));
    const text = new EntryText(sources, entries.slice(0, headEntryCount), (chunk) => inner.push(chunk));
    for (const entry of asWritten(entries)) text.addEntry(entry, lineOf(entry));
    text.flush();
    const result = inner.end();
    return damage === undefined || !result.ok ? result : { ...result, damage };
  }

  function readAsItIs(why: string | undefined): ParseResult<T> {
    const result = passOn().end();
    if (result.ok || why === undefined || result.error.code !== "not-this-format") return result;
    return { ok: false, error: { ...result.error, message: `it is ${what}${why}: ${toText}` } };
  }

  return {
    push(chunk) {
      bytes += chunk.length;
      if (bytes > mostBytes) passOn().push(chunk);
      else gathered.push(Buffer.from(chunk));
    },
    end() {
      if (bytes > mostBytes) return readAsItIs(`, which is read up to ${bytesText(mostBytes)}`);
      const whole = Buffer.concat(gathered).toString("utf8");
      const found = find(whole);
      if (found.entries.some(({ text }) => sought.test(text))) {
        gathered = [];
        return readEntries(found);
      }
      const why =
        ", and there is no goroutine in what gofire takes for its log lines; if there is one elsewhere";
      return readAsItIs(sought.test(whole) ? why : undefined);
    },
  };
}
