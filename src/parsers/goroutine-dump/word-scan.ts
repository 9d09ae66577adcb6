/**
 * Looking at four bytes at a time (SWAR). Source of the two tests: Bit Twiddling Hacks by Sean Eron Anderson,
 * "Determine if a word has a zero byte" and "... a byte less than n"; the lowest flagged byte is exact.
 */

const ones = 0x01010101;
const highBits = 0x80808080 | 0;
const lineFeeds = 0x0a0a0a0a;

/** The high bit of every byte of `word` that is below `limit` (1 to 128); bytes above the lowest may be wrong. */
export function flagBelow(word: number, limit: number): number {
  return (word - Math.imul(ones, limit)) & ~word & highBits;
}

/** Index (0 to 3, in memory order of a little-endian read) of the lowest flagged byte. */
export function flaggedByte(flags: number): number {
  return (31 - Math.clz32(flags & -flags)) >>> 3;
}

/** Offset of the next line feed in `bytes[from .. to]`, or -1. `view` shows the same bytes. */
export function lineFeedAt(bytes: Uint8Array, view: DataView, from: number, to: number): number {
  let at = from;
  for (const wordsEnd = to - 4; at <= wordsEnd; at += 4) {
    const word = view.getInt32(at, true) ^ lineFeeds;
    const flags = (word - ones) & ~word & highBits;
    if (flags !== 0) return at + flaggedByte(flags);
  }
  for (; at < to; at++) {
    if (bytes[at] === 0x0a) return at;
  }
  return -1;
}
