/** A live argument of call `frame` (an index into the stack). */
export interface LiveWord {
  readonly frame: number;
  readonly value: number;
}

/** Words kept of one goroutine. */
const maxWords = 256;
/** Smaller words are counts, lengths and flags, not addresses: the first page of an address space is never mapped. */
const lowestPointer = 0x1000;
/** 13 hexadecimal digits are exact in a double; no user-space address is longer. */
const maxDigits = 13;

const lineFeed = 0x0a;
const zero = 0x30;
const letterX = 0x78;
const questionMark = 0x3f;
const closeParenthesis = 0x29;
const comma = 0x2c;

/**
 * Adds the pointer-like words of a call's arguments, which begin at `from` and end with the line or at `to`. Words
 * marked "?" are left out: their register or stack slot may hold something else by now (Go source:
 * runtime/traceback.go printArgs).
 */
export function addLiveWords(
  words: LiveWord[],
  frame: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  let at = from;
  while (at + 1 < to && bytes[at] !== lineFeed && words.length < maxWords) {
    if (bytes[at] !== zero || bytes[at + 1] !== letterX) {
      at++;
      continue;
    }
    const end = wordEnd(bytes, at + 2, to);
    const value = wordValue(bytes, at + 2, end);
    if (value >= lowestPointer && bytes[end] !== questionMark) words.push({ frame, value });
    at = end;
  }
}

/** The first argument of a call whose arguments begin at `from`, when it is live; otherwise 0. */
export function firstLiveWord(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== zero || bytes[from + 1] !== letterX) return 0;
  const end = wordEnd(bytes, from + 2, to);
  return bytes[end] === comma || bytes[end] === closeParenthesis ? wordValue(bytes, from + 2, end) : 0;
}

function wordEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && digitAt(bytes, at) !== -1) at++;
  return at;
}

/** 0 when there are too many digits to tell addresses apart. */
function wordValue(bytes: Uint8Array, from: number, end: number): number {
  if (end - from > maxDigits) return 0;
  let value = 0;
  for (let at = from; at < end; at++) value = value * 16 + digitAt(bytes, at);
  return value;
}

function digitAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0;
  if (byte >= zero && byte <= 0x39) return byte - zero;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}
