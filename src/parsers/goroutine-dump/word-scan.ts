/**
 * Looking at several bytes at a time (SWAR). Source of the tests: Bit Twiddling Hacks by Sean Eron Anderson,
 * "Determine if a word has a zero byte" and "... a byte less than n"; the lowest flagged byte is exact.
 *
 * Constants stand within the functions: V8 loads those of a module from memory in every turn of a loop.
 */

/** The high bit of every byte of `word` that is below `limit` (1 to 128); bytes above the lowest may be wrong. */
export function flagBelow(word: number, limit: number): number {
  return (word - Math.imul(0x01010101, limit)) & ~word & (0x80808080 | 0);
}

/** Index (0 to 3, in memory order of a little-endian read) of the lowest flagged byte. */
export function flaggedByte(flags: number): number {
  return (31 - Math.clz32(flags & -flags)) >>> 3;
}

/** Offset of the next line feed in `bytes[from .. to]`, or -1. `view` shows the same bytes. */
export function lineFeedAt(bytes: Uint8Array, view: DataView, from: number, to: number): number {
  const lineFeeds = 0x0a0a0a0a;
  const ones = 0x01010101;
  const highBits = 0x80808080 | 0;
  let at = from;
  for (const wordsEnd = to - 8; at <= wordsEnd; at += 8) {
    const one = view.getInt32(at, true) ^ lineFeeds;
    const two = view.getInt32(at + 4, true) ^ lineFeeds;
    const inOne = (one - ones) & ~one & highBits;
    const inTwo = (two - ones) & ~two & highBits;
    if ((inOne | inTwo) !== 0) return inOne === 0 ? at + 4 + flaggedByte(inTwo) : at + flaggedByte(inOne);
  }
  for (; at < to; at++) {
    if (bytes[at] === 0x0a) return at;
  }
  return -1;
}

/** Whether `length` bytes are equal in both. */
export function sameBytes(a: DataView, aFrom: number, b: DataView, bFrom: number, length: number): boolean {
  if (length < 8) {
    for (let i = 0; i < length; i++) {
      if (a.getInt8(aFrom + i) !== b.getInt8(bFrom + i)) return false;
    }
    return true;
  }
  // The end first: there texts of one length differ. It may overlap the words before it.
  const last = length - 8;
  if (a.getInt32(aFrom + last, true) !== b.getInt32(bFrom + last, true)) return false;
  if (a.getInt32(aFrom + last + 4, true) !== b.getInt32(bFrom + last + 4, true)) return false;
  for (let i = 0; i < last; i += 8) {
    if (a.getInt32(aFrom + i, true) !== b.getInt32(bFrom + i, true)) return false;
    if (a.getInt32(aFrom + i + 4, true) !== b.getInt32(bFrom + i + 4, true)) return false;
  }
  return true;
}
