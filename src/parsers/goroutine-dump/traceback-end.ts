import { beginsLastWords } from "./crash-line.ts";
import { ascii, emptyHeader, headerWord, readHeader, standsAt } from "./header.ts";
import { lineFeedAt } from "./word-scan.ts";

const carriageReturn = 0x0d;
const tab = 0x09;
const foreignWord = ascii("non-Go function");
/** The outermost call of a goroutine stands behind one of these, and nothing of it below. */
const creatorWord = ascii("created by ");
const mainWord = ascii("main.main(");

/**
 * After so many lines in a row that do not belong to a traceback the goroutine is taken as ended. A log goes on
 * behind the last goroutine without a blank line; and other threads may write a few lines into the middle of one.
 */
const mostStrangeLines = 64;

const scratch = emptyHeader();

/**
 * Where the goroutine ends whose first line behind the header is at `from`: at a blank line, at the next header, at the
 * last words of a process that had only logged this stack, or where another writer's lines go on and on. -1 when it may go on behind `to`.
 */
export function tracebackEnd(bytes: Uint8Array, view: DataView, from: number, to: number): number {
  let strangeLines = 0;
  let firstStrange = from;
  let outermost = false;
  for (let at = from; at < to; ) {
    const feed = lineFeedAt(bytes, view, at, to);
    if (feed === -1) return -1;
    if (feed === at || (feed === at + 1 && bytes[at] === carriageReturn)) return at;
    if (standsAt(bytes, at, feed, headerWord) && readHeader(bytes, at, feed, scratch)) return at;
    if (outermost && beginsLastWords(bytes, at, feed)) return at;
    if (bytes[at] === tab || standsAt(bytes, at, feed, foreignWord)) {
      strangeLines = 0;
      firstStrange = feed + 1;
    } else {
      if (++strangeLines > mostStrangeLines) return firstStrange;
      outermost ||= standsAt(bytes, at, feed, creatorWord) || standsAt(bytes, at, feed, mainWord);
    }
    at = feed + 1;
  }
  return -1;
}
