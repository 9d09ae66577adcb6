import type { DumpAtHand } from "./dump-at-hand.ts";
import { ascii, beginsHeader, emptyHeader, type HeaderFields, readHeader, standsAt } from "./header.ts";
import { tracebackEnd } from "./traceback-end.ts";
import { lineFeedAt } from "./word-scan.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const runningWord = ascii("running");
/** In the place of a stack that the runtime cannot walk (Go source: runtime/traceback.go, tracebackothers). */
const unavailable = ascii("\tgoroutine running on other thread");
const nextHeader = emptyHeader();

/** Whether a goroutine is one more of the dump at hand, the first of the next, or one that another thread has told. */
export type Place = "same dump" | "another dump" | "told before" | "more input";

/**
 * What the goroutine with this header, whose lines are `bytes[from .. to]` and what may follow, is to the dump at hand.
 * `more input` only where `mayGrow` says that the bytes go on behind `to`.
 */
export function placeOf(
  { id, stateStart, stateEnd }: HeaderFields,
  dump: DumpAtHand,
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  mayGrow: boolean,
): Place {
  const seen = dump.ids.has(id);
  if (seen && !dump.threads && dump.holdsOnlyRepeats) return "same dump";
  if (!standsAt(bytes, stateStart, stateEnd, runningWord)) {
    if (seen && dump.threads) return "told before";
    return seen ? "another dump" : "same dump";
  }
  if (!seen && standsAt(bytes, from, to, unavailable)) return "same dump";
  const end = tracebackEnd(bytes, view, from, to);
  if (end === -1 && mayGrow) return "more input";
  if (seen && dump.threads) return dump.goroutines.hasStackless ? "same dump" : "told before";
  // Who asks for a dump stands first in it, then come the others. A stack that was logged stands alone.
  const next = end === -1 ? "none" : idBehind(bytes, view, end, to, mayGrow);
  if (next === "more input") return next;
  if (next !== "none" && (seen || dump.ids.has(next))) return "another dump";
  return "same dump";
}

/** The id of the goroutine that stands behind blank lines at `from`. */
function idBehind(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  mayGrow: boolean,
): number | "none" | "more input" {
  let at = from;
  while (at < to && (bytes[at] === lineFeed || bytes[at] === carriageReturn)) at++;
  const feed = lineFeedAt(bytes, view, at, to);
  if (feed === -1) return mayGrow ? "more input" : "none";
  return beginsHeader(bytes, at, feed) && readHeader(bytes, at, feed, nextHeader) ? nextHeader.id : "none";
}
