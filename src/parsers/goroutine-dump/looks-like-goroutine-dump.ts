import { beginsHeader, emptyHeader, readHeader } from "./header.ts";
import { lineFeedAt } from "./word-scan.ts";

/** How much of an input decides its format. A log may have lines of other writers before the first goroutine. */
const headBytes = 64 * 1024;

/** True when a line in the first 64 KiB is the header of a goroutine, as in a debug=2 dump or a crash log. */
export function looksLikeGoroutineDump(head: Uint8Array): boolean {
  const to = Math.min(head.length, headBytes);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const header = emptyHeader();
  for (let at = 0; at < to; ) {
    const feed = lineFeedAt(head, view, at, to);
    if (beginsHeader(head, at, to)) {
      // A head that ends within its first header is decided by the words alone.
      if (feed === -1 || readHeader(head, at, feed, header)) return true;
    }
    if (feed === -1) return false;
    at = feed + 1;
  }
  return false;
}
